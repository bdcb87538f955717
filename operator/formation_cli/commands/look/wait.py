"""Wait until a rollout is over, whoever has made the change."""

import click

from formation_cli import cluster_options, options, rights
from formation_cli.changes import revisions
from formation_cli.cluster import formations
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import waiting


@click.command("wait", cls=options.Command)
@options.formation()
@click.option("--image", metavar="IMAGE", callback=options.check_image, help="Wait for this image.")
@click.option(
    "--revision",
    metavar="REVISION",
    shell_complete=cluster_options.REVISION,
    help="Wait for this revision, as `history` calls it.",
)
@options.process_type("Wait for this type only. With --image, for the image that this type runs.")
@options.timeout("How long to wait, such as 90s or 10m.")
@options.pass_cluster
def command(
    cluster: Cluster,
    name: str,
    image: str | None,
    revision: str | None,
    process_type: str | None,
    timeout: float,
) -> None:
    """Wait until every process runs as declared, after a change that you made with another tool.

    `wait` is to `kubectl apply`, or to a push to Git, what --wait is to `deploy`. It shows the progress, and
    exits at once with code 1 and the reason if the rollout fails. It exits with code 5 if the rollout isn't
    over in time. `wait` changes nothing.

    After a push to Git, name the version with --image or --revision. As long as the Formation doesn't
    declare that version, `wait` says that the version isn't seen yet, and continues to wait. If another
    version is declared after that one, `wait` exits at once with code 6.

    Examples:
      wait shop                                           # after kubectl apply
      wait shop --image registry.example.com/shop:v2      # after a push to Git
      wait shop --revision 7 --timeout 10m
      wait shop --type worker
    """
    rights.check(cluster, "wait", {}, {rights.FORMATION: [name]})
    formation = formations.find(cluster, name)
    was_seen = False

    def unseen(now: Object) -> str:
        nonlocal was_seen
        missing = revisions.unseen(now, image, process_type, revision)
        if missing and was_seen:
            raise waiting.overtaken(now, image or f"revision {revision}")
        was_seen = not missing
        return missing

    unseen(formation)
    types = formations.chosen(formation, [process_type]) if process_type else []
    waiting.wait(cluster, formation, timeout, types, deployed=True, written=False, unseen=unseen)
