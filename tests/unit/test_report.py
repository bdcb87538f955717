"""No more statuses are written than anybody can read."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator import report
from formation_operator.report import Pace

SHOP, BLOG = ("default", "shop"), ("default", "blog")


@given(st.lists(st.tuples(st.sampled_from([SHOP, BLOG]), st.floats(0, 3)), max_size=40))
def test_no_two_statuses_of_a_formation_are_written_within_a_second(
    calls: list[tuple[tuple[str, str], float]],
) -> None:
    pace, now = Pace(), 1_767_225_600.0
    written: dict[tuple[str, str], list[float]] = {SHOP: [], BLOG: []}
    for key, later in calls:
        now += later
        if not pace.pause(key, now):
            written[key].append(now)
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


@pytest.mark.parametrize("key", [SHOP, BLOG])
def test_a_clock_that_was_set_back_and_a_new_formation_of_the_name_hold_nothing_up(
    key: tuple[str, str],
) -> None:
    pace = Pace()
    assert pace.pause(key, 5000) == 0
    assert pace.pause(key, 20) == 0
    pace.forget(key)
    assert pace.pause(key, 20) == 0
