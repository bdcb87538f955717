"""Run another image."""

import click

from formation_cli import options
from formation_cli.changes import git, images
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import waiting, writing
from formation_cli.options import Wait


@click.command(
    "deploy",
    cls=options.Command,
    examples=(
        "deploy shop --image registry.example.com/shop:v2 --wait",
        "deploy shop --image registry.example.com/shop:v2 --dry-run",
        "deploy shop --type worker --image registry.example.com/shop:v3",
    ),
)
@options.formation()
@click.option(
    "-i", "--image", required=True, callback=options.check_image, help="The image, with its tag or digest."
)
@options.process_type("Of this type only, which then keeps it.", "-t")
@options.dry_run()
@options.wait()
@options.written()
@options.pass_cluster
def command(
    cluster: Cluster,
    name: str,
    image: str,
    process_type: str | None,
    output: str | None,
    wait: Wait,
    *,
    dry_run: bool,
) -> None:
    """Run another image. Old processes go when new ones have taken their place.

    With --wait, end when every process runs the new image, or at once and with the reason if it can't be:
    the old ones then go on serving.
    """

    def patch(found: Object) -> list[Object]:
        return images.patch(found, images.field(found, process_type), image)

    before, after = writing.change(cluster, name, patch, dry_run=dry_run)
    path = images.field(before, process_type)
    writing.report(after, output, _sentence(images.current(before, path), image, dry_run=dry_run))
    _advise(before, path)
    if wait.wanted and not dry_run:
        waiting.wait(cluster, after, wait.timeout, [process_type] if process_type else [])


def _sentence(before: str, image: str, *, dry_run: bool) -> str:
    if before == image:
        return f"image: {image}, as it was"
    return f"image: {before or 'none'} -> {image}" + (" (dry run)" if dry_run else "")


def _advise(formation: Object, path: tuple[str, ...]) -> None:
    """Say which types run another image all the same, and who else sets it."""
    own = images.own(formation) if path == images.SHARED else []
    writing.advise(
        formation,
        f"These have an image of their own, and keep it: {', '.join(own)}" if own else "",
        git.hint(formation, [path]),
    )
