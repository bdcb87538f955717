"""Show what the processes of a Formation use, beside their requests and limits."""

import time
from collections.abc import Sequence

import click

from formation_cli import options
from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.commands import writing
from formation_cli.failures import Failure, NoAccess
from formation_cli.terminal import formats, screen
from formation_cli.views import sizing, table, usage
from formation_cli.views.sizing import Advice
from formation_cli.views.usage import Load, TypeLoad
from formation_operator.api import naming

NO_METRICS = "The cluster serves no metrics of Pods now: ask its administrator for metrics-server."


@click.command("top", cls=options.Command)
@options.formation()
@options.types("The same as TYPE. Can be repeated.")
@options.output("json", "yaml")
@options.pass_cluster
def command(cluster: Cluster, name: str, types: tuple[str, ...], output: str | None) -> None:
    """Show the CPU and memory that processes use, beside what they request and may use.

    The row of a type is the sum of its processes. RESTARTS and OOM KILLED show how often a process was
    started again, and when it was last killed for memory. Below the table, `top` names the field to change
    where the use is near a limit, above a request or far below one.

    If Pods have several containers, each process has a row of its own container, which the fields of its
    type are about, and a row of all containers, as `kubectl top pods` shows it. Units are those of `kubectl
    top`: m is a thousandth of a core. Processes of `run`, of schedules and of releases aren't shown.

    Examples:
      top shop
      top shop worker
      top shop -o json
    """
    formation = formations.find(cluster, name)
    chosen, pods = formations.chosen(formation, types), formations.pods(cluster, name)
    metrics: list[Object] = []
    missing: Failure | None = None
    try:
        metrics = cluster.select(kinds.POD_METRICS, labels=f"{naming.FORMATION_LABEL}={name}").items
    except Failure as failure:
        missing = _missing(failure)
    now = time.time()
    found = usage.loads(formation, pods, metrics, chosen)
    advice = [sizing.advice(formation, each, now) for each in found]
    if output:
        formats.write([row for both in zip(found, advice, strict=True) for row in _json(*both)], output)
    else:
        screen.write_table(usage.table(found, now))
        writing.advise(*(each.message for listed in advice for each in listed))
    if missing:
        raise missing
    _say_unmeasured([row for each in found for row in each.own])


def _json(load: TypeLoad, advice: list[Advice]) -> list[Object]:
    """Return the rows of a type for programs: that of the type has the advice."""
    first, *others = (each.json() for each in load.rows)
    return [{**first, "advice": [each._asdict() for each in advice]}, *others]


def _missing(failure: Failure) -> Failure:
    """Return why there are no figures, and how to get them."""
    if not isinstance(failure, NoAccess):
        return Failure(f"The use isn't known. {NO_METRICS}")
    if not failure.refused:
        return failure
    needed = f"You need the verbs get, list on pods.{kinds.BY_NAME[kinds.POD_METRICS].group}"
    hint = f"{needed}: metrics-server's manifest adds them to the roles view, edit and admin."
    return NoAccess(f"The use isn't known. {failure.message}", hint=hint)


def _say_unmeasured(processes: Sequence[Load]) -> None:
    """Say which processes have no figures yet; raises `Failure` if none has."""
    unmeasured = [each.label for each in processes if each.cpu.use is None]
    what = f"There are no figures yet of {table.listed(unmeasured)}"
    sentence = f"{what}: metrics-server has them about a minute after a start."
    if unmeasured and len(unmeasured) == len(processes):
        raise Failure(sentence, hint="Try again then.")
    writing.advise(sentence if unmeasured else "")
