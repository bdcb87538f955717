"""Change the counts of several types in one write, from what the Formation says now."""

from collections.abc import Iterable
from typing import NamedTuple

from formation_cli.changes import patches
from formation_cli.failures import Mistyped, again, did_you_mean
from formation_cli.objects import Object
from formation_cli.words.counts import Bounds, Count, Wanted
from formation_operator.kube.objects import lenient

MANY, TIMES = 50, 10
"""A count that is above the first, and above so many times the present one, may be a slip."""
RESOURCES = ("Resource", "ContainerResource")
"""The types of metrics that the cluster itself has to serve."""


class Change(NamedTuple):
    """A type's count or bounds before and after; before is what runs, where the Formation leaves it open."""

    type: str
    before: Count
    after: Count
    declared: bool
    """Whether the Formation says a count or bounds already."""

    @property
    def may_be_a_slip(self) -> bool:
        """Whether so many more processes may start that somebody should say that it is meant."""
        pairs = zip(ends(self.before), ends(self.after), strict=True)
        return any(after > max(MANY, TIMES * before) for before, after in pairs)

    @property
    def lowered(self) -> int:
        """By how many processes a count is lowered; an autoscaler lowers it in its own time."""
        if isinstance(self.before, int) and isinstance(self.after, int):
            return max(0, self.before - self.after)
        return 0

    def __str__(self) -> str:
        """Return it as a person reads it."""
        if self.declared and self.before == self.after:
            return f"{self.type}: {self.before}, as it was"
        return f"{self.type}: {self.before} -> {self.after}"


def needs_metrics(formation: Object, changed: Iterable[Change]) -> bool:
    """Tell whether an autoscaler whose bounds are set follows CPU or memory, as it does by default."""
    bounded = [each.type for each in changed if isinstance(each.after, Bounds)]
    types = (lenient.mapping(formation, "spec", "processes", each, "autoscaling") for each in bounded)
    metrics = (lenient.items(each, "metrics") or [{"type": "Resource"}] for each in types)
    return any(each.get("type") in RESOURCES for listed in metrics for each in listed)


def ends(count: Count) -> Bounds:
    """Return between what a count is."""
    return count if isinstance(count, Bounds) else Bounds(count, count)


def said(process: Object) -> Count | None:
    """Return what a Formation says of a type's count; beside bounds a count isn't used."""
    bounds = lenient.mapping(process, "autoscaling")
    return Bounds(bounds.get("minReplicas", 1), bounds["maxReplicas"]) if bounds else process.get("replicas")


def declared(formation: Object) -> dict[str, Count]:
    """Return the counts and bounds that the Formation says, by type."""
    processes = lenient.mapping(formation, "spec", "processes")
    return {name: count for name in sorted(processes) if (count := said(processes[name])) is not None}


def open_ones(formation: Object) -> dict[str, tuple[int, str]]:
    """Return, of each type whose count the Formation leaves open, how many there are and who decides that."""
    processes = lenient.mapping(formation, "spec", "processes")
    status = lenient.mapping(formation, "status", "processes")
    return {
        name: (_current(own := lenient.mapping(status, name)), lenient.text(own, "replicasManagedBy"))
        for name in sorted(processes)
        if not isinstance(said(processes[name]), int)
    }


def _current(status: Object) -> int:
    """Return the count of a type that is left open; while it is suspended, the one to come back to."""
    return lenient.number(status, "resumeReplicas" if "resumeReplicas" in status else "desiredReplicas")


def changes(formation: Object, wanted: Iterable[Wanted]) -> list[Change]:
    """Return what becomes of the counts.

    Raises `Mistyped` for a type that there isn't, and for one that an autoscaler decides about.
    """
    return [_change(each, formation) for each in wanted]


def _change(wanted: Wanted, formation: Object) -> Change:
    known, left_open, name = declared(formation), open_ones(formation), wanted.type
    if name not in {*known, *left_open}:
        raise Mistyped(f"There is no process type {name}.", hint=did_you_mean(name, {*known, *left_open}))
    before = known.get(name)
    if isinstance(before, Bounds):
        if wanted.bounds is None:
            held = f"{wanted.number}..{wanted.number}" if wanted.sign == "=" else "4..12"
            bounds = again(f"scale {formation['metadata']['name']} {name}={held}")
            sentence = f"An autoscaler decides how many {name} processes there are, within {before}."
            raise Mistyped(sentence, hint=f"Change its bounds: {bounds}")
        return Change(name, before, wanted.bounds, declared=True)
    if before is None:
        before, autoscaler = left_open[name]
        if autoscaler:
            hint = f"Change its limits, or delete it: kubectl edit {autoscaler}"
            raise Mistyped(f"{autoscaler} decides how many {name} processes there are.", hint=hint)
    return Change(name, before, wanted.bounds or wanted.of(before), declared=name in known)


def patch(formation: Object, changed: Iterable[Change]) -> list[Object]:
    """Return the one write that sets all counts, if nobody has changed the Formation meanwhile."""
    operations = [
        _written(formation, each) for each in changed if not each.declared or each.before != each.after
    ]
    return [patches.unchanged(formation), *operations] if operations else []


def _written(formation: Object, change: Change) -> Object:
    path = ("spec", "processes", change.type)
    if isinstance(change.after, int):
        return patches.operation("add", (*path, "replicas"), change.after)
    bounds = dict(zip(("minReplicas", "maxReplicas"), change.after, strict=True))
    there = lenient.mapping(formation, *path, "autoscaling")
    return patches.operation("add", (*path, "autoscaling"), {**there, **bounds})
