"""An autoscaler with real figures: metrics-server reads them from the real kubelet."""

import pytest

from hack.cluster import metrics
from hack.cluster.cluster import Cluster
from tests.e2e import workers
from tests.e2e.workers import READY
from tests.live.client import Client, eventually
from tests.shared.builders import Manifest
from tests.shared.minors import since

pytestmark = pytest.mark.node


@pytest.fixture
def measured(administrator: Cluster, real_node: Cluster) -> None:
    """Have the use of the CPU measured."""
    metrics.start(administrator)


LIMITED = {"resources": {"requests": {"cpu": "50m"}, "limits": {"cpu": "100m"}}}


@pytest.mark.parametrize(
    "requested",
    [LIMITED, pytest.param({"podTemplate": {"spec": LIMITED}}, marks=since("1.34", "it drops the field"))],
    ids=["by its container", "by its Pod"],
)
def test_a_busy_type_is_scaled_out_by_its_declared_autoscaler_and_nobody_fights_it(
    person: Client, measured: None, requested: Manifest
) -> None:
    busy = workers.shop("/bin/sh", "-c", "while :; do :; done", **requested)
    busy["spec"]["processes"]["worker"] |= {"replicas": 1, "autoscaling": {"maxReplicas": 3}}
    person.apply(busy)
    person(*READY)

    eventually(lambda: person.get("deployment", "shop-worker")["spec"]["replicas"] == 3, patience=300)
    worker = eventually(lambda: person.reported()["status"]["processes"]["worker"])
    assert worker["replicasManagedBy"] == "HorizontalPodAutoscaler/shop-worker"
    person(*READY)
    assert not person.condition("AutoscalerFailing")
    assert not person.events("DriftRepaired")
