"""What Argo CD's own code makes of deploys, releases and counts."""

import itertools

import pytest

from tests.contract.counting import count
from tests.e2e.workers import READY
from tests.live.client import Client, eventually
from tests.live.history import History
from tests.neighbours import argo_cd, lives

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]


def test_argo_cd_sees_a_deploy_and_a_release_as_they_are(person: Client) -> None:
    history = History(person, "formation", "shop")
    person.ready(lives.good())
    person.apply(lives.releasing("2", "exit 1"))
    eventually(lambda: person.meets("Stalled"))
    person.apply(lives.releasing("3", lives.WAITS))
    lives.let_go(person)
    eventually(lambda: person.meets("Ready") and not person.meets("Reconciling"))
    person.apply(lives.bad("4"))
    eventually(lambda: person.meets("Stalled"), patience=120)
    person.applied(lives.good("5"))
    person(*READY)

    healths = [each for each, _ in itertools.groupby(argo_cd.health(history.end()))]

    under_way, failed = ["Progressing", "Healthy"], ["Progressing", "Degraded"]
    assert healths == [*under_way, *failed, *under_way, *failed, *under_way]


@pytest.mark.parametrize("in_git", lives.IN_GIT)
def test_argo_cd_sees_no_difference_but_a_declared_count_that_was_scaled(person: Client, in_git: str) -> None:
    formation = lives.IN_GIT[in_git]
    person.ready(formation)
    assert not argo_cd.is_out_of_sync(person.reported(), formation)

    lives.scale(person)

    assert argo_cd.is_out_of_sync(person.reported(), formation) is (in_git == "declared")


def written(person: Client, action: str, **parameters: str) -> None:
    """Write what an action changes, as Argo CD does: by a merge patch."""
    changed = argo_cd.act(person.reported(), action, **parameters)
    assert isinstance(changed, dict)
    person.merge("formation", "shop", {"spec": changed["spec"]})


def test_argo_cd_offers_actions_and_the_operator_carries_them_out(person: Client) -> None:
    person.ready(lives.good())
    live = person.reported()
    assert argo_cd.offered(live) == {"stop": [], "pause": [], "scale": ["type", "replicas"]}
    refused = argo_cd.act(live, "scale", type="wroker", replicas="2")
    assert refused == "there is no process type 'wroker': the types are worker"

    written(person, "scale", type="worker", replicas="2")
    eventually(lambda: count(person) == 2)
    written(person, "stop")
    eventually(lambda: count(person) == 0)
    assert "start" in argo_cd.offered(person.reported())

    written(person, "start")

    eventually(lambda: count(person) == 2)
    person(*READY)
