"""When a revision has run well: a minute without harm, after all its processes were available."""

import dataclasses
from typing import Any

import pytest

from formation_operator.api.formation_status import Revision
from formation_operator.api.reasons import Trouble
from formation_operator.observe import pods
from formation_operator.observe.faults import Problem
from formation_operator.observe.pods import Pod
from formation_operator.observe.rollouts import DeploymentStatus
from formation_operator.replicas.count_owner import Replicas
from formation_operator.status import first_minute
from formation_operator.status.first_minute import FirstMinute
from formation_operator.status.observation import Observation
from tests.shared.builders import a_container, a_pod, running
from tests.unit.facts import INTENT, a_child, seen

V1, V2 = Revision(name="shop-1", number=1), Revision(name="shop-2", number=2)


def rollout(available: int, **changes: Any) -> DeploymentStatus:
    """Return how a Deployment reports that so many processes of its latest version are available."""
    figures = {"total": available, "updated": available, "ready": available, "available": available}
    return DeploymentStatus(**{"current": True, **figures, **changes})


def sees(
    revision: Revision | None = V1, *, paused: bool = False, **types: tuple[int, DeploymentStatus | None]
) -> Observation:
    """Return what a pass sees: of each type the count that is wanted, and its Deployment's report."""
    children = {
        name: a_child(name=f"shop-{name}", rollout=it) for name, (_, it) in types.items() if it is not None
    }
    counts = {name: Replicas(desired=n, rendered=n, remembered=n) for name, (n, _) in types.items()}
    intents = dict.fromkeys(types, INTENT)
    return seen(counts=counts, deployments=children, intents=intents, revision=revision, paused=paused)


def restarted(world: Observation, **pods_of: int) -> Observation:
    """Return this where so many Pods of each type have restarted once."""
    return dataclasses.replace(
        world,
        pods={name: [a_restarted(f"{name}-{n}") for n in range(count)] for name, count in pods_of.items()},
    )


def a_restarted(name: str, restarts: int = 1) -> Pod:
    known = pods.pod(a_pod(a_container(running(), restarts=restarts), name=name, uid=f"uid-{name}"))
    assert known is not None
    return known


class Tried:
    """What is found out of a revision, look by look, each at a second."""

    def __init__(self) -> None:
        self._known: FirstMinute | None = None

    def __call__(self, at: float, world: Observation) -> float | None:
        self._known = first_minute.go_on(world, self._known, at)
        return first_minute.remaining(world, self._known, at)


@pytest.fixture
def look() -> Tried:
    return Tried()


def at(count: int) -> tuple[int, DeploymentStatus]:
    """Return a type all of whose processes are available."""
    return count, rollout(count)


def test_it_has_run_well_a_minute_after_all_its_processes_were_available(look: Tried) -> None:
    assert look(0, sees(web=(2, rollout(1)), worker=at(1))) is None
    assert look(5, sees(web=at(2), worker=at(1))) == 60
    assert look(25, sees(web=at(2), worker=at(1))) == 40
    assert look(64.5, sees(web=at(2), worker=at(1))) == 0.5
    assert look(65, sees(web=at(2), worker=at(1))) == 0


@pytest.mark.parametrize("singleton", [{}, {"terminating": True}])
def test_what_was_available_for_an_instant_has_not(look: Tried, singleton: dict[str, bool]) -> None:
    assert look(0, sees(web=at(2))) == 60
    assert look(1, sees(web=(2, rollout(0, **singleton)))) is None
    assert look(61, sees(web=(2, rollout(0)))) is None
    assert look(90, sees(web=at(2))) == 60, "and then it begins anew"
    assert look(150, sees(web=at(2))) == 0


@pytest.mark.parametrize(("count", "few"), [(1, 0), (3, 0), (4, 1), (7, 1), (8, 2), (100, 25)])
def test_a_quarter_may_restart_or_be_lost_and_no_more(count: int, few: int) -> None:
    for number in (few, few + 1):
        for change in (
            restarted(sees(web=at(count)), web=number),
            sees(web=(count, rollout(count - number))),
        ):
            look = Tried()
            look(0, sees(web=at(count)))
            look(30, change)
            assert (look(60, change) == 0) == (number == few)


def test_restarts_from_before_it_was_available_count_for_nothing(look: Tried) -> None:
    assert look(0, restarted(sees(web=(2, rollout(1))), web=2)) is None
    assert look(10, restarted(sees(web=at(2)), web=2)) == 60
    assert look(70, restarted(sees(web=at(2)), web=2)) == 0


def test_a_restart_counts_even_if_nobody_saw_that_the_process_was_away(look: Tried) -> None:
    look(0, dataclasses.replace(sees(web=at(1)), pods={"web": [a_restarted("a")]}))
    again = dataclasses.replace(sees(web=at(1)), pods={"web": [a_restarted("a", 2)]})
    assert look(59, again) == 60
    assert look(119, again) == 0


def test_a_type_without_a_process_is_left_out_and_has_its_own_minute_once_it_has_one(look: Tried) -> None:
    assert look(0, sees(web=at(2), worker=at(0))) == 60
    assert look(50, sees(web=at(2), worker=(1, rollout(0)))) is None
    assert look(55, sees(web=at(2), worker=at(1))) == 60
    assert look(60, sees(web=at(2), worker=at(0))) == 0


def test_a_pause_at_zero_is_no_part_of_the_minute(look: Tried) -> None:
    look(0, sees(web=at(1)))
    assert look(30, sees(web=at(0))) is None
    assert look(300, sees(web=at(1))) == 60


@pytest.mark.parametrize(
    "unfinished",
    [{"total": 3, "updated": 2}, {"total": 2, "updated": 0}, {"current": False}],
    ids=["an old one still runs", "only old ones run", "the report is about the spec before"],
)
def test_the_minute_begins_when_nothing_else_runs(look: Tried, unfinished: dict[str, Any]) -> None:
    assert look(0, sees(web=(2, rollout(2, **unfinished)))) is None


def test_another_revision_has_a_minute_of_its_own(look: Tried) -> None:
    look(0, sees(V1, web=at(2)))
    assert look(59, sees(V2, web=at(2))) == 60
    assert look(70, sees(V1, web=at(2))) == 60


def test_processes_of_another_pod_template_have_a_minute_of_their_own(look: Tried) -> None:
    look(0, sees(web=(2, rollout(2, revision="1"))))
    assert look(59, sees(web=(2, rollout(2, revision="3")))) == 60


UNKEPT = Problem("", Trouble.REFUSED, "no")


@pytest.mark.parametrize(
    "world",
    [
        dataclasses.replace(sees(web=at(2)), unrevised=UNKEPT),
        sees(paused=True, web=at(2)),
        dataclasses.replace(sees(web=at(2)), intents={}),
        sees(None, web=at(2)),
    ],
)
def test_what_is_rolled_out_has_to_be_what_the_revision_keeps(look: Tried, world: Observation) -> None:
    look(0, sees(web=at(2)))
    assert look(59, world) is None
    assert look(61, sees(web=at(2))) == 60
