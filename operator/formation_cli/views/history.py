"""The deploys of a Formation, the latest last: what each has changed, how it ended, and which one runs."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from formation_cli.objects import Object
from formation_cli.views.table import Cell, Table, ago
from formation_cli.words.revisions import Revision
from formation_operator.api.content_changes import describe_change
from formation_operator.api.reasons import CanaryState
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.deploys import Deploy, End

COLUMNS = ("REVISION", "AGE", "STATE", "BY", "CHANGE", "NOTE")
RUNS, RAN, KEPT, FAILED = "Runs", "Ran", "Kept", "Failed"
FOREIGN, UNRELEASED = "Foreign", "Not rolled out"
"""The second has run well at some time, and of the third that isn't known."""
TRIALS: dict[str, str] = {CanaryState.TRYING: "On trial", CanaryState.FAILED: "Failed as canary"}
COLOURS = {
    RUNS: "green",
    **dict.fromkeys((FAILED, FOREIGN, UNRELEASED, TRIALS[CanaryState.FAILED]), "yellow"),
}
LAST = float("inf")


class Line(NamedTuple):
    """What there is to say of a deploy, or of a content that no deploy is known of."""

    revision: Revision
    deploy: Deploy
    state: str
    change: str
    """Against what was rolled out before it, as far as that is kept; or why it is no revision."""

    def json(self) -> Object:
        """Return it for programs."""
        return {
            "revision": self.deploy.number,
            "name": self.revision.name,
            "since": self.deploy.at,
            "state": self.state,
            "by": self.deploy.by,
            "change": self.change,
            "note": self.deploy.note,
        }


def lines(found: Iterable[Revision], current: str) -> list[Line]:
    """Return a line for each deploy, given the name of the revision that runs; others' objects come first.

    Contents that no deploy is known of come last, against what runs: their release hasn't succeeded, or an
    earlier Formation of this name has left them.
    """
    everything = [*found]
    kept = [each for each in everything if not each.flaw]
    runs = next((each for each in kept if each.name == current), None)
    foreign = [
        Line(each, Deploy(each.number, each.since), FOREIGN, f"{each.name} {each.flaw}")
        for each in everything
        if each.flaw
    ]
    last = (
        Line(
            each,
            Deploy(at=each.since),
            _undeployed(each),
            changes(runs.content, each.content) if runs else "",
        )
        for each in sorted(kept, key=lambda each: (bool(each.trial), each.since))
        if not _log(each)
    )
    return [*foreign, *_deployed(kept, current), *last]


def _log(each: Revision) -> list[Deploy]:
    """Return the deploys of a revision; it may have a number although its log was lost."""
    is_known = each.number in (0, *(deploy.number for deploy in each.deploys))
    return [*each.deploys] if is_known else [*each.deploys, Deploy(each.number, each.since)]


def _undeployed(each: Revision) -> str:
    return RAN if each.ran_well else TRIALS.get(each.trial, UNRELEASED)


def _deployed(kept: Iterable[Revision], current: str) -> Iterator[Line]:
    """Yield the deploys by their times: what was never let through has no number."""
    log = [(each, deploy) for each in kept for deploy in _log(each)]
    before: Revision | None = None
    for each, deploy in sorted(log, key=lambda own: (own[1].at, own[1].number or LAST)):
        change = changes(before.content, each.content) if before else ""
        yield Line(each, deploy, _state(each, deploy, current), change)
        before = each if deploy.number else before


def _state(each: Revision, deploy: Deploy, current: str) -> str:
    if not deploy.number:
        is_tried = each.trial and deploy is each.deploys[-1]
        ended = TRIALS[CanaryState.FAILED] if deploy.end is End.FAILED else UNRELEASED
        return TRIALS.get(each.trial, ended) if is_tried else ended
    if deploy.number == each.number and each.name == current:
        return RUNS
    if deploy.end is End.FAILED:
        return FAILED
    is_well = deploy.end is End.RAN or (deploy not in each.deploys and each.ran_well)
    return RAN if is_well else KEPT


def changes(before: Object, after: Object) -> str:
    """Return in a line that a terminal can show what differs between two contents."""
    return lenient.shown(describe_change(before, after))


def table(found: Iterable[Line], now: float) -> Table:
    """Return the lines as a table."""
    return Table(COLUMNS, [_row(each, now) for each in found], latest_last=True)


def _row(line: Line, now: float) -> tuple[Cell, ...]:
    called = line.revision._replace(number=line.deploy.number).called
    return (
        Cell("-" if line.state == FOREIGN else called, "bold"),
        Cell(ago(line.deploy.at, now) or "-"),
        Cell(line.state, COLOURS.get(line.state, "")),
        Cell(line.deploy.by or "-"),
        Cell(line.change or "-"),
        Cell(line.deploy.note or "-"),
    )
