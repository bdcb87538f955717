"""What is linear is taken for that on a busy machine, too, and what is quadratic never is."""

import itertools

import pytest

from tests.unit import cost


@pytest.mark.parametrize(("large", "linear"), [(4.0, True), (16.0, False)])
def test_a_burst_of_others_while_the_larger_one_runs_makes_no_step_slow(
    large: float, linear: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowed = itertools.chain([1.0, 3 * large, 2.0, large], itertools.cycle([1.0, 2 * large]))
    monkeypatch.setattr(cost, "seconds", lambda *_: next(slowed))
    assert (cost.ratio(len, "", "") < cost.MOST) == linear
