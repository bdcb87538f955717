"""Write a Formation for another tool."""

import functools
import pathlib
from collections.abc import Iterable
from typing import Any

import click

from formation_cli import files, options
from formation_cli.cluster import formations
from formation_cli.dialects import heroku as dialect
from formation_cli.dialects import manifest
from formation_cli.dialects import procfile as texts
from formation_cli.dialects.manifest import Known
from formation_cli.dialects.systemd import units
from formation_cli.failures import Mistyped
from formation_cli.options import Function
from formation_cli.terminal import formats, screen
from formation_cli.words.values import Port
from formation_operator.kube.objects import lenient


def _formation(function: Function) -> Function:
    """Give a command a `Known` Formation: of the cluster by its name, or of the file after -f."""

    @options.formation(required=False)
    @options.filename("The Formation's manifest, or - for stdin.")
    @functools.wraps(function)
    def with_formation(*args: Any, name: str | None, filename: str | None, **kwargs: Any) -> Any:
        return function(*args, known=_find(name, filename), **kwargs)

    return with_formation


def _find(name: str | None, filename: str | None) -> Known:
    if (name is None) == (filename is None):
        raise Mistyped("Which Formation? Give its name, or its file with -f, and not both.")
    if filename is not None:
        return manifest.parse(files.read(filename), filename)
    found = formations.find(options.cluster_of(click.get_current_context()), name or "")
    return manifest.known(found, f"Formation {name}")


@click.group("export", cls=options.Group)
def command() -> None:
    """Write a Formation of the cluster, or of a file, in another tool's format.

    `export` names on stderr each field that this format can't express.

    Examples:
      export procfile shop > Procfile
      export systemd shop -d /etc/systemd/system
    """


@command.command("procfile", cls=options.Command, short_help="For Heroku and Foreman")
@_formation
@click.option(
    "--env", type=click.Path(path_type=pathlib.Path), help="Write the shared variables to this file."
)
def procfile(known: Known, env: pathlib.Path | None) -> None:
    """Write a Procfile, and print the counts in Foreman's format.

    Examples:
      export procfile shop > Procfile
      export procfile -f formation.yaml --env .env > Procfile
    """
    found = texts.exported(known)
    if env is not None:
        files.create(env, found.env)
    screen.write_lines(found.procfile.splitlines())
    if found.counts:
        click.echo(f"Counts: -m {found.counts}", err=True)
    tell(found.left_out)


@command.command("systemd", cls=options.Command, short_help="systemd units")
@_formation
@click.option(
    "-d",
    "--directory",
    type=click.Path(file_okay=False, path_type=pathlib.Path),
    help="Write the units into this folder, and replace older ones.",
)
@click.option("--root", help="The folder of the app. [default: /srv/NAME]")
@click.option("--run-as", help="The user that runs the processes. [default: the Formation's name]")
@click.option("-p", "--port", type=Port(1024, 60000), default=5000, show_default=True, help="The first port.")
def systemd(
    known: Known, directory: pathlib.Path | None, root: str | None, run_as: str | None, port: int
) -> None:
    """Write systemd units: a target for all types, and a target and a template for each type.

    To start the processes, run `systemctl daemon-reload; systemctl enable --now shop.target`.

    Examples:
      export systemd shop -d /etc/systemd/system --root /srv/shop
      export systemd -f formation.yaml --run-as www-data -d units
      export systemd shop   # prints the units
    """
    where = _root(root or f"/srv/{known.name}")
    found = units.exported(known, where, run_as or known.name, port)
    if directory is None:
        screen.write("\n".join(f"# {name}\n{text}" for name, text in found.units.items()))
    else:
        files.renew(directory, found.units, units.MARK)
        screen.write_lines(str(directory / name) for name in found.units)
    tell(found.left_out)


@command.command("heroku", cls=options.Command, short_help="The format of Heroku's formation API")
@_formation
@options.output("json", "yaml", default="json")
def heroku(known: Known, output: str) -> None:
    """Write the counts and sizes in the format of Heroku's formation API: [{type, quantity, size}].

    Examples:
      export heroku shop
      export heroku -f formation.yaml -o yaml
    """
    formats.write(dialect.formation(known), output)
    tell(dialect.left_out(known))


def _root(path: str) -> str:
    if not path.startswith("/") or not path.isprintable() or path.endswith("\\") or path != path.strip():
        raise Mistyped(f"{path!r} isn't a folder for a unit: write it from / on, such as /srv/shop.")
    return path


def tell(left_out: Iterable[str]) -> None:
    """Say what couldn't be said."""
    for each in left_out:
        click.echo(f"Left out: {lenient.shown(each)}", err=True)
