"""Show the variables of a Formation."""

from collections.abc import Iterator

import click

from formation_cli import options
from formation_cli.changes import config
from formation_cli.cluster import formations
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands.config import stale
from formation_cli.dialects import references
from formation_cli.failures import NoAccess, again
from formation_cli.terminal import formats, screen
from formation_cli.views import config as views
from formation_cli.views.config import Key, Variable


@click.command(
    "show",
    cls=options.Command,
    short_help="Show the variables, as `config NAME` does",
    examples=("config shop", "config shop --show", "config shop -o json"),
)
@options.formation()
@click.option("--show", is_flag=True, help="Also show the values, including secret ones.")
@options.output("json", "yaml")
@options.pass_cluster
def command(cluster: Cluster, name: str, output: str | None, *, show: bool) -> None:
    """Show the variables that all types get, and the source of each; with --show also their values.

    It reads what spec.envFrom names, with your own rights.
    """
    formation = formations.find(cluster, name)
    found = views.variables(formation, dict(_objects(cluster, formation, values=show)))
    found = sorted(_expanded(found))
    if output:
        formats.write([each.json(values=show) for each in found], output)
    elif found:
        screen.write_table(views.table(found, values=show))
    _advise(cluster, formation, empty=not found)


def _objects(cluster: Cluster, formation: Object, *, values: bool) -> Iterator[tuple[Key, Object]]:
    """Yield what has the variables, with its kind and name; say what can't be read."""
    for kind, name in views.needed(formation, values=values):
        try:
            found = cluster.get(kind, name)
        except NoAccess as failure:
            click.echo(f"{failure.message} So its variables aren't shown.", err=True)
            continue
        if found is None:
            click.echo(f"There is no {kind} {name}, which the Formation names.", err=True)
        else:
            yield (kind, name), found


def _expanded(found: list[Variable]) -> Iterator[Variable]:
    """Yield variables with the values that processes get, as far as they are known here."""
    known: dict[str, str] = {}
    for each in found:
        value = each.value
        if value is not None and each.source == views.ENV:
            value = _expand(value, known)
        if value is not None:
            known[each.name] = value
        yield each._replace(value=value)


def _expand(value: str, known: dict[str, str]) -> str:
    try:
        return references.expanded(value, known.get)
    except ValueError:  # too long for a process: it is shown as it is written
        return value


def _advise(cluster: Cluster, formation: Object, *, empty: bool) -> None:
    """Say what types have of their own, and which Secrets nothing names any more."""
    name = formation["metadata"]["name"]
    if empty:
        click.echo(f"{name} has no variable: {again(f'config set {name} KEY=VALUE')}", err=True)
    for type_, own in sorted(config.own_variables(formation).items()):
        if own:
            click.echo(f"{type_} has its own: {', '.join(own)} (spec.processes.{type_}.env)", err=True)
    try:
        names, fresh = stale.find(cluster, formation)
    except NoAccess:  # anyone who may not list Secrets can't delete them either
        return
    if unnamed := ", ".join([*names, *fresh]):
        click.echo(f"Nothing names {unnamed}: {again(f'config prune {name}')}", err=True)
