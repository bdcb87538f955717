"""Scaling in interrupts no worker that has marked itself as busy, by hand and by an HPA."""

import time
from collections.abc import Iterator

import pytest

from hack.cluster.cluster import Cluster
from hack.images import system_image
from hack.operator_process import OperatorProcess
from tests.contract.external_metrics import served
from tests.live import once
from tests.live.client import Client, eventually
from tests.shared.builders import Manifest
from tests.systems import scaled_in
from tests.systems.scaled_in import WORKERS, App, measured

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def apps(real_node: Cluster, operator: OperatorProcess) -> Iterator[list[App]]:
    """One app for each way."""
    with scaled_in.started(real_node) as apps:
        yield apps


def by_hand(app: App, number: int) -> None:
    app.user("scale", "deployment/shop-worker", f"--replicas={number}")


def test_a_job_that_is_shorter_than_the_grace_period_is_done_before_its_worker_ends(
    user: Client, real_node: Cluster, operator: OperatorProcess
) -> None:
    once.load(real_node, system_image.build("celery"))
    begin = time.time()
    app = App(user, "own-choice", jobs=WORKERS, grace=90, seconds=(60, 60))
    by_hand(app, WORKERS)
    eventually(lambda: app.settled(WORKERS) and len(app.records("begun")) == WORKERS, 120)

    by_hand(app, 1)

    eventually(lambda: app.settled(1), 120)
    row = app.row("by hand", 1, begin, time.time())
    assert (row["ended"], row["interrupted"], row["lost"]) == (WORKERS - 1, WORKERS - 1, 0)


def test_workers_that_mark_themselves_are_not_interrupted_by_hand(apps: list[App]) -> None:
    measured(apps, "by hand", by_hand)


def test_workers_that_mark_themselves_are_not_interrupted_by_an_hpa(
    apps: list[App], real_node: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = {"type": "AverageValue", "averageValue": "1"}
    metric = {"type": "External", "external": {"metric": {"name": "jobs"}, "target": target}}
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 0}}
    autoscaling = {"minReplicas": 1, "maxReplicas": WORKERS, "metrics": [metric], "behavior": behavior}
    with served(real_node, tmp_path_factory.mktemp("metrics")) as jobs:
        jobs.waiting = WORKERS
        for app in apps:
            scaled_by_itself(app, autoscaling)
        measured(apps, "by an HPA", lambda _, number: setattr(jobs, "waiting", number))
        for app in apps:
            scaled_by_itself(app, None)
            eventually(lambda app=app: app.user.find("hpa", "shop-worker") is None)  # type: ignore[misc]


def scaled_by_itself(app: App, autoscaling: Manifest | None) -> None:
    app.user.merge("formation", "shop", {"spec": {"processes": {"worker": {"autoscaling": autoscaling}}}})
