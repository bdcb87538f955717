"""Make a Formation, or the Secret that it names, from another tool's files."""

import dataclasses
import pathlib
import shlex
from collections.abc import Sequence

import click

from formation_cli import files, options
from formation_cli.commands import env_files, secrecy
from formation_cli.commands.outside import app_options, exports
from formation_cli.commands.outside.app_options import Described
from formation_cli.dialects import app
from formation_cli.dialects.app import App, Cron
from formation_cli.dialects.heroku import check_commands, entries, read
from formation_cli.terminal import formats
from formation_cli.words import variables as words

ENV = "A file of NAME=value lines, or - for stdin. Can be repeated."
OUTPUT = options.output("json", "yaml", default="yaml", text="Print the object in this format.")


@click.group("import", cls=options.Group)
def command() -> None:
    """Make a Formation, or a Secret for one, from another tool's files.

    `import` prints the object. It runs no command, and uses no cluster.

    Examples:
      import procfile --image registry.example.com/shop:v1
      import heroku app.json --procfile Procfile --image registry.example.com/shop:v1
      import secret shop-settings --env .env | kubectl apply -f -
    """


@command.command("procfile", cls=options.Documented, short_help="From a Procfile of Heroku or Foreman")
@click.argument("procfile", default="Procfile", type=click.Path(allow_dash=True))
@app_options.described
@OUTPUT
def procfile(procfile: str, described: Described, output: str) -> None:
    """Make a Formation from a Procfile.

    A command that needs no shell becomes a list of words. Each other command is run by /bin/sh. The type web
    gets a port, and so does each type that uses $PORT. The release line becomes spec.release.

    Examples:
      import procfile --image registry.example.com/shop:v1 | kubectl apply -f -
      import procfile app/Procfile --name shop --image registry.example.com/shop:v1 --env app/.env
    """
    commands, folder = app_options.read_procfile(procfile)
    app_options.write(described.app(App(commands=commands), folder), described.env, output)


@command.command("heroku", cls=options.Documented, short_help="From app.json, or JSON of Heroku's API")
@click.argument("file", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--procfile", type=click.Path(), help="The file with the commands, if FILE doesn't have them.")
@app_options.described
@OUTPUT
def heroku(file: tuple[str, ...], procfile: str | None, described: Described, output: str) -> None:
    """Make a Formation from app.json, from the JSON of Heroku's formation API, or from both.

    The size of a dyno becomes a request and a limit for memory. -m overrides counts of the files, and --env
    overrides variables. The cron entries of a Dokku app.json become spec.schedules.

    Examples:
      import heroku app.json --procfile Procfile --image registry.example.com/shop:v1
      import heroku formation.json --name shop --image registry.example.com/shop:v1
    """
    found = App()
    for each in file:
        read(files.read(each), each, found)
    folder = pathlib.Path.cwd().name
    if procfile is not None:
        typed, folder = app_options.read_procfile(procfile)
        found.commands = typed | found.commands
    check_commands(found)
    env = [*described.env, *(each for each in file if found.env)]
    app_options.write(described.app(found, folder), env, output)
    exports.tell(found.left_out)


@command.command("secret", cls=options.Documented, short_help="A Secret from .env files")
@click.argument("name")
@click.argument("variables", nargs=-1, metavar="[KEY]...")
@app_options.env_option(ENV, stdin=True, required=True)
@OUTPUT
def secret(name: str, variables: tuple[str, ...], env: tuple[str, ...], output: str) -> None:
    """Make a Secret for spec.envFrom from files of NAME=value lines.

    `import secret` reads the files as python-dotenv does. `kubectl create secret` would keep the quotes
    around values. The output contains the values, so pipe the output to kubectl.

    Examples:
      import secret shop-settings --env .env | kubectl apply -f -
      import secret shop-settings --env .env DATABASE_URL TOKEN | kubectl apply -f -  # only these
    """
    found = env_files.chosen(env, variables)
    for each, value in found.items():
        words.check_value(each, value)
    formats.write(app.secret(name, found), output)


MANIFEST = "formation.yaml"
APP = "app.json"


@click.command("init", cls=options.Documented)
@click.argument("procfile", default="Procfile", type=click.Path())
@app_options.described
def init(procfile: str, described: Described) -> None:
    """Make formation.yaml from a Procfile, whose release line becomes spec.release.

    If there is an app.json in the folder of the Procfile, its cron entries become spec.schedules, and its
    other fields are ignored. `init` runs no command of the Procfile, and overwrites no file.

    With --env, `init` asks which variables are secret. It writes no secret value into a file: formation.yaml
    names a Secret, and `init` prints the command that makes this Secret. Run that command before you apply
    formation.yaml.

    Examples:
      init --image registry.example.com/shop:v1
      init --image registry.example.com/shop:v1 --env .env -m web=2,worker=1
    """
    commands, folder = app_options.read_procfile(procfile)
    found = described.app(App(commands=commands, schedules=_schedules(procfile)), folder)
    secret = secrecy.which_are_secret(found.env)
    plain = {name: value for name, value in found.env.items() if name not in secret}
    found = dataclasses.replace(found, env=plain, secret=f"{found.name}-settings" if secret else "")
    app_options.write(found, [], manifest=pathlib.Path(MANIFEST))
    if plain:
        click.echo(f"In {MANIFEST} as plain text: {', '.join(plain)}", err=True)
    if secret:
        _say_how(found, described.env, secret)


def _schedules(procfile: str) -> list[Cron]:
    beside = pathlib.Path(procfile).with_name(APP)
    return entries(files.read(str(beside)), APP) if beside.is_file() else []


def _say_how(found: App, files: Sequence[str], secret: list[str]) -> None:
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
