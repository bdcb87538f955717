"""A change is made from what the Formation says at that moment."""

import pytest

from formation_cli import failures
from formation_cli.changes import patches
from formation_cli.cluster.port import Listed
from formation_cli.commands import writing
from tests.shared import builders
from tests.unit.cli.fake_cluster import FakeCluster

SHOP = builders.stored(builders.a_formation())


def stop(cluster: FakeCluster, name: str = "shop") -> bool:
    before, after = writing.change(cluster, name, lambda found: patches.suspend(found, suspended=True))
    return before == SHOP and after["spec"]["suspend"] is True


def test_a_change_that_came_too_late_is_made_again() -> None:
    cluster = FakeCluster(Formation=[SHOP])
    cluster.conflicts = writing.TRIES - 1
    assert stop(cluster)


def test_who_may_not_list_formations_is_told_that_there_is_none_of_the_name() -> None:
    class Closed(FakeCluster):
        def select(self, kind: str, *, labels: str = "", fields: str = "") -> Listed:
            raise failures.NoAccess("no")

    with pytest.raises(failures.NotFound, match="There is no Formation shpo"):
        stop(Closed(Formation=[SHOP]), "shpo")
