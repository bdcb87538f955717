"""Make a Formation, or the Secret that it names, from another tool's files."""

import dataclasses
import pathlib
import shlex
from collections.abc import Sequence

import click

from formation_cli import failures, files, options
from formation_cli.commands import env_files, secrecy
from formation_cli.commands.outside import app_options, exports
from formation_cli.commands.outside.app_options import Described
from formation_cli.dialects import app, dockerfile
from formation_cli.dialects import procfile as procfiles
from formation_cli.dialects.app import App, Cron
from formation_cli.dialects.compose import file as texts
from formation_cli.dialects.compose import services as compose
from formation_cli.dialects.heroku import check_commands, entries, read
from formation_cli.failures import Mistyped
from formation_cli.terminal import formats
from formation_cli.words import variables as words
from formation_operator.kube.objects import lenient

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
PROCFILE = "Procfile"
OF_COMPOSE = (".json", ".yaml", ".yml")
OF_SECRETS = "secret.env"
COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


@click.command("init", cls=options.Documented)
@click.argument("source", default=PROCFILE, type=click.Path(allow_dash=True))
@click.option("--service", help="A service of the app, if a Compose file has several.")
@app_options.described
def init(source: str, service: str | None, described: Described) -> None:
    """Make formation.yaml from a Procfile, a Compose file or a Dockerfile.

    A Procfile's release line becomes spec.release. If there is an app.json in its folder, the cron entries
    become spec.schedules, and the other fields are ignored.

    Services of a Compose file (its name ends in .yaml, .yml or .json) that share an image, or a build, become
    process types. `init -` reads what `docker compose config --format json` writes.

    A Dockerfile's program becomes the type web, with the port of EXPOSE.

    `init` runs nothing, overwrites no file, and says what it leaves out. It asks which variables are secret,
    and writes no secret value into a file: formation.yaml names a Secret, and `init` prints the command that
    makes this Secret. Run that command before you apply formation.yaml.

    Examples:
      init --image registry.example.com/shop:v1
      init --image registry.example.com/shop:v1 --env .env -m web=2,worker=1
      init compose.json --image registry.example.com/shop:v1  # what `docker compose config` has written
      init compose.yaml --service web --image registry.example.com/shop:v1
      init Dockerfile --image registry.example.com/shop:v1
    """
    read, folder = _read(source, service, described)
    found = described.app(read, folder)
    every = found.env | {name: value for own in found.own_env.values() for name, value in own.items()}
    secret = secrecy.which_are_secret(every)
    found = dataclasses.replace(
        found,
        env=app_options.without(found.env, secret),
        own_env={name: app_options.without(own, secret) for name, own in found.own_env.items()},
        secret=f"{found.name}-settings" if secret else "",
    )
    for each in _differing(read, secret):
        found.warnings.append(f"{each}: its values differ, and the Secret gives all types the same")
    app_options.write(found, [], manifest=pathlib.Path(MANIFEST))
    exports.tell(found.left_out)
    for each in found.warnings:
        click.echo(lenient.shown(each), err=True)
    plain = [name for name in every if name not in secret]
    if plain:
        click.echo(f"In {MANIFEST} as plain text: {', '.join(plain)}", err=True)
    if secret:
        _say_how(found, described.env, secret)


def _differing(found: App, names: Sequence[str]) -> list[str]:
    own = [*found.own_env.values()]
    return [each for each in names if len({env[each] for env in own if each in env}) > 1]


def _read(file: str, service: str | None, described: Described) -> tuple[App, str]:
    """Return what a file says, and the name of the folder that it is in."""
    path = pathlib.Path(file).resolve()
    name, folder = path.name.lower(), path.parent.name
    if file == "-" or name.endswith(OF_COMPOSE):
        _check_alone(path)
        text, shown = files.read(file), texts.STDIN if file == "-" else file
        typed = env_files.read(each for each in described.env if each != env_files.STDIN)
        return compose.read(text, shown, service, described.image, typed), folder
    if service is not None:
        raise Mistyped(f"--service is for a Compose file, which {file} isn't.")
    if "dockerfile" in name or "containerfile" in name:
        return dockerfile.read(files.read(file), file, described.port), folder
    if file == PROCFILE and not path.exists():
        _name_another(path.parent)
    return App(commands=procfiles.parse(files.read(file), file), schedules=_schedules(file)), folder


def _check_alone(path: pathlib.Path) -> None:
    """Raise `Mistyped` for a file that Compose merges another one into."""
    beside = [path.with_name(f"{path.stem}.override{each}") for each in (".yaml", ".yml")]
    if path.name in COMPOSE and (over := next((each.name for each in beside if each.is_file()), None)):
        raise Mistyped(f"Compose merges {over} into {path.name}.", hint=texts.HINT)


def _name_another(folder: pathlib.Path) -> None:
    """Raise `Mistyped` for a folder without a Procfile that has another file."""
    for each in (*COMPOSE, "Dockerfile"):
        if (folder / each).is_file():
            hint = f"Try {failures.again(f'init {each}')}"
            raise Mistyped(f"There is no {PROCFILE}, but {each}.", hint=hint)


def _schedules(procfile: str) -> list[Cron]:
    beside = pathlib.Path(procfile).with_name(APP)
    return entries(files.read(str(beside)), APP) if beside.is_file() else []


def _say_how(found: App, files: Sequence[str], secret: list[str]) -> None:
    """Say how the secret variables come into the cluster before a release command needs them."""
    click.echo(f"Secret, so not in {MANIFEST}: {', '.join(secret)}", err=True)
    typed = env_files.read(files)
    more = [name for name in secret if name not in typed]
    if more:
        how = "as NAME=value lines, with the values for the cluster"
        click.echo(f"Write {', '.join(more)} into {OF_SECRETS}, {how}.", err=True)
    every = [*files, *([OF_SECRETS] if more else [])]
    from_files = [word for file in every for word in ("--env", file)]
    line = shlex.join(["kubectl", "formation", "import", "secret", found.secret, *from_files, *secret])
    click.echo(
        f"{MANIFEST} names Secret {found.secret}. To make it, and then the app:\n"
        f"  {line} | kubectl apply -f -\n"
        f"  kubectl apply -f {MANIFEST}",
        err=True,
    )
