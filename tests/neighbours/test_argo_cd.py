"""What Argo CD's own code makes of deploys, releases and counts."""

import itertools

import pytest

from tests.client import Client, eventually
from tests.e2e.workers import READY
from tests.history import History
from tests.neighbours import argo_cd, lives

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]


def condition(user: Client, kind: str) -> bool:
    return (user.condition(kind) or {}).get("status") == "True"


def test_argo_cd_sees_a_deploy_and_a_release_as_they_are(person: Client) -> None:
    history = History(person, "formation", "shop")
    person.apply(lives.good())
    person(*READY)
    person.apply(lives.releasing("2", "exit 1"))
    eventually(lambda: condition(person, "Stalled"))
    person.apply(lives.releasing("3", lives.WAITS))
    lives.let_go(person)
    eventually(lambda: condition(person, "Ready") and not condition(person, "Reconciling"))
    person.apply(lives.bad("4"))
    eventually(lambda: condition(person, "Stalled"), patience=120)
    person.apply(lives.good("5"))
    person.reported()
    person(*READY)

    healths = [each for each, _ in itertools.groupby(argo_cd.health(history.end()))]

    under_way, failed = ["Progressing", "Healthy"], ["Progressing", "Degraded"]
    assert healths == [*under_way, *failed, *under_way, *failed, *under_way]


@pytest.mark.parametrize("in_git", lives.IN_GIT)
def test_argo_cd_sees_no_difference_but_a_declared_count_that_was_scaled(person: Client, in_git: str) -> None:
    formation = lives.IN_GIT[in_git]
    person.apply(formation)
    person(*READY)
    assert not argo_cd.is_out_of_sync(person.reported(), formation)

    lives.scale(person)

    assert argo_cd.is_out_of_sync(person.reported(), formation) is (in_git == "declared")
