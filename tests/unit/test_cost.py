"""What is linear is taken for that, on a busy machine, too, and what is quadratic never is."""

import itertools
from collections.abc import Callable

import pytest

from tests.unit import cost


@pytest.mark.parametrize(("large", "linear"), [(4.0, True), (16.0, False)])
def test_a_burst_of_others_while_the_larger_one_runs_makes_no_step_slow(large: float, linear: bool) -> None:
    slowed = itertools.chain([1.0, 3 * large, 2.0, large], itertools.cycle([1.0, 2 * large]))
    assert (cost.ratio(len, "", "", lambda *_: next(slowed)) < cost.MOST) == linear


def once(number: int) -> None:
    for _ in range(number):
        pass


def again_and_again(number: int) -> int:
    return sum(1 for first in range(number) for second in range(first))


@pytest.mark.parametrize(("step", "linear"), [(once, True), (again_and_again, False)])
@cost.MEASURED
def test_what_is_read_again_and_again_is_told_from_what_is_read_once(
    step: Callable[[int], object], linear: bool, measure: cost.Measure[int]
) -> None:
    assert (cost.ratio(step, 100, 100 * cost.TIMES, measure) < cost.MOST) == linear
