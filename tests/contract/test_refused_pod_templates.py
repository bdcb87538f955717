"""What the API server refuses in a ``podTemplate``: what is ours there, and what no Pod could run with."""

from typing import Any

from syrupy.assertion import SnapshotAssertion

from tests.contract.manifests import (
    SIDECAR,
    check_refused,
    containers,
    formation,
    limits,
    own,
    variable,
    worker,
)
from tests.live.client import Client
from tests.shared.builders import Manifest

BOTH = variable(value="1", valueFrom={"secretKeyRef": {"name": "s", "key": "k"}})

OWN_FIELDS: dict[str, Any] = {"image": "shop:v2", "command": ["a"], "args": ["a"]}
POD_TEMPLATES: dict[str, Manifest] = {
    **{
        f"the process's own {field}": worker(podTemplate=own(**{field: value}))
        for field, value in OWN_FIELDS.items()
    },
    "the shared podTemplate with the process's own image": formation(podTemplate=own(image="shop:v2")),
    "a port named http": worker(podTemplate=own(ports=[{"name": "http", "containerPort": 80}])),
    "the type's port once more": worker(port=8080, podTemplate=own(ports=[{"containerPort": 8080}])),
    "the type's port once more, with its protocol": worker(
        port=8080, podTemplate=own(ports=[{"containerPort": 8080, "protocol": "TCP"}])
    ),
    "a type's port in the shared podTemplate": formation(
        podTemplate=own(ports=[{"name": "web", "containerPort": 8080}])
    ),
    "a label of ours in podTemplate": worker(
        podTemplate={"metadata": {"labels": {"formations.dev/formation": "x"}}}
    ),
    "a label's value with a space in podTemplate": worker(
        podTemplate={"metadata": {"labels": {"team": "a b"}}}
    ),
    "a container named like its type": worker(podTemplate=containers({"name": "worker", "image": "x"})),
    "a shared container named like a type": formation(podTemplate=containers({"name": "web", "image": "x"})),
    "an init container named like its type": worker(
        podTemplate=containers({"name": "worker", "image": "x"}, kind="initContainers")
    ),
    "an init container named process": worker(
        podTemplate=containers({"name": "process", "image": "x"}, kind="initContainers")
    ),
    "a sidecar without an image": worker(podTemplate=containers({"name": "app"})),
    "a shared sidecar without an image": formation(podTemplate=containers({"name": "app"})),
    "a sidecar twice": worker(podTemplate=containers(SIDECAR, SIDECAR)),
    "a Pod that never restarts": worker(podTemplate={"spec": {"restartPolicy": "Never"}}),
    "an ephemeral container": worker(podTemplate={"spec": {"ephemeralContainers": []}}),
    "a quantity in podTemplate": worker(podTemplate=own(resources=limits(memory="5GBx"))),
    **{
        f"a port named {name}": worker(podTemplate=own(ports=[{"name": name, "containerPort": 9090}]))
        for name in ("metrics_port", "Metrics", "metrics-")
    },
    **{
        f"a value and valueFrom in {kind}": formation(
            podTemplate=containers({**SIDECAR, "env": [BOTH]}, kind=kind)
        )
        for kind in ("containers", "initContainers")
    },
    "the process's own variable with valueFrom nothing": worker(
        podTemplate=own(env=[variable(valueFrom={})])
    ),
    "a preStop without a command": worker(podTemplate=own(lifecycle={"preStop": {"exec": {}}})),
    "a readiness probe that ends processes": worker(
        podTemplate=own(readinessProbe={"terminationGracePeriodSeconds": 5})
    ),
    "a pull secret without a name": formation(podTemplate={"spec": {"imagePullSecrets": [{}]}}),
}


def test_apply_is_refused_for_a_wrong_pod_template(refusing: Client, snapshot: SnapshotAssertion) -> None:
    check_refused(refusing, POD_TEMPLATES, snapshot)
