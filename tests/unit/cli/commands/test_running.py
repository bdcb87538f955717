"""Which process a command or a port leads to."""

import pytest

from formation_cli import failures
from formation_cli.cluster import formations
from formation_cli.cluster.port import Object
from formation_cli.commands.enter import connect
from tests.shared import builders
from tests.shared.builders import a_container, a_pod, ago, waiting
from tests.unit.cli.fake_cluster import FakeCluster

SHOP = builders.stored(builders.a_formation())
UNPULLABLE = a_container(waiting("ImagePullBackOff", 'Back-off pulling image "shop:v9"'))
READY = a_pod(name="shop-worker-ready")
UNREADY = a_pod(a_container(builders.running(), ready=False), name="shop-worker-unready")
STOPPING = a_pod(name="shop-worker-stopping", deletionTimestamp=ago(1))
NOT_THERE = a_pod(UNPULLABLE, name="shop-worker-not-there")


def found(*pods: Object) -> str:
    cluster = FakeCluster(Formation=[SHOP], Pod=[*pods])
    return str(connect.find(cluster, formations.find(cluster, "shop"), None)["metadata"]["name"])


def test_it_is_one_that_runs_and_best_one_that_is_ready() -> None:
    assert found(NOT_THERE, STOPPING, UNREADY, READY) == "shop-worker-ready"
    assert found(NOT_THERE, STOPPING, UNREADY) == "shop-worker-unready"
    assert found(NOT_THERE, STOPPING) == "shop-worker-stopping"


def test_where_none_runs_the_reason_is_told() -> None:
    with pytest.raises(failures.Failure, match=r"No process of worker runs: .*shop:v9") as refused:
        found(NOT_THERE)
    assert refused.value.hint == "kubectl formation ps shop"
