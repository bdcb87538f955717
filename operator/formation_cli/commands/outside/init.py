"""Make formation.yaml beside a Procfile."""

import dataclasses
import pathlib
import shlex
from collections.abc import Sequence

import click

from formation_cli import files, options
from formation_cli.commands import secrecy
from formation_cli.commands.outside import app_options
from formation_cli.commands.outside.app_options import Described
from formation_cli.dialects import heroku
from formation_cli.dialects.app import App
from formation_cli.dialects.heroku import Cron

MANIFEST = "formation.yaml"
APP = "app.json"


@click.command("init", cls=options.Documented)
@click.argument("procfile", default="Procfile", type=click.Path())
@app_options.described
def command(procfile: str, described: Described) -> None:
    """Make formation.yaml from a Procfile, whose release line becomes spec.release.

    The cron entries of an app.json beside it become spec.schedules; it reads nothing else of that file.
    With --env it asks which variables are secret. It writes their values into no file: formation.yaml names a
    Secret, and `init` prints the command that makes it, to be typed before formation.yaml is applied. It runs
    nothing of the Procfile, and overwrites no file.

    Examples:
      init --image registry.example.com/shop:v1
      init --image registry.example.com/shop:v1 --env .env -m web=2,worker=1
    """
    commands, folder = app_options.read_procfile(procfile)
    found = dataclasses.replace(described.app(commands, folder), schedules=_schedules(procfile))
    secret = secrecy.chosen(found.env)
    plain = {name: value for name, value in found.env.items() if name not in secret}
    found = dataclasses.replace(found, env=plain, secret=f"{found.name}-settings" if secret else "")
    app_options.write(found, [], manifest=pathlib.Path(MANIFEST))
    if plain:
        click.echo(f"In {MANIFEST} as they are: {', '.join(plain)}", err=True)
    if secret:
        _tell(found, described.env, secret)


def _schedules(procfile: str) -> list[Cron]:
    beside = pathlib.Path(procfile).with_name(APP)
    return heroku.entries(files.read(str(beside)), APP) if beside.is_file() else []


def _tell(found: App, files: Sequence[str], secret: list[str]) -> None:
    """Say how the secret variables come into the cluster before a release command needs them."""
    click.echo(f"Secret, so not in {MANIFEST}: {', '.join(secret)}", err=True)
    from_files = [word for file in files for word in ("--env", file)]
    line = shlex.join(["kubectl", "formation", "import", "secret", found.secret, *from_files, *secret])
    click.echo(
        f"{MANIFEST} names Secret {found.secret}. To make it, and then the app:\n"
        f"  {line} | kubectl apply -f -\n"
        f"  kubectl apply -f {MANIFEST}",
        err=True,
    )
