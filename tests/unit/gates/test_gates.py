"""What may run, and how many: nothing that people, clusters and time do to a Formation breaks a promise."""

import pytest

from tests.unit.gates.holes import HOLES, STAYS, Step
from tests.unit.gates.machine import Gates
from tests.unit.gates.walk import walk

SEEDS = range(8)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_story_breaks_a_promise(seed: int) -> None:
    walk(seed, shrinks=False)  # `python -m tests.unit.gates.walk --seed` of that number shrinks it


@pytest.mark.parametrize("story", HOLES.values(), ids=HOLES)
def test_a_hole_that_was_closed_stays_closed(story: tuple[Step, ...]) -> None:
    with Gates().playing(*story) as gates:
        gates.all_becomes_well()


@pytest.mark.parametrize("story", STAYS.values(), ids=STAYS)
def test_a_version_that_was_not_let_through_replaces_nothing_though(story: tuple[Step, ...]) -> None:
    with Gates().playing(*story) as gates:
        runs = {image for name, image in gates.world.images().items() if not name.endswith("-canary")}
        assert runs == {"shop:v1"}
