"""KEDA's real webhook with its own CRDs and configuration, and a ScaledObject."""

import base64
import json
import pathlib
from typing import Any

import yaml

from tests.builders import text
from tests.client import Client, established, eventually
from tests.cluster import build, certificates, golang, lifecycle, settings
from tests.cluster.cluster import Cluster, environment
from tests.local_http import free_port
from tests.operator_process import healthy

MODULE = "github.com/kedacore/keda/v2"
WEBHOOK = "keda-admission"


def install(cluster: Cluster, folder: pathlib.Path) -> None:
    """Start the webhook, whose certificates go into a folder, and have the API server ask it."""
    found = golang.run(["mod", "download", "-json", MODULE], build.KEDA.folder, "keda-sources")
    shipped = pathlib.Path(json.loads(found)["Dir"]) / "config"
    # Server-side, because an annotation that holds all of one of them would be too large.
    cluster.run_kubectl("apply", "--server-side", "-f", str(shipped / "crd" / "bases"))
    established(Client(cluster, "default"), "scaledobjects.keda.sh")
    certificates.Authority(folder, "ca").issue("tls", WEBHOOK, hosts=(settings.LOOPBACK,))
    port = start(cluster, folder)
    configuration = yaml.safe_load((shipped / "webhooks" / "validation_webhooks.yaml").read_text())
    authority = base64.b64encode((folder / "ca.crt").read_bytes()).decode()
    for each in configuration["webhooks"]:
        path = each["clientConfig"]["service"]["path"]
        each["clientConfig"] = {"url": f"https://{settings.LOOPBACK}:{port}{path}", "caBundle": authority}
        each["failurePolicy"] = "Fail"  # one that can't be reached must not look like one that agrees
    cluster.run_kubectl("apply", "-f", "-", stdin=text(configuration))


def start(cluster: Cluster, folder: pathlib.Path) -> int:
    """Start the process, and return its port."""
    port, health = free_port(), f"{settings.LOOPBACK}:{free_port()}"
    command = [str(build.ensure((build.KEDA,))["webhooks"]), f"--port={port}", f"--cert-dir={folder}"]
    command += ["--metrics-bind-address=0", f"--health-probe-bind-address={health}"]
    lifecycle.start_guest(WEBHOOK, command, {**environment(), "KUBECONFIG": str(cluster.kubeconfig)})
    eventually(lambda: healthy(f"http://{health}/readyz"))
    return port


def uninstall(cluster: Cluster) -> None:
    """Take away what would hold up others once nothing answers."""
    cluster.run_kubectl("delete", f"validatingwebhookconfiguration/{WEBHOOK}")


def a_scaled_object() -> dict[str, Any]:
    """Return a ScaledObject that scales the worker by the Pods that are jobs."""
    trigger = {"podSelector": "app=job", "value": "1"}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "shop-worker"},
        "spec": {
            "scaleTargetRef": {"name": "shop-worker"},
            "minReplicaCount": 3,
            "triggers": [{"type": "kubernetes-workload", "metadata": trigger}],
        },
    }
