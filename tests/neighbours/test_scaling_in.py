"""Scaling in by a real KEDA interrupts no worker that has marked itself as busy."""

from collections.abc import Iterator

import pytest

from hack.cluster.cluster import Cluster
from tests.live.client import eventually
from tests.neighbours.keda import a_scaled_object
from tests.systems import redis_store, scaled_in
from tests.systems.scaled_in import WORKERS, App, measured

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node, pytest.mark.timeout(3600)]


@pytest.fixture
def apps(with_keda: Cluster) -> Iterator[list[App]]:
    """One app for each way."""
    with scaled_in.started(with_keda) as apps:
        yield apps


def wanted(app: App, number: int) -> None:
    redis_store.fill(app.store, "wanted", number)


def test_workers_that_mark_themselves_are_not_interrupted_by_keda(apps: list[App]) -> None:
    for app in apps:
        eventually(lambda app=app: redis_store.answers(app.store))  # type: ignore[misc]
        wanted(app, WORKERS)
        redis = {"address": f"{app.store}:6379", "listName": "wanted", "listLength": "1"}
        app.user.apply(a_scaled_object(1, {"type": "redis", "metadata": redis}))
    measured(apps, "by KEDA", wanted)
