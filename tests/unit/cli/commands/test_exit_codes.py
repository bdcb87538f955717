"""One table of refusals: 1 is about how things are, 2 about what was typed, 3 about what isn't there."""

import pytest

from formation_cli import failures
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import V2, a_revision, shop
from tests.unit.cli.typed import run

R2 = a_revision(2, V2)
CODES = {
    "deploy shop --retry": failures.FAILED,
    "release shop --retry": failures.FAILED,
    "rollback shop": failures.FAILED,
    "rollback shop --to 9": failures.MISTYPED,
    "history shop 9": failures.MISTYPED,
    "deploy shop x:3 --type absent": failures.MISTYPED,
    "scale shop absent=2": failures.MISTYPED,
    "restart shop absent": failures.MISTYPED,
    "config unset shop ABSENT": failures.MISTYPED,
    "run shop --schedule absent": failures.OURS,
    "stop shop --process absent": failures.MISTYPED,
    "deploy shop": failures.MISTYPED,
    "deploy shop x:3 --timeout 1s": failures.MISTYPED,
    "deploy absent x:3": failures.NOT_FOUND,
    "restart shop --using secret/absent": failures.NOT_FOUND,
}


@pytest.fixture(autouse=True)
def cluster() -> FakeCluster:
    return FakeCluster(Formation=[shop(R2, V2)], ControllerRevision=[R2])


@pytest.mark.parametrize("words", CODES)
def test_a_refusal_has_the_code_of_its_kind_and_changes_nothing(cluster: FakeCluster, words: str) -> None:
    assert "Error: " in run(words, CODES[words]).stderr
    assert cluster.dry_runs == []
