"""No more statuses are written than anybody can read."""

import datetime
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator import plan, report
from formation_operator.apply import Outcome
from formation_operator.cache import Cache
from formation_operator.lanes import Lane
from formation_operator.observed import Key
from formation_operator.report import Pace
from tests.builders import MIDNIGHT
from tests.unit.facts import a_child
from tests.unit.fakes.cluster import FakeCluster

SHOP, BLOG = "uid-of-shop", "uid-of-blog"


@given(st.lists(st.tuples(st.sampled_from([SHOP, BLOG]), st.floats(0, 3)), max_size=40))
def test_no_two_statuses_of_a_formation_are_written_within_a_second(
    calls: list[tuple[str, float]],
) -> None:
    pace, now = Pace(), 1_767_225_600.0
    written: dict[str, list[float]] = {SHOP: [], BLOG: []}
    for uid, later in calls:
        now += later
        if not pace.pause(uid, now):
            written[uid].append(now)
    for times in written.values():
        assert all(after - before >= report.STATUS_SECONDS for before, after in itertools.pairwise(times))


@given(st.lists(st.floats(0, 0.99), min_size=1, max_size=10))
def test_who_waits_as_long_as_told_may_write(steps: list[float]) -> None:
    pace, now = Pace(), 0.0
    assert pace.pause(SHOP, now) == 0
    for step in itertools.accumulate(steps):
        if step < report.STATUS_SECONDS:
            assert 0 < pace.pause(SHOP, step) <= report.STATUS_SECONDS
    assert pace.pause(SHOP, report.STATUS_SECONDS) == 0


@pytest.mark.parametrize("uid", [SHOP, BLOG])
def test_a_clock_that_was_set_back_and_a_new_formation_of_the_name_hold_nothing_up(
    uid: str,
) -> None:
    pace = Pace()
    assert pace.pause(uid, 5000) == 0
    assert pace.pause(uid, 20) == 0
    pace.forget(uid)
    assert pace.pause(uid, 20) == 0


# When a change is reported


def reports(*steps: tuple[float, bool]) -> list[float | None]:
    """Return for how many seconds the report waits at each time, changed or not; None if it is due."""
    moments = iter([MIDNIGHT + datetime.timedelta(seconds=moment) for moment, _ in steps])
    asked: list[float] = []

    def ask(_: Key, __: Lane, delay: float) -> None:
        asked.append(delay)

    reporter = report.Reporter(FakeCluster(), Cache(), lambda: next(moments), ask, 1.0)
    found: list[float | None] = []
    for _, changed in steps:
        outcome = Outcome(plan.Action(plan.Verb.UPDATE, "worker"), a_child() if changed else None)
        later = reporter.later(("default", "shop"), SHOP, [outcome])
        found.append(round(asked[-1], 3) if later else None)
    return found


def test_a_report_goes_by_the_time_of_the_first_change_whatever_comes_in_between() -> None:
    steps = [
        (5, True),
        (5.2, False),
        (5.5, True),
        (5.999, True),
        (6.1, False),
        (7, True),
        (9, True),
        (9.1, True),
    ]
    assert reports(*steps) == [1, 0.8, 0.5, None, None, 1, None, 1]


def test_a_clock_that_was_set_back_puts_no_report_off() -> None:
    assert reports((5000, True), (20, False)) == [1, None]
