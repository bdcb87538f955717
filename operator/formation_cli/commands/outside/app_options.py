"""What a Procfile doesn't say of an app, and a Formation has to."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from formation_cli import files
from formation_cli.commands import env_files
from formation_cli.dialects import app, names, procfile
from formation_cli.dialects.app import App
from formation_cli.failures import Failure, Mistyped, did_you_mean
from formation_cli.terminal import formats
from formation_cli.words import counts, ports

R = TypeVar("R")
PLAIN_VALUES = (
    "The values of {files} are in the manifest as they are: move secret ones into a Secret (`import secret`) "
    "and name it in envFrom."
)


@dataclasses.dataclass(frozen=True)
class Described:
    """An app as the command line describes it."""

    name: str | None
    image: str
    env: Sequence[str]
    counts: str
    port: int

    def app(self, commands: dict[str, str], fallback: str) -> App:
        """Return the app with these commands; its name is typed, or like the one of the folder."""
        return App(
            name=self.name or names.suggestion(fallback),
            image=self.image,
            commands=commands,
            env=env_files.of_an_app(self.env),
            counts=quantities(self.counts, [each for each in commands if each != names.RELEASE]),
            port=self.port,
        )


def described(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command what the command line says of an app, as one `Described`."""

    @click.option("--name", help="The Formation's name [default: the folder's name]")
    @click.option("--image", required=True, help="The image of the app.")
    @click.option(
        "--env", multiple=True, type=click.Path(), help="A file of NAME=value lines; may be repeated."
    )
    @click.option(
        "-m", "--formation", "counts", default="", help="The counts, such as web=2,worker=1 or all=1."
    )
    @click.option(
        "--port",
        type=ports.ANY,
        default=app.PORT,
        show_default=True,
        help="The port of web, and of types that use $PORT.",
    )
    @functools.wraps(function)
    def with_app(
        *args: Any, name: str | None, image: str, env: Sequence[str], counts: str, port: int, **kwargs: Any
    ) -> R:
        return function(*args, described=Described(name, image, env, counts, port), **kwargs)

    return with_app


def quantities(text: str, types: Sequence[str]) -> dict[str, int]:
    """Return counts as Foreman takes them; raises `Mistyped` for a type that there isn't."""
    wanted = counts.parse(each.strip() for each in text.split(",") if each.strip())
    found: dict[str, int] = {}
    for each in sorted(wanted, key=lambda each: each.type != "all"):
        if each.sign != "=":
            raise Mistyped(
                f"{each.type}{each.sign}{each.number} isn't a count here: write it as {each.type}=2."
            )
        if each.type != "all" and each.type not in types:
            raise Mistyped(f"There is no process type {each.type}.", hint=did_you_mean(each.type, types))
        found |= dict.fromkeys(types if each.type == "all" else [each.type], each.of(0))
    return found


def read_procfile(path: str) -> tuple[dict[str, str], str]:
    """Return the commands of a Procfile, and the name of the folder that it is in."""
    return procfile.parse(files.read(path), path), pathlib.Path.cwd().joinpath(path).parent.name


def write(found: App, env: Sequence[str], output: str = "yaml", manifest: pathlib.Path | None = None) -> None:
    """Write the Formation to a file or to stdout."""
    formation = app.formation(found)
    if manifest is None:
        formats.write(formation, output)
    elif manifest.exists():
        raise Failure(f"{manifest} exists already.", hint="Move it away.")
    else:
        files.create(manifest, f"{formats.as_yaml(formation)}\n")
        click.echo(f"{manifest}: Formation {found.name}", err=True)
    if names.RELEASE in found.commands:
        click.echo("release: spec.release, which runs before a deploy changes any process", err=True)
    for name, each in formation["spec"]["processes"].items():
        if each.get("singleton"):
            click.echo(f"{name}: singleton, because two processes of it would start each job twice", err=True)
    for name, each in (formation["spec"].get("schedules") or {}).items():
        click.echo(f"{name}: spec.schedules.{name}, which runs at {each['schedule']}", err=True)
    if env and found.env:
        click.echo(PLAIN_VALUES.format(files=", ".join(env)), err=True)
