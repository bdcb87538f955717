"""A real KEDA: its operator, its adapter for the API of external metrics, and its webhook."""

import base64
import pathlib
from typing import Any

import yaml

from hack.cluster import build, certificates, metrics, settings
from hack.cluster.cluster import Cluster
from hack.local_http import free_port
from tests.live.client import Client
from tests.neighbours import installing
from tests.shared.builders import Manifest, text

NAMESPACE = "keda"
VARIABLES = {"POD_NAMESPACE": NAMESPACE, "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE, "WATCH_NAMESPACE": ""}
ADAPTER, EXTERNAL = "keda-metrics-apiserver", "external.metrics.k8s.io"
WEBHOOK = "keda-admission"
JOB = {"containers": [{"name": "job", "image": "registry.example.com/job:v1"}]}


def install(cluster: Cluster, folder: pathlib.Path) -> None:
    """Start all three with KEDA's own CRDs; their certificates go into a folder."""
    shipped = installing.configuration(build.KEDA, "github.com/kedacore/keda/v2")
    installing.know(cluster, shipped)
    cluster.run_kubectl("create", "namespace", NAMESPACE)
    authority = certificates.Authority(folder, "ca")
    authority.issue("tls", NAMESPACE, hosts=(settings.LOOPBACK, settings.BRIDGE_ADDRESS))
    figures = f"{settings.LOOPBACK}:{free_port()}"
    start_operator(cluster, folder, figures)
    start_webhook(cluster, folder, shipped)
    start_adapter(cluster, folder, figures)


def start(cluster: Cluster, name: str, command: str, *flags: str) -> None:
    """Start one of KEDA's commands."""
    binary = build.ensure((build.KEDA,))[command]
    installing.start(cluster, name, [str(binary), *flags], **VARIABLES)


def start_operator(cluster: Cluster, folder: pathlib.Path, figures: str) -> None:
    """Start what scales between 0 and 1, and makes an HPA for the rest."""
    health = f"{settings.LOOPBACK}:{free_port()}"
    flags = ["--enable-prometheus-metrics=false", f"--health-probe-bind-address={health}"]
    flags += [f"--metrics-service-bind-address={figures}", f"--cert-dir={folder}"]
    start(cluster, "keda-operator", "operator", *flags)
    installing.wait_until_healthy(health)


def start_adapter(cluster: Cluster, folder: pathlib.Path, figures: str) -> None:
    """Start what Kubernetes' own autoscaler asks for the figures of KEDA's HPAs."""
    port, kubeconfig = free_port(), cluster.kubeconfig
    flags = [f"--bind-address={settings.BRIDGE_ADDRESS}", f"--secure-port={port}", f"--cert-dir={folder}"]
    flags += [f"--tls-cert-file={folder}/tls.crt", f"--tls-private-key-file={folder}/tls.key"]
    flags += [f"--metrics-service-address={figures}", f"--port={free_port()}"]
    flags += [f"--{which}-kubeconfig={kubeconfig}" for which in ("authentication", "authorization", "lister")]
    start(cluster, ADAPTER, "adapter", *flags)
    metrics.serve(cluster, ADAPTER, EXTERNAL, port)


def start_webhook(cluster: Cluster, folder: pathlib.Path, shipped: pathlib.Path) -> None:
    """Start what refuses ScaledObjects, and have KEDA's own configuration lead to it."""
    port, health = free_port(), f"{settings.LOOPBACK}:{free_port()}"
    flags = [f"--port={port}", f"--cert-dir={folder}", "--metrics-bind-address=0"]
    start(cluster, WEBHOOK, "webhooks", *flags, f"--health-probe-bind-address={health}")
    installing.wait_until_healthy(health)
    configuration = yaml.safe_load((shipped / "webhooks" / "validation_webhooks.yaml").read_text())
    authority = base64.b64encode((folder / "ca.crt").read_bytes()).decode()
    for each in configuration["webhooks"]:
        path = each["clientConfig"]["service"]["path"]
        each["clientConfig"] = {"url": f"https://{settings.LOOPBACK}:{port}{path}", "caBundle": authority}
        each["failurePolicy"] = "Fail"  # one that can't be reached must not look like one that agrees
    cluster.run_kubectl("apply", "-f", "-", stdin=text(configuration))


def uninstall(cluster: Cluster) -> None:
    """Take away what would hold up others once nothing answers."""
    gone = (f"apiservice/v1beta1.{EXTERNAL}", f"validatingwebhookconfiguration/{WEBHOOK}")
    cluster.run_kubectl("delete", "--ignore-not-found", *gone)


PODS = {"type": "kubernetes-workload", "metadata": {"podSelector": "app=job", "value": "1"}}
"""A trigger that wants a worker for each Pod that is a job."""


def a_scaled_object(minimum: int, trigger: Manifest = PODS) -> Manifest:
    """Return a ScaledObject that wants at least a minimum of workers."""
    at_once = {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}}}
    spec: dict[str, Any] = {
        "scaleTargetRef": {"name": "shop-worker"},
        "pollingInterval": 1,
        "cooldownPeriod": 1,
        "minReplicaCount": minimum,
        "maxReplicaCount": 10,
        "advanced": {"horizontalPodAutoscalerConfig": at_once},
        "triggers": [trigger],
    }
    metadata = {"name": "shop-worker"}
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": metadata, "spec": spec}


def add_jobs(user: Client, number: int) -> None:
    """Make Pods that count as jobs, all at once; where Pods are held, they wait."""
    jobs = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"job-{index}", "labels": {"app": "job"}}}
        for index in range(number)
    ]
    items = [{**each, "spec": JOB} for each in jobs]
    user.apply({"apiVersion": "v1", "kind": "List", "items": items})
