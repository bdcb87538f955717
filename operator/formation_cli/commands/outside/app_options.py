"""What a Procfile doesn't say of an app, and a Formation has to."""

import dataclasses
import functools
import pathlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import click

from formation_cli import files
from formation_cli.commands import env_files
from formation_cli.dialects import app, names, procfile
from formation_cli.dialects.app import App
from formation_cli.failures import Failure, Mistyped, did_you_mean
from formation_cli.options import Decorator, Function
from formation_cli.terminal import formats
from formation_cli.words import counts, values

IMAGE = "The image of the app. A Compose file may name it; else it is required."
PORT = f"The port of web, and of types that use $PORT. [default: {app.PORT}]"
PLAIN_VALUES = (
    "The values of {files} are in the manifest as plain text: move secret ones into a Secret "
    "(`import secret`) and name it in envFrom."
)


@dataclasses.dataclass(frozen=True)
class Described:
    """An app as the command line describes it."""

    name: str | None
    image: str | None
    env: Sequence[str]
    counts: str
    port: int | None

    def app(self, found: App, folder: str) -> App:
        """Return an app that was found, with what is typed; its name may be like the one of the folder."""
        image = self.image or found.image
        if not image:
            hint = "Build and push it, and name it with --image."
            raise Mistyped("Which image has the app?", hint=hint)
        typed = env_files.of_an_app(self.env)
        parts = {**found.parts}
        if self.port and parts:
            if app.WEB not in parts:
                raise Mistyped(f"--port is the port of {app.WEB}: there is no such type here.")
            parts[app.WEB] = parts[app.WEB] | {"port": self.port}
        return dataclasses.replace(
            found,
            name=self.name or found.name or names.suggestion(folder),
            image=image,
            env=found.env | typed,
            own_env={name: without(own, typed) for name, own in found.own_env.items()},
            parts=parts,
            counts=found.counts | quantities(self.counts, found.types),
            port=self.port or found.port,
        )


def without(env: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """Return variables but for some."""
    return {name: value for name, value in env.items() if name not in names}


def env_option(text: str, *, stdin: bool = False, required: bool = False) -> Decorator:
    """Return the option --env, which names files of variables."""
    kind = click.Path(allow_dash=stdin)
    return click.option("--env", multiple=True, required=required, type=kind, help=text)


def counts_option(text: str) -> Decorator:
    """Return Foreman's option -m, which sets counts."""
    return click.option("-m", "--formation", "counts", default="", help=text)


def described(function: Function) -> Function:
    """Give a command what the command line says of an app, as one `Described`."""

    @click.option("--name", help="The Formation's name. [default: the folder's name]")
    @click.option("--image", help=IMAGE)
    @env_option("A file of NAME=value lines. Can be repeated.")
    @counts_option("The counts, such as web=2,worker=1 or all=1.")
    @click.option("--port", type=values.ANY, help=PORT)
    @functools.wraps(function)
    def with_app(
        *args: Any,
        name: str | None,
        image: str | None,
        env: Sequence[str],
        counts: str,
        port: int | None,
        **kwargs: Any,
    ) -> Any:
        return function(*args, described=Described(name, image, env, counts, port), **kwargs)

    return with_app


def quantities(text: str, types: Sequence[str]) -> dict[str, int]:
    """Return counts as Foreman takes them; raises `Mistyped` for a type that there isn't."""
    wanted = counts.parse(each.strip() for each in text.split(",") if each.strip())
    found: dict[str, int] = {}
    for each in sorted(wanted, key=lambda each: each.type != "all"):
        if each.sign != "=" or each.bounds:
            raise Mistyped(f"{each} isn't a count here: write it as {each.type}=2.")
        if each.type != "all" and each.type not in types:
            raise Mistyped(f"There is no process type {each.type}.", hint=did_you_mean(each.type, types))
        found |= dict.fromkeys(types if each.type == "all" else [each.type], each.of(0))
    return found


def read_procfile(path: str) -> tuple[dict[str, str], str]:
    """Return the commands of a Procfile, and the name of the folder that it is in."""
    return procfile.parse(files.read(path), path), pathlib.Path(path).resolve().parent.name


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
    for name, each in formation["spec"]["processes"].items():
        if each.get("singleton"):
            click.echo(f"{name}: singleton, because two processes of it would start each job twice", err=True)
    if env and found.env:
        click.echo(PLAIN_VALUES.format(files=", ".join(env)), err=True)
