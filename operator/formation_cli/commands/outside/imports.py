"""Make a Formation from what others wrote."""

import pathlib

import click

from formation_cli import options
from formation_cli.commands.outside import app_options
from formation_cli.commands.outside.app_options import Described


@click.group(
    "import",
    cls=options.Group,
    examples=("import procfile --image registry.example.com/shop:v1",),
)
def command() -> None:
    """Make a Formation from what others wrote. It is printed; nothing is run, and no cluster is asked."""


@command.command(
    "procfile",
    cls=options.Documented,
    examples=(
        "import procfile --image registry.example.com/shop:v1 | kubectl apply -f -",
        "import procfile app/Procfile --name shop --image registry.example.com/shop:v1 --env app/.env",
        "import procfile --image registry.example.com/shop:v1 --release-job release.yaml",
    ),
)
@click.argument("procfile", default="Procfile", type=click.Path(allow_dash=True))
@app_options.described
@click.option(
    "--release-job", type=click.Path(path_type=pathlib.Path), help="Write the release line here, as a Job."
)
def procfile(procfile: str, described: Described, release_job: pathlib.Path | None) -> None:
    """Make a Formation from a Procfile.

    What needs no shell becomes plain words; the rest is run by /bin/sh. A type that is named web or uses
    $PORT gets a port.
    """
    commands, folder = app_options.read_procfile(procfile)
    app_options.write(described.app(commands, folder), described.env, release=release_job, manifest=None)
