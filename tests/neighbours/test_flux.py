"""What Flux's own code makes of deploys, releases and counts."""

import pytest

from tests.builders import Manifest
from tests.client import Client, throughout
from tests.contract.counting import count
from tests.neighbours import flux, lives

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]


@pytest.mark.parametrize("by_expressions", [False, True], ids=["kstatus", "our expressions"])
def test_flux_sees_a_deploy_and_a_release_as_they_are(person: Client, by_expressions: bool) -> None:
    def trouble(formation: Manifest, seconds: int = 120) -> str:
        return flux.sync(person, formation, by_expressions=by_expressions, seconds=seconds).trouble

    assert not trouble(lives.good())
    assert "status: 'Failed'" in trouble(lives.releasing("2", "exit 1"))
    waiting = lives.releasing("3", lives.WAITS)
    assert "status: 'InProgress'" in trouble(waiting, seconds=10)
    lives.let_go(person)
    assert not trouble(waiting)
    assert "status: 'Failed'" in trouble(lives.bad("4"))
    assert not trouble(lives.good("5"))


@pytest.mark.parametrize("in_git", [True, False], ids=["declared", "omitted"])
def test_a_sync_of_flux_changes_nothing_but_a_declared_count_that_was_scaled(
    person: Client, in_git: bool
) -> None:
    formation = lives.good() if in_git else lives.uncounted()
    assert flux.sync(person, formation).action == "created"
    before = person.reported()["metadata"]["resourceVersion"]
    assert flux.sync(person, formation).action == "unchanged"
    assert person.reported()["metadata"]["resourceVersion"] == before

    lives.scale(person)
    action = flux.sync(person, formation).action

    assert action == ("configured" if in_git else "unchanged")
    assert throughout(5, lambda: count(person)) == (1 if in_git else 2)
