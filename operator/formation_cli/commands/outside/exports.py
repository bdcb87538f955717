"""Write a Formation for others."""

import pathlib
from collections.abc import Iterable

import click

from formation_cli import files, options
from formation_cli.commands.outside import source
from formation_cli.dialects.exported import exported
from formation_cli.dialects.manifest import Known
from formation_cli.terminal import screen


@click.group("export", cls=options.Group, examples=("export procfile shop > Procfile",))
def command() -> None:
    """Write a Formation of the cluster, or of a file, for others. What they can't say is named."""


@command.command(
    "procfile",
    cls=options.Command,
    examples=(
        "export procfile shop > Procfile",
        "export procfile -f formation.yaml --env .env > Procfile",
    ),
)
@source.formation
@click.option(
    "--env", type=click.Path(path_type=pathlib.Path), help="Write the shared variables to this file."
)
def procfile(known: Known, env: pathlib.Path | None) -> None:
    """Write a Procfile, and print the counts as Foreman takes them."""
    found = exported(known)
    if env is not None:
        files.create(env, found.env)
    screen.write_lines(found.procfile.splitlines())
    if found.counts:
        click.echo(f"Counts: -m {found.counts}", err=True)
    if found.env and env is None:
        click.echo("Variables: --env .env writes them.", err=True)
    tell(found.left_out)


def tell(left_out: Iterable[str]) -> None:
    """Say what couldn't be said."""
    for each in left_out:
        click.echo(f"Left out: {each}", err=True)
