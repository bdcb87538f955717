"""Show the processes of a Formation, or all Formations of the namespace."""

import time
from collections.abc import Iterable, Sequence

import click

from formation_cli import cluster_options, options
from formation_cli.cluster import follow, formations, kinds
from formation_cli.cluster.follow import Subject
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import releases, writing
from formation_cli.failures import NoAccess, pasted
from formation_cli.terminal import drawing, formats, screen
from formation_cli.views import formations as whole
from formation_cli.views import processes, versions
from formation_cli.views.processes import Process
from formation_cli.views.table import Table
from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType


@click.command("ps", cls=options.Command)
@options.formation(required=False)
@click.argument("words", nargs=-1, metavar="[TYPE|PROCESS]...", shell_complete=cluster_options.ANYTHING)
@click.option("-A", "--all-namespaces", is_flag=True, help="List the Formations of all namespaces.")
@click.option("-l", "--selector", default="", help="List Formations with labels such as team=checkout.")
@click.option("-w", "--watch", is_flag=True, help="Keep watching, and show changes, until Ctrl-C.")
@options.output("json", "yaml", "name", "wide")
@options.pass_cluster
def command(
    cluster: Cluster,
    name: str | None,
    words: tuple[str, ...],
    selector: str,
    output: str | None,
    *,
    all_namespaces: bool,
    watch: bool,
) -> None:
    """List each process with its state, age, restarts, last exit and trouble.

    Without NAME, `ps` lists the Formations of the namespace. With NAME, it also says whether the Formation is
    ready. In a pipe, it says so on stderr, and only if the Formation isn't ready.

    A process is Running, Starting, Unready (it runs but gets no requests), Crashing, Unschedulable (no node
    has room for it, or no node matches) or Stopping. A process of `run` can also be Completed or Failed. A
    type without processes is Idle (its count is 0) or Suspended. A schedule without a running process is
    Scheduled, Failing, Suspended or Waiting, and its SINCE shows when it last ran. The next run of a schedule
    without a time zone is shown in UTC.

    A release is listed while it runs. A canary is listed as a process of TYPE-canary. While processes of an
    earlier version run, VERSION shows which processes are old and which are new. In a narrow window,
    processes have short names. Each command that takes a process also takes its short name.

    Examples:
      ps
      ps shop
      ps shop run   # the processes of `run`
      ps shop --watch
      ps shop -o json
      ps -A -l team=checkout -o wide
    """
    drawing.check_watch(output, watch=watch)
    if name is None:
        _formations(cluster.in_all_namespaces() if all_namespaces else cluster, selector, output, watch=watch)
    elif all_namespaces or selector:
        raise click.UsageError("--all-namespaces and --selector choose Formations: leave out the name.")
    else:
        _processes(cluster, name, words, output, watch=watch)


def _formations(cluster: Cluster, selector: str, output: str | None, *, watch: bool) -> None:
    def table(found: list[Object]) -> Table:
        wide, everywhere = output == "wide", not cluster.namespace
        return whole.table(sorted(found, key=_place), time.time(), wide=wide, namespaces=everywhere)

    if watch:
        drawing.live(cluster, [Subject(naming.KIND, labels=selector)], table)
        return
    found = cluster.select(naming.KIND, labels=selector).items
    if output == "name":
        formats.write([f"formation.{naming.GROUP}/{each['metadata']['name']}" for each in found], output)
    elif output and output != "wide":
        formats.write([*map(formats.shown, found)], output)
    elif found:
        screen.write_table(table(found))
    else:
        where = f"namespace {cluster.namespace}" if cluster.namespace else "any namespace"
        click.echo(f"There is no Formation{' with these labels' * bool(selector)} in {where}.", err=True)


def _place(each: Object) -> tuple[str, str]:
    return each["metadata"].get("namespace", ""), each["metadata"]["name"]


def _processes(cluster: Cluster, name: str, words: Sequence[str], output: str | None, *, watch: bool) -> None:
    formation, wide = formations.find(cluster, name), output == "wide"

    def chosen(formation: Object, pods: Iterable[Object], sets: Iterable[Object] = ()) -> list[Process]:
        found = processes.processes(formation, pods, time.time(), sets)
        return [each for each in found if not words or any(map(each.is_named, words))]

    def table(objects: list[Object]) -> Table:
        gone: Object = {"metadata": {"name": name}}
        seen = next((each for each in objects if each["kind"] == naming.KIND), gone)
        pods = (each for each in objects if each["kind"] == kinds.POD)
        return processes.table(chosen(seen, pods), time.time(), wide=wide)

    if watch:
        drawing.live(cluster, [follow.formation(name), follow.pods(name)], table)
        return
    pods = formations.pods(cluster, name)
    listed = chosen(formation, pods, _replica_sets(cluster, name, pods))
    there = (word for word in words if any(each.is_named(word) for each in listed))
    formations.chosen(formation, words, [*formations.everything(formation), *there])
    if output == "name":
        formats.write([f"pod/{each.process}" for each in listed if each.process], output)
    elif output and not wide:
        formats.write([each.json() for each in listed], output)
    else:
        screen.write_table(processes.table(listed, time.time(), wide=wide))
        _explain(formation)
        writing.advise(*releases.beside(cluster, formation, pods))


def _replica_sets(cluster: Cluster, name: str, pods: list[Object]) -> list[Object]:
    """Return what tells of which version each process is, where some differ and one may read it."""
    try:
        wanted = versions.are_mixed(pods)
        return cluster.select(kinds.REPLICA_SET, labels=versions.selector(name)).items if wanted else []
    except NoAccess:
        return []


def _explain(formation: Object) -> None:
    """Say below the table how the Formation and its types are; to a program, only why it isn't ready."""
    sentence, ready = pasted(whole.sentence(formation)), whole.is_true(formation, ConditionType.READY)
    if screen.is_terminal():
        click.secho("\n".join(["", sentence, *whole.notes(formation)]), dim=ready or None)
    elif not ready:
        click.echo(sentence, err=True)
