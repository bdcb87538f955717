"""Commands are typed on the cluster of their module."""

import pytest

from formation_cli import cluster_options, options
from formation_cli.commands import waiting
from tests.unit.cli.deployments import a_deployment
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import R1, R2, V2, shop
from tests.unit.cli.waits import Waits


@pytest.fixture(autouse=True)
def connected(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a command, or Tab, that asks for a cluster get the fixture of that name."""
    monkeypatch.setattr(options, "connect", lambda _: request.getfixturevalue("cluster"))
    monkeypatch.setattr(cluster_options, "connect", lambda *_, **__: request.getfixturevalue("cluster"))


@pytest.fixture
def cluster() -> FakeCluster:
    """A cluster where a second revision runs, and the first one has run well."""
    deployments = [a_deployment(type_=each) for each in V2["processes"]]
    return FakeCluster(Formation=[shop(R2, V2)], ControllerRevision=[R1, R2], Deployment=deployments)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    found = Waits()
    monkeypatch.setattr(waiting, "wait", found)
    return found
