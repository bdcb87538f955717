"""The revisions of a Formation, the latest last: what each has changed, and which one runs."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from formation_cli.objects import Object
from formation_cli.views.table import Cell, Table, ago
from formation_cli.words.revisions import Revision
from formation_operator.api.content_changes import describe_change
from formation_operator.api.reasons import CanaryState
from formation_operator.kube.objects import lenient

COLUMNS = ("REVISION", "AGE", "STATE", "CHANGE")
RUNS, RAN, KEPT, FOREIGN, UNRELEASED = "Runs", "Ran", "Kept", "Foreign", "Not rolled out"
"""The second has run well at some time, and of the third that isn't known."""
TRIALS: dict[str, str] = {CanaryState.TRYING: "On trial", CanaryState.FAILED: "Failed as canary"}
COLOURS = {RUNS: "green", FOREIGN: "yellow", UNRELEASED: "yellow"}


class Line(NamedTuple):
    """What there is to say of a revision."""

    revision: Revision
    state: str
    change: str
    """Against the one before, as far as that is kept; or why it is no revision."""

    def json(self) -> Object:
        """Return it for programs."""
        number, name, since, *_ = self.revision
        return {"revision": number, "name": name, "since": since, "state": self.state, "change": self.change}


def lines(found: Iterable[Revision], current: str) -> list[Line]:
    """Return a line for each revision, of which one has the name of the current one; others' come first.

    Contents without a number come last, against the current one: their release hasn't succeeded, their
    canaries haven't stood, or an earlier Formation of this name has left them.
    """
    everything = [*found]
    kept = [each for each in everything if each.number and not each.flaw]
    runs = next((each for each in kept if each.name == current), None)
    unnumbered = [each for each in everything if not (each.number or each.flaw)]
    foreign = [Line(each, FOREIGN, f"{each.name} {each.flaw}") for each in everything if each.flaw]
    last = (
        Line(each, _unnumbered(each), changes(runs.content, each.content) if runs else "")
        for each in sorted(unnumbered, key=lambda each: (bool(each.trial), each.since))
    )
    return [*foreign, *_kept(kept, current), *last]


def _unnumbered(each: Revision) -> str:
    return RAN if each.ran_well else TRIALS.get(each.trial, UNRELEASED)


def _kept(kept: Iterable[Revision], current: str) -> Iterator[Line]:
    before: Revision | None = None
    for each in kept:
        change = changes(before.content, each.content) if before else ""
        state = RUNS if each.name == current else RAN if each.ran_well else KEPT
        yield Line(each, state, change)
        before = each


def changes(before: Object, after: Object) -> str:
    """Return in a line that a terminal can show what differs between two contents."""
    return lenient.shown(describe_change(before, after))


def table(found: Iterable[Line], now: float) -> Table:
    """Return the lines as a table."""
    return Table(COLUMNS, [_row(each, now) for each in found], latest_last=True)


def _row(line: Line, now: float) -> tuple[Cell, ...]:
    return (
        Cell("-" if line.state == FOREIGN else line.revision.called, "bold"),
        Cell(ago(line.revision.since, now) or "-"),
        Cell(line.state, COLOURS.get(line.state, "")),
        Cell(line.change or "-"),
    )
