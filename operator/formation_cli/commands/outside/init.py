"""Make formation.yaml beside a Procfile."""

import pathlib

import click

from formation_cli import options
from formation_cli.commands.outside import app_options
from formation_cli.commands.outside.app_options import Described


@click.command(
    "init",
    cls=options.Documented,
    examples=(
        "init --image registry.example.com/shop:v1",
        "init --image registry.example.com/shop:v1 --env .env -m web=2,worker=1",
    ),
)
@click.argument("procfile", default="Procfile", type=click.Path())
@app_options.described
def command(procfile: str, described: Described) -> None:
    """Make formation.yaml from a Procfile, and release.yaml from its release line.

    Nothing of the Procfile is run, and no file is written over.
    """
    commands, folder = app_options.read_procfile(procfile)
    app_options.write(
        described.app(commands, folder),
        described.env,
        pathlib.Path("release.yaml"),
        manifest=pathlib.Path("formation.yaml"),
    )
