"""What kube-state-metrics shows of Formations, with the configuration that we ship for it."""

import contextlib
import pathlib
import subprocess
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from hack.cluster import build, paths
from hack.cluster.cluster import Cluster
from hack.local_http import free_port, text_of
from tests.live.client import Client, eventually
from tests.neighbours import lives

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]

CONFIGURATION = paths.ROOT / "manifests" / "kube-state-metrics" / "formations.yaml"


@contextlib.contextmanager
def running(cluster: Cluster, folder: pathlib.Path) -> Iterator[str]:
    """Run kube-state-metrics for custom resources alone, and yield the address of its metrics."""
    port = free_port()
    command = [
        str(build.ensure((build.KUBE_STATE_METRICS,))["kube-state-metrics"]),
        f"--kubeconfig={cluster.kubeconfig}",
        *("--host=127.0.0.1", f"--port={port}"),
        *("--telemetry-host=127.0.0.1", f"--telemetry-port={free_port()}"),
        "--custom-resource-state-only",
        f"--custom-resource-state-config-file={CONFIGURATION}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield f"http://127.0.0.1:{port}/metrics"
        finally:
            process.terminate()


def samples(address: str, namespace: str) -> list[Sample]:
    """Return what it shows of a namespace, or nothing while it starts."""
    try:
        text = text_of(address, seconds=5)
    except OSError:
        return []
    families = text_string_to_metric_families(text)
    found = [sample for family in families for sample in family.samples]
    return [sample for sample in found if sample.labels.get("namespace") == namespace]


def test_it_shows_conditions_and_counts(person: Client, tmp_path: pathlib.Path) -> None:
    person.ready(lives.good())
    with running(person.cluster, tmp_path) as address:

        def value(name: str, **labels: str) -> float | None:
            wanted = {"name": "shop", **labels}.items()
            listed = samples(address, person.namespace)
            return next((s.value for s in listed if s.name == name and wanted <= s.labels.items()), None)

        condition, ready = "kube_formation_status_condition", "kube_formation_process_ready_replicas"
        assert eventually(lambda: value(condition, type="Ready"), patience=60) == 1
        assert value(ready, process_type="worker") == 1
        assert value("kube_formation_process_desired_replicas", process_type="worker") == 1
        assert value("kube_formation_spec_suspend") == 0
        assert value("kube_formation_info", image=lives.good()["spec"]["image"]) == 1

        person.merge("formation", "shop", {"spec": {"suspend": True}})

        eventually(lambda: value("kube_formation_spec_suspend") == 1)
        eventually(lambda: value(ready, process_type="worker") == 0)
        person.merge("formation", "shop", {"spec": {"suspend": None}})
        eventually(lambda: value(ready, process_type="worker") == 1)
        person.apply(lives.bad("2"))
        eventually(lambda: value(condition, type="Stalled") == 1, patience=120)
    assert "error" not in (tmp_path / "log").read_text().lower()
