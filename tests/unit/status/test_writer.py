"""No more statuses are written than anybody can read."""

import asyncio
import itertools
import math
from collections.abc import Iterable
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.port import Object
from formation_operator.observe import formations
from formation_operator.observe.cache import Basis, Cache
from formation_operator.observe.faults import Problem
from formation_operator.status import writer
from formation_operator.status.writer import Reports
from formation_operator.sync import planner
from formation_operator.sync.outcome import Outcome
from tests.shared import builders
from tests.unit import facts, virtual_time
from tests.unit.facts import a_child
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.operator import Operator, Time
from tests.unit.schemas import PRESENT, PROCESS, older

ACTION = planner.Action(planner.Verb.UPDATE, "worker")
CHANGED, UNCHANGED = Outcome(ACTION, a_child()), Outcome(ACTION)
UNABLE = Outcome(ACTION, problem=Problem("worker", "Refused", "no"))


def waits(reports: Reports, outcome: Outcome, now: float) -> float:
    later = reports.later(now, [outcome])
    return later.after if later else 0


# When a change is reported


def test_a_report_goes_by_the_time_of_the_first_change_whatever_comes_in_between() -> None:
    reports, found = Reports(), list[float]()
    steps = (
        (5, CHANGED),
        (5.2, UNCHANGED),
        (5.5, CHANGED),
        (5.999, CHANGED),
        (6.1, UNCHANGED),
        (7, CHANGED),
        (9, CHANGED),
        (9.1, CHANGED),
        (9.2, UNABLE),
    )
    for now, outcome in steps:
        found.append(round(waits(reports, outcome, now), 3))
    assert found == [1, 0.8, 0.5, 0, 0, 1, 0, 1, 0]


LARGE = {
    "types": {"processes": {f"t{number}": {"restarts": number} for number in range(4_000)}},
    "conditions": {"conditions": [{"type": f"o/{number}", "status": "True"} for number in range(4_000)]},
    "a text": {"summary": 300_000 * "x"},
}


@pytest.mark.parametrize("status", LARGE.values(), ids=LARGE)
async def test_a_status_that_somebody_made_large_is_replaced_and_then_left(status: Object) -> None:
    cluster, clock = FakeCluster(), Time()
    cluster.put(naming.KIND, builders.stored(builders.a_formation()))
    operator = Operator(cluster, clock)
    written: list[int] = []
    for _ in range(8):
        clock.seconds += 10
        before = len([call for call in cluster.calls if "status" in call.verb])
        if len(written) == 3:
            cluster.merge(naming.KIND, "default", "shop", {"status": status})
        await operator.work()
        written.append(len([call for call in cluster.calls if "status" in call.verb]) - before)
    assert written[3:] == [1, 0, 0, 0, 0]
    assert len(cluster.read(naming.KIND, "default", "shop")["status"].get("processes", ())) == 1


def test_statuses_are_written_one_after_the_other_unless_one_takes_long() -> None:
    async def main(seconds: float) -> float:
        here = Told()
        here.cluster.incidents.append(Incident("replace_status", hangs=seconds, times=math.inf))
        async with asyncio.TaskGroup() as reports:
            for _ in range(12):
                reports.create_task(here.write())
        return asyncio.get_running_loop().time()

    assert virtual_time.run(main(0.01)) == pytest.approx(12 * 0.01)
    assert virtual_time.run(main(1)) == pytest.approx(11 * writer.TURN_SECONDS + 1)


# What can't be written


class Told:
    """A reporter with all that it needs, and the times for which it asked to be called again."""

    def __init__(self) -> None:
        self.cluster, self.known = FakeCluster(), Cache()
        self.cluster.status_schema = PRESENT
        self.known.see(naming.KIND, self.cluster.put(naming.KIND, builders.stored(builders.a_formation())))
        self.asked: list[float] = []
        self.now = 0.0
        self.reporter = writer.Reporter(self.cluster, self.known, self.post, lambda: self.now)
        self.reports = Reports()
        self.notices: list[Notice] = []

    def refuse(self) -> None:
        """Have the next status refused, with words that would mislead whoever reads the log."""
        refusal = errors.RefusedError("too large\n\x1b[2Jall is well")
        self.cluster.incidents.append(Incident("replace_status", error=refusal))

    async def write(self, *, after: float = 2.0, ready: int = 2, **metadata: Any) -> None:
        """Write a status after some seconds, of the Formation that is known or of a later one."""
        self.now += after
        if later := self.reports.later(self.now):
            self.asked.append(later.after)
            return
        raw = self.known.formations["default", "shop"]
        raw = {**raw, "metadata": {**raw["metadata"], **metadata}}
        status = facts.status_of(facts.seen(), formations.status_of(raw), facts.NOW)
        status["processes"]["worker"]["readyReplicas"] = ready
        requeue = await self.reporter.write(Basis(raw, {}), self.reports, status)
        self.asked += [requeue.after] if requeue else []

    def post(self, _: dict[str, Any], notices: Iterable[Notice]) -> None:
        """Take Events."""
        self.notices += notices

    @property
    def tries(self) -> int:
        """How often a status was sent."""
        return len(self.cluster.asked("replace_status"))

    @property
    def written(self) -> dict[str, Any]:
        """The status that people see."""
        found: dict[str, Any] = self.cluster.read(naming.KIND, "default", "shop").get("status", {})
        return found


async def test_a_status_that_is_refused_is_an_event_and_is_not_tried_again_at_once() -> None:
    here = Told()
    here.refuse()
    for _ in range(50):
        await here.write(after=writer.REFUSED_FIRST / 60)
    assert here.tries == 1
    (notice,) = here.notices
    assert (notice.reason, notice.warning) == ("StatusRefused", True)
    assert notice.note.endswith(": too large all is well")
    assert here.asked[0] == writer.REFUSED_FIRST


async def test_a_status_that_goes_on_being_refused_is_tried_again_later_each_time() -> None:
    here = Told()
    tried = []
    for second in range(1200):
        before = here.tries
        here.refuse()
        await here.write(after=1.0)
        here.cluster.incidents.clear()
        tried += [second] if here.tries > before else []
    pauses = [after - before for before, after in itertools.pairwise(tried)]
    assert pauses == [10, 20, 40, 80, 160, 300, 300]
    await here.write(after=writer.REFUSED_MOST)
    assert here.written


async def test_under_an_older_crd_a_status_has_what_that_knows_and_that_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = Told()
    here.cluster.status_schema = older((*PROCESS, "state"))
    for _ in range(20):
        await here.write(after=writer.REFUSED_FIRST / 30)
    assert here.written["processes"]["worker"]["readyReplicas"] == 2
    assert "state" not in here.written["processes"]["worker"]
    assert here.tries == 1, "what the CRD drops is no difference for a while"
    assert [line for line in caplog.messages if "CRD" in line] == [writer.PRUNED]
    await here.write(ready=1)
    assert here.written["processes"]["worker"]["readyReplicas"] == 1
    assert here.notices == [], "and no change"
