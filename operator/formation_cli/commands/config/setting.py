"""Set and remove variables: plain ones as they are typed, secret ones from a prompt, stdin or a file."""

import sys
from collections.abc import Mapping, Sequence

import click

from formation_cli import files, options
from formation_cli.changes import config
from formation_cli.changes.config import Stored, Wanted
from formation_cli.changes.config_secrets import encoded
from formation_cli.cluster import formations
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import asking, env_files, going_back, secrecy
from formation_cli.commands.config import changing
from formation_cli.dialects import references
from formation_cli.failures import Mistyped, again
from formation_cli.options import How
from formation_cli.words import variables as words

LONGEST_LINE = 4095
"""Bytes that a terminal takes of a line: of a longer one the rest would be missing."""


@click.command("set", cls=options.Command, short_help="Set variables, plain or secret")
@options.formation()
@click.argument("variables", nargs=-1, metavar="[KEY=VALUE | KEY]...")
@click.option("--secret", is_flag=True, help="Set secret variables, from a prompt, stdin or a file.")
@click.option(
    "--env",
    multiple=True,
    type=click.Path(allow_dash=True),
    help="A file of NAME=value lines, or - for stdin. Can be repeated. With KEY, only that variable is set.",
)
@options.change(deploys=True)
def command(
    cluster: Cluster, name: str, variables: tuple[str, ...], env: tuple[str, ...], how: How, *, secret: bool
) -> None:
    """Set variables of all types in one write. The processes restart, as in a deploy.

    Plain values are in the Formation (spec.env), where anyone who may view the Formation can read them.
    Secret values are in a Secret, and each change makes a new Secret. For a secret variable, type only KEY: a
    prompt asks for the value, or stdin has it. A value arrives as you type it: $(NAME) isn't replaced.

    Examples:
      config set shop LOG_LEVEL=debug PAGE_SIZE=50 --wait
      config set shop --secret DATABASE_URL                  # asks for the value
      config set shop --secret DATABASE_URL < url.txt
      config set shop --secret --env secrets.env
      config set shop --secret --env .env DATABASE_URL TOKEN # only these of the file
      config set shop --env .env                             # asks which are secret
    """
    typed = _typed(variables, secret=secret, from_files=bool(env))
    from_files = env_files.chosen(env, [each for each in variables if "=" not in each]) if env else {}
    from_files = {key: value for key, value in from_files.items() if key not in typed}
    formations.find(cluster, name)  # before anybody types what is secret
    wanted = _wanted(typed, from_files, variables, secret=secret)
    read = changing.read if wanted.secret else changing.read_if_possible
    changed = changing.change(cluster, name, wanted, read, how)
    if exposed := words.secret_ones({each: typed[each] for each in wanted.plain if each in typed}):
        hide = again(f"config set {name} --secret {' '.join(exposed)}")
        what = f"Anyone who may view the Formation can read {', '.join(exposed)}."
        click.echo(f"{what} If that is secret: {hide}", err=True)
    going_back.wait(cluster, changed, how)


@click.command("unset", cls=options.Command, short_help="Remove variables")
@options.formation()
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@options.change(deploys=True)
def unset(cluster: Cluster, name: str, keys: tuple[str, ...], how: How) -> None:
    """Remove variables, plain or secret, in one write. The processes restart, as in a deploy.

    Examples:
      config unset shop PAGE_SIZE
      config unset shop PAGE_SIZE DATABASE_URL --wait
    """
    wanted = Wanted(unset=[*dict.fromkeys(keys)])

    def read(cluster: Cluster, found: Object) -> Stored:
        all_plain = {*keys} <= config.plain(found).keys()
        return (changing.read_if_possible if all_plain else changing.read)(cluster, found)

    changed = changing.change(cluster, name, wanted, read, how)
    going_back.wait(cluster, changed, how)


def _typed(variables: Sequence[str], *, secret: bool, from_files: bool) -> dict[str, str]:
    """Return the variables whose values are typed; raises `Mistyped` for what can't be meant."""
    if not variables and not from_files:
        raise Mistyped("Which variables? Type KEY=VALUE, --secret KEY, or --env FILE.")
    valued = [each for each in variables if "=" in each]
    for name in (each.partition("=")[0] for each in variables):
        words.check_name(name, secret=secret)
        if secret and valued:
            raise Mistyped(
                f"{name}: don't type a secret value here: your shell saves it, and `ps` shows it to others.",
                hint="Type only KEY: the command then asks for the value, or reads it from stdin. Or use a "
                "file with --env.",
            )
    hint = "To be asked for a secret value: --secret KEY"
    return words.parse(valued if from_files or secret else variables, hint)


def _wanted(
    typed: Mapping[str, str], from_files: dict[str, str], variables: Sequence[str], *, secret: bool
) -> Wanted:
    if secret:
        hidden = from_files or _asked(variables)
    else:
        names = secrecy.which_are_secret(from_files) if from_files else []
        hidden = {name: from_files[name] for name in names}
    for name, value in {**from_files, **hidden}.items():
        words.check_value(name, value)
    plain = {name: value for name, value in {**from_files, **typed}.items() if name not in hidden}
    return Wanted(
        {name: references.escaped(value) for name, value in plain.items()},
        {name: encoded(value) for name, value in hidden.items()},
    )


def _asked(names: Sequence[str]) -> dict[str, str]:
    """Return secret values, as they are typed without an echo, or come by stdin."""
    if sys.stdin.isatty():
        return {name: _prompted(name) for name in dict.fromkeys(names)}
    if len({*names}) > 1:
        hint = "Write them as NAME=value lines: --env FILE, or --env - for stdin."
        raise Mistyped("stdin has one value, but you named several variables.", hint=hint)
    value = files.read(env_files.STDIN)
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        hint = "Type its value at a terminal, or send it to stdin."
        raise Mistyped(f"{names[0]}: stdin is empty.", hint=hint)
    return {names[0]: value}


def _prompted(name: str) -> str:
    value = asking.answered(name, hidden=True)
    if not value:
        raise Mistyped(f"{name}: no value was typed.")
    if len(value.encode(errors="replace")) >= LONGEST_LINE:
        hint = f"Use a file: --secret {name} < FILE"
        raise Mistyped(f"{name}: the value is too long to be typed at a terminal.", hint=hint)
    return value
