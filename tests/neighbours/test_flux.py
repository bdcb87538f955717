"""What a real Flux makes of deploys, releases and counts."""

import pytest

from tests.contract.counting import count, managed_by
from tests.live.client import eventually, throughout
from tests.neighbours import lives
from tests.neighbours.flux import Folder

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]


@pytest.mark.parametrize("by_expressions", [False, True], ids=["kstatus", "our expressions"])
def test_flux_sees_a_deploy_and_a_release_as_they_are(folder: Folder, by_expressions: bool) -> None:
    folder.follow(by_expressions=by_expressions)
    folder.ready("True", folder.push(lives.good()))
    failed = folder.ready("False", folder.push(lives.releasing("2", "exit 1")))
    assert "status: 'Failed'" in failed["message"]
    waiting = folder.push(lives.releasing("3", lives.WAITS))
    assert folder.ready("Unknown", waiting)["reason"] == "Progressing"
    lives.let_go(folder.user)
    folder.ready("True", waiting)
    failed = folder.ready("False", folder.push(lives.bad("4")))
    assert "status: 'Failed'" in failed["message"]
    folder.ready("True", folder.push(lives.good("5")))


@pytest.mark.parametrize("in_git", lives.IN_GIT)
def test_a_sync_of_flux_changes_nothing_but_a_declared_count_that_was_scaled(
    folder: Folder, in_git: str
) -> None:
    folder.follow()
    folder.ready("True", folder.push(lives.IN_GIT[in_git]))
    eventually(lambda: in_git != "autoscaled" or managed_by(folder.user))
    before = folder.user.reported()["metadata"]["resourceVersion"]
    folder.sync("first")
    assert folder.user.reported()["metadata"]["resourceVersion"] == before

    lives.scale(folder.user)
    folder.sync("second")

    wanted = 1 if in_git == "declared" else 2
    eventually(lambda: count(folder.user) == wanted)
    assert throughout(5, lambda: count(folder.user)) == wanted
