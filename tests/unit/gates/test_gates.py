"""What may run, and how many: nothing that people, clusters and time do to a Formation breaks a promise.

A hole that is known is a story that fails, strictly: anyone who closes it takes it from the list, and the
machine walks there from then on.
"""

import pytest

from tests.unit.gates.holes import CLOSED, HOLES, Hole
from tests.unit.gates.machine import Gates
from tests.unit.gates.walk import walk

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_story_breaks_a_promise(seed: int) -> None:
    walk(seed, shrinks=False)  # `python -m tests.unit.gates.walk --seed` of that number shrinks it


@pytest.mark.parametrize(
    ("name", "hole"),
    [
        pytest.param(*each, marks=pytest.mark.xfail(reason=each[0], raises=AssertionError), id=each[0])
        for each in HOLES.items()
    ],
)
def test_a_hole_that_is_known_is_closed(name: str, hole: Hole) -> None:
    try:
        tell(name, hole)
    except AssertionError as error:
        if not str(error).startswith(hole.breaks):
            pytest.fail(f"it breaks another promise: {error}")
        raise


@pytest.mark.parametrize(("name", "hole"), CLOSED.items(), ids=CLOSED)
def test_a_hole_that_was_closed_stays_closed(name: str, hole: Hole) -> None:
    tell(name, hole)


def tell(name: str, hole: Hole) -> None:
    """Have the story of a hole happen, without the way to any other one."""
    gates = Gates(HOLES.keys() - {name, hole.root})
    gates.begin(canary=hole.canary, release=hole.release)
    try:
        gates.play(*hole.story)
        gates.all_becomes_well()
    finally:
        gates.world.runner.close()
