"""The Events about a Formation and all that it made, the oldest first."""

from collections.abc import Collection, Iterable

from formation_cli.objects import Object
from formation_cli.views.table import Cell, Table, span
from formation_operator.api import naming
from formation_operator.kube.objects import lenient, timestamps

COLUMNS = ("SINCE", "LEVEL", "OBJECT", "REASON", "MESSAGE")
MADE = (
    "Deployment",
    "Service",
    "PodDisruptionBudget",
    "ReplicaSet",
    "Pod",
    "HorizontalPodAutoscaler",
    "ScaledObject",
    "Job",
    "CronJob",
)


def concerns(event: Object, formation: str, types: Iterable[str], chosen: Collection[str] = ()) -> bool:
    """Tell whether an Event is about a Formation, or about what it made: that goes by its name.

    If types are ``chosen``, only what is about these counts. Of two that may be meant it is the longer one.
    """
    subject = lenient.mapping(event, "regarding")
    kind, name = lenient.text(subject, "kind"), lenient.text(subject, "name")
    if kind == naming.KIND:
        about = lenient.text(event, "note").partition(":")[0]
        return name == formation and (not chosen or about in chosen)
    children = {each: naming.child(formation, each) for each in types}
    found = [type_ for type_, child in children.items() if name == child or name.startswith(f"{child}-")]
    return kind in MADE and bool(found) and (not chosen or max(found, key=len) in chosen)


def table(events: Iterable[Object], now: float) -> Table:
    """Return Events as a table, the latest last."""
    return Table(COLUMNS, [_row(each, now) for each in sorted(events, key=moment)], latest_last=True)


def _row(event: Object, now: float) -> tuple[Cell, ...]:
    subject, often = lenient.mapping(event, "regarding"), count(event)
    level = lenient.text(event, "type") or "Normal"
    return (
        Cell(span(max(0.0, now - moment(event)))),
        Cell(level, "yellow" if level == "Warning" else ""),
        Cell(f"{lenient.text(subject, 'kind').lower()}/{lenient.text(subject, 'name')}"),
        Cell(lenient.text(event, "reason")),
        Cell(lenient.text(event, "note") + (f" (x{often})" if often > 1 else "")),
    )


def count(event: Object) -> int:
    """Return how often it happened; older clients count in a field of their own."""
    return (
        lenient.number(lenient.mapping(event, "series"), "count")
        or lenient.number(event, "deprecatedCount")
        or 1
    )


def moment(event: Object) -> float:
    """Return when it happened last."""
    candidates = (
        lenient.text(lenient.mapping(event, "series"), "lastObservedTime"),
        lenient.text(event, "deprecatedLastTimestamp"),
        lenient.text(event, "eventTime"),
        lenient.text(event["metadata"], "creationTimestamp"),
    )
    return max((timestamps.epoch(each) or 0.0 for each in candidates), default=0.0)
