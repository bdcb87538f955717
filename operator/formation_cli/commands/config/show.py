"""``config``: show the variables of a Formation, or the value of one, and the words that follow it."""

from collections.abc import Iterator, Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from formation_cli import options
from formation_cli.changes import config
from formation_cli.cluster import formations
from formation_cli.cluster.port import Cluster, Object
from formation_cli.cluster_options import CLUSTER_OPTIONS
from formation_cli.commands.config import prune, setting
from formation_cli.dialects import references
from formation_cli.failures import Failure, Mistyped, NoAccess, NotFound, again, did_you_mean
from formation_cli.terminal import formats, screen
from formation_cli.views import config as views
from formation_cli.views.config import Key, Variable


@click.command("show", cls=options.Command, short_help="Show the variables, as `config NAME` does")
@options.formation()
@click.option("--show", is_flag=True, help="Show the values, too, including secret ones.")
@options.output("json", "yaml")
@options.pass_cluster
def show(cluster: Cluster, name: str, output: str | None, *, show: bool) -> None:
    """Show the variables that all types get, and the source of each.

    `config show` reads the ConfigMaps and Secrets in spec.envFrom with your own rights. With --show, it also
    reads those in spec.env.

    Examples:
      config shop
      config shop --show
      config shop -o json
    """
    formation = formations.find(cluster, name)
    variables, unread = _read(cluster, formation, values=show)
    for failure in unread:
        click.echo(failure.message, err=True)
    found = sorted(variables)
    if output:
        formats.write([each.json(values=show) for each in found], output)
    elif found:
        screen.write_table(views.table(found, values=show))
    _advise(formation, empty=not found)


@click.command("get", cls=options.Command, short_help="Print the value of a variable, for scripts")
@options.formation()
@click.argument("key", metavar="KEY")
@options.pass_cluster
def get(cluster: Cluster, name: str, key: str) -> None:
    """Print the value of a variable that all types get, plain or secret, and nothing else.

    `config get` reads the ConfigMaps and Secrets in spec.envFrom and spec.env with your own rights. On
    stderr, it names each one that it can't read: the variable might have another value there.

    Examples:
      config get shop LOG_LEVEL
      config get shop DATABASE_URL > url.txt
    """
    variables, unread = _read(cluster, formations.find(cluster, name), values=True)
    known = {each.name: each for each in variables}
    value = known[key].value if key in known else None
    if value is None and unread:
        raise unread[0]
    if key not in known:
        raise Mistyped(f"There is no variable {key}.", hint=did_you_mean(key, known))
    if value is None:
        raise Failure(f"Only a process knows the value of {key}, which comes from {known[key].source}.")
    if known[key].source != views.ENV:  # a later source, which can't be read, may hide it
        for failure in unread:
            click.echo(failure.message, err=True)
    screen.write(value)


def _read(cluster: Cluster, formation: Object, *, values: bool) -> tuple[list[Variable], list[Failure]]:
    """Return the variables, and why some may be missing."""
    objects: dict[Key, Object] = {}
    unread: list[Failure] = []
    for kind, name in views.needed(formation, values=values):
        try:
            if found := cluster.get(kind, name):
                objects[kind, name] = found
            else:
                unread.append(NotFound(f"There is no {kind} {name}, which the Formation names."))
        except NoAccess as failure:
            sentence = f"{failure.message} So its variables aren't shown."
            unread.append(NoAccess(sentence, hint=failure.hint))
    return [*_expanded(views.variables(formation, objects), whole=not unread)], unread


def _expanded(found: list[Variable], *, whole: bool) -> Iterator[Variable]:
    """Yield variables with the values that processes get; ``whole`` says whether these are all variables."""
    known: dict[str, str | None] = dict.fromkeys(config.INJECTED)
    for each in found:
        value = each.value
        if value is not None and each.source == views.ENV:
            value = _expand(value, known, whole=whole)
        known[each.name] = value
        yield each._replace(value=value)


def _expand(value: str, known: Mapping[str, str | None], *, whole: bool) -> str | None:
    """Return a value as processes get it; nothing if it has a reference to what only they know."""
    names = (part.name for part in references.parts(value) if part.name)
    if any(known.get(name, "" if whole else None) is None for name in names):
        return None
    try:
        return references.expanded(value, known.get)
    except ValueError:  # too long for a process: it is shown as it is written
        return value


def _advise(formation: Object, *, empty: bool) -> None:
    """Say what types have of their own."""
    name = formation["metadata"]["name"]
    if empty:
        click.echo(f"{name} has no variable: {again(f'config set {name} KEY=VALUE')}", err=True)
    for type_, own in sorted(config.own_variables(formation).items()):
        if own:
            click.echo(f"{type_} has its own: {', '.join(own)} (spec.processes.{type_}.env)", err=True)


class Config(options.Group):
    """A group of commands that shows a Formation where the first word is none of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take kubectl's options, and leave those of `show` to it."""
        super().__init__(*args, context_settings={"ignore_unknown_options": True}, **kwargs)
        self.params += CLUSTER_OPTIONS

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is typed, or `show`; raises `Mistyped` for what can be neither."""
        if args[0] in self.commands or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        if not args[0].startswith("-") and len(args) > 1 and not args[1].startswith("-"):
            hint = f"Type a command before NAME: {', '.join(sorted(self.commands))}."
            raise Mistyped(f"{args[0][:100]} isn't a command of config.", hint=hint)
        return show.name, show, args

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and the Formations that begin so."""
        name = next(each for each in show.params if each.name == "name")
        return [*super().shell_complete(ctx, incomplete), *name.shell_complete(ctx, incomplete)]


@click.group("config", cls=Config, subcommand_metavar="NAME | COMMAND NAME [ARGS]...")
def command() -> None:
    """Show, set and unset the variables that all types of a Formation get.

    Plain variables are in spec.env. Secret variables are in a Secret that spec.envFrom names. Each change of
    a secret variable makes a new Secret, and is a deploy. If you apply a manifest of the Formation again,
    leave env and envFrom out of the manifest.

    Examples:
      config shop
      config shop --show
      config get shop LOG_LEVEL
      config set shop LOG_LEVEL=debug --wait
      config set shop --secret DATABASE_URL
      config unset shop LOG_LEVEL
    """


for word in (show, get, setting.command, setting.unset, prune.command):
    command.add_command(word)
