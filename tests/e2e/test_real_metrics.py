"""An autoscaler with real figures: metrics-server reads them from the real kubelet."""

import pathlib

import pytest

from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.cluster import images, metrics
from tests.cluster.cluster import Cluster
from tests.contract.counting import an_hpa
from tests.e2e.workers import READY

pytestmark = pytest.mark.node

IMAGE = "registry.example.com/busy:v1"
BUSY = """
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	for {
		select {
		case <-signals:
			return
		default:
		}
	}
}
"""


@pytest.fixture
def busy(administrator: Cluster, real_node: Cluster, tmp_path: pathlib.Path) -> None:
    """Put a program that never rests onto the node, and have its use of the CPU measured."""
    program = tmp_path / "busy"
    program.mkdir()
    (program / "go.mod").write_text("module formations.dev/busy\n\ngo 1.26\n")
    (program / "main.go").write_text(BUSY)
    images.load(real_node, images.from_program(program, images.Image(IMAGE, user="65532")))
    metrics.start(administrator)


def test_a_busy_type_is_scaled_out_by_an_autoscaler_and_nobody_fights_it(user: Client, busy: None) -> None:
    limited = {"requests": {"cpu": "50m"}, "limits": {"cpu": "100m"}}
    user.apply(a_formation(image=IMAGE, processes={"worker": a_process("/busy", resources=limited)}))
    user(*READY)

    hpa = an_hpa(1)
    hpa["spec"]["maxReplicas"] = 3
    user.apply(hpa)

    eventually(lambda: user.get("deployment", "shop-worker")["spec"]["replicas"] == 3, patience=300)
    worker = eventually(lambda: user.reported()["status"]["processes"]["worker"])
    assert worker["replicasManagedBy"] == "HorizontalPodAutoscaler/shop-worker-deployment"
    user(*READY)
    assert not user.events("DriftRepaired")
