"""Show the processes of a Formation, or all Formations of the namespace."""

import time
from collections.abc import Callable

import click

from formation_cli import options
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import live
from formation_cli.terminal import formats, screen
from formation_cli.views import formations as whole
from formation_cli.views import processes
from formation_cli.views.table import Table
from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType


@click.command(
    "ps",
    cls=options.Command,
    examples=("ps", "ps shop", "ps shop --watch", "ps shop -o json", "ps -n staging"),
)
@options.formation(required=False)
@click.option("-w", "--watch", is_flag=True, help="Go on, and show what changes, until Ctrl-C.")
@options.output("json", "yaml", "name")
@options.pass_cluster
def command(cluster: Cluster, name: str | None, output: str | None, *, watch: bool) -> None:
    """Show each process with its state, since when, restarts, and how it ended last.

    Without a NAME, show all Formations of the namespace. A process is Running, Starting, Unready (it runs,
    but gets no requests), Crashing, Unschedulable (no node takes it), Stopping or Completed (of `run`); a
    type without processes is Idle (its count is 0) or Suspended.
    """
    options.check_watch(output, watch=watch)
    if name is None:
        _formations(cluster, output, watch=watch)
    else:
        _processes(cluster, name, output, watch=watch)


def _formations(cluster: Cluster, output: str | None, *, watch: bool) -> None:
    if watch:
        live.show(cluster, [Subject(naming.KIND)], lambda objects: whole.table(_sorted(objects), time.time()))
        return
    found = cluster.select(naming.KIND).items
    if output == "name":
        formats.write([f"formation.{naming.GROUP}/{each['metadata']['name']}" for each in found], output)
    elif output:
        formats.write([*map(formats.shown, found)], output)
    elif found:
        screen.write_table(whole.table(_sorted(found), time.time()))
    else:
        click.echo(f"There is no Formation in namespace {cluster.namespace}.", err=True)


def _sorted(found: list[Object]) -> list[Object]:
    return sorted((each for each in found if each.get("kind") in (None, naming.KIND)), key=_name)


def _name(each: Object) -> str:
    return str(each["metadata"]["name"])


def _processes(cluster: Cluster, name: str, output: str | None, *, watch: bool) -> None:
    formation = formations.find(cluster, name)
    labels = f"{naming.FORMATION_LABEL}={name}"
    if watch:
        subjects = [Subject(naming.KIND, fields=f"metadata.name={name}"), Subject(kinds.POD, labels=labels)]
        live.show(cluster, subjects, _shown_of(name))
        return
    found = cluster.select(kinds.POD, labels=labels).items
    listed = processes.processes(formation, found, time.time())
    if output == "name":
        formats.write([f"pod/{each.process}" for each in listed if each.process], output)
    elif output:
        formats.write([each.json() for each in listed], output)
    else:
        screen.write_table(processes.table(listed, time.time()))
        _explain(formation)


def _shown_of(name: str) -> Callable[[list[Object]], Table]:
    def shown(objects: list[Object]) -> Table:
        formation = next((each for each in objects if each.get("kind") == naming.KIND), None)
        found = [each for each in objects if each.get("kind") == kinds.POD]
        gone: Object = {"metadata": {"name": name}}
        return processes.table(processes.processes(formation or gone, found, time.time()), time.time())

    return shown


def _explain(formation: Object) -> None:
    """Say below the table why not all is well; a program's input is the table alone."""
    if not screen.is_terminal():
        return
    sentence = whole.sentence(formation)
    click.secho(f"\n{sentence}", dim=True if whole.is_true(formation, ConditionType.READY) else None)
