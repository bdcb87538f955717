"""Run a Formation on this machine."""

import importlib
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence

import click

from formation_cli import files, options
from formation_cli.commands import env_files
from formation_cli.commands.outside import app_options, exports
from formation_cli.dialects import laptop, manifest
from formation_cli.dialects.laptop import Process
from formation_cli.dialects.manifest import IMAGES_OWN, Known
from formation_cli.dialects.names import RELEASE
from formation_cli.failures import Mistyped
from formation_cli.words.values import Port
from formation_operator.kube.objects import lenient

DOTENV = ".env"
PORT = 5000
FIRST_PORT = Port(1024, 59999)
ENV = "A file of NAME=value lines that override the Formation's. Can be repeated. [default: .env]"


@click.command("local", cls=options.Documented)
@click.argument("types", nargs=-1, metavar="[TYPE]...")
@options.filename(default="formation.yaml")
@app_options.counts_option("Use these counts, such as web=2,worker=1 or all=1.")
@app_options.env_option(ENV)
@click.option("-p", "--port", type=FIRST_PORT, help=f"The first port. [default: PORT from --env, or {PORT}]")
@click.pass_context
def command(
    ctx: click.Context,
    types: tuple[str, ...],
    filename: str,
    counts: str,
    env: Sequence[str],
    port: int | None,
) -> None:
    """Run the processes of a Formation on this machine, with its counts, environment and grace periods.

    As in Foreman, the first type gets the ports from 5000 on, the second type the ports from 5100 on, and so
    on. When one process ends, all others are ended. Ctrl-C ends all processes, and a second Ctrl-C kills
    those that still run.

    The release command runs first, unless you name types. If it fails, no process is started. Schedules
    aren't run.

    Examples:
      local
      local web worker   # only these types, and not the release command
      local -f formation.yaml -m web=2,worker=1
      local -m all=0,web=1 --env test.env --port 7000
    """
    known = manifest.parse(files.read(filename), filename)
    given = env_files.read(env or [each for each in (DOTENV,) if pathlib.Path(each).is_file()])
    typed = app_options.quantities(counts, [*known.spec.processes])
    wanted = laptop.counts(known, typed, types)
    base = {**os.environ}
    processes = [laptop.process(known, *each, given, base) for each in _places(wanted, port or _port(given))]
    exports.tell(f"{each} {IMAGES_OWN}" for each in known.images_own() if each not in typed)
    exports.tell(
        f"spec.schedules.{each}: nothing runs on a schedule here" for each in known.spec.schedules or ()
    )
    release = [] if types else _release(known, given, base)
    started = [*([RELEASE] * len(release)), *(name for name, count in wanted.items() if count)]
    _tell(known, started, {**base, **given})
    # Imported late: help needn't wait for it.
    run = importlib.import_module("formation_cli.commands.outside.foreman").run
    colour = not os.environ.get("NO_COLOR")
    if release:
        click.echo("The release command runs first, as before a deploy.", err=True)
        if code := run(release, colour=colour):
            click.echo(f"It has ended with code {code}, so no process is started.", err=True)
            ctx.exit(code)
    ctx.exit(run(processes, colour=colour))


def _release(known: Known, given: Mapping[str, str], base: Mapping[str, str]) -> list[Process]:
    """Return the release command as a process, if the Formation has one that can run here."""
    if known.spec.release is None:
        return []
    if not known.spec.release.command:
        exports.tell([f"{RELEASE} {IMAGES_OWN}"])
        return []
    return [laptop.process(known, RELEASE, _port(given), given, base)]


def _port(given: Mapping[str, str]) -> int:
    """Return the first port: that of the .env file, as Foreman has it, or 5000."""
    try:
        return FIRST_PORT(given.get("PORT", PORT))
    except click.BadParameter as error:
        hint = "Name one with --port, such as --port 5000."
        raise Mistyped(f"PORT in {DOTENV} isn't a valid first port.", hint=hint) from error


def _places(counts: Mapping[str, int], port: int) -> list[tuple[str, int]]:
    """Return the name and the port of each process."""
    return [
        (f"{type_}.{number + 1}", port + laptop.MOST * index + number)
        for index, (type_, count) in enumerate(counts.items())
        for number in range(count)
    ]


def _tell(known: Known, types: Iterable[str], given: Mapping[str, str]) -> None:
    """Say what the processes miss."""
    for each in laptop.missing(known, types, given):
        click.echo(f"Not set here, but in the cluster: {lenient.shown(each)}. Set it with --env.", err=True)
