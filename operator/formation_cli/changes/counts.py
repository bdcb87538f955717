"""Change the counts of several types in one write, from what the Formation says now."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from formation_cli.changes import patches
from formation_cli.failures import Mistyped, did_you_mean
from formation_cli.objects import Object
from formation_cli.words.counts import Wanted
from formation_operator.kube.objects import lenient

MANY, TIMES = 50, 10
"""A count that is above the first, and above so many times the present one, may be a slip."""


class Change(NamedTuple):
    """A type's count before and after; before is what runs, where the Formation leaves it open."""

    type: str
    before: int
    after: int
    declared: bool
    """Whether the Formation says a count already."""

    @property
    def may_be_a_slip(self) -> bool:
        """Whether so many more processes may start that somebody should say that it is meant."""
        return self.after > max(MANY, TIMES * self.before)

    def __str__(self) -> str:
        """Return it as a person reads it."""
        if self.declared and self.before == self.after:
            return f"{self.type}: {self.before}, as it was"
        return f"{self.type}: {self.before} -> {self.after}"


def declared(formation: Object) -> dict[str, int]:
    """Return the counts that the Formation says, by type."""
    processes = lenient.mapping(formation, "spec", "processes")
    return {name: each["replicas"] for name, each in sorted(processes.items()) if "replicas" in each}


def open_ones(formation: Object) -> dict[str, tuple[int, str]]:
    """Return, of each type whose count the Formation leaves open, how many there are and who decides that."""
    processes = lenient.mapping(formation, "spec", "processes")
    status = lenient.mapping(formation, "status", "processes")
    return {
        name: (_current(own := lenient.mapping(status, name)), lenient.text(own, "replicasManagedBy"))
        for name in sorted(processes)
        if "replicas" not in processes[name]
    }


def _current(status: Object) -> int:
    """Return the count of a type that is left open; while it is suspended, the one to come back to."""
    return lenient.number(status, "resumeReplicas" if "resumeReplicas" in status else "desiredReplicas")


def changes(formation: Object, wanted: Iterable[Wanted]) -> list[Change]:
    """Return what becomes of the counts.

    Raises `Mistyped` for a type that there isn't, and for one that an autoscaler decides about.
    """
    known, left_open = declared(formation), open_ones(formation)
    return [_change(each, known, left_open) for each in wanted]


def _change(wanted: Wanted, known: Mapping[str, int], left_open: Mapping[str, tuple[int, str]]) -> Change:
    name = wanted.type
    if name in known:
        return Change(name, known[name], wanted.of(known[name]), declared=True)
    if name not in left_open:
        raise Mistyped(f"There is no process type {name}.", hint=did_you_mean(name, {*known, *left_open}))
    before, autoscaler = left_open[name]
    if autoscaler:
        hint = f"Change its limits, or delete it: kubectl edit {autoscaler}"
        raise Mistyped(f"{autoscaler} decides how many {name} processes there are.", hint=hint)
    return Change(name, before, wanted.of(before), declared=False)


def patch(formation: Object, changed: Iterable[Change]) -> list[Object]:
    """Return the one write that sets all counts, if nobody has changed the Formation meanwhile."""
    operations = [
        patches.operation(
            "replace" if each.declared else "add", ("spec", "processes", each.type, "replicas"), each.after
        )
        for each in changed
        if not each.declared or each.before != each.after
    ]
    return [patches.unchanged(formation), *operations] if operations else []
