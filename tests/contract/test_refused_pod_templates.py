"""What the API server refuses in a ``podTemplate``: what is ours there, and what no Pod could run with."""

from typing import Any

import pytest

from tests.builders import Manifest
from tests.client import Client
from tests.contract.manifests import (
    SIDECAR,
    P,
    W,
    check_refused,
    containers,
    formation,
    limits,
    own,
    refused,
    variable,
    worker,
)

BOTH = variable(value="1", valueFrom={"secretKeyRef": {"name": "s", "key": "k"}})

OWN_FIELDS: dict[str, Any] = {"image": "shop:v2", "command": ["a"], "args": ["a"]}
POD_TEMPLATES = [
    refused(
        f"the process's own {field}",
        worker(podTemplate=own(**{field: value})),
        f"{W}.podTemplate.spec.containers[0].{field}",
        f"spec.processes.<type>.{field}",
    )
    for field, value in OWN_FIELDS.items()
] + [
    refused(
        "the shared podTemplate with the process's own image",
        formation(podTemplate=own(image="shop:v2")),
        "spec.podTemplate.spec.containers[0].image",
    ),
    refused(
        "a port named http",
        worker(podTemplate=own(ports=[{"name": "http", "containerPort": 80}])),
        f"{W}.podTemplate.spec.containers[0].ports",
        "spec.processes.<type>.port",
    ),
    refused(
        "the type's port once more",
        worker(port=8080, podTemplate=own(ports=[{"containerPort": 8080}])),
        f"{W}.podTemplate.spec.containers",
        "port",
    ),
    refused(
        "the type's port once more, with its protocol",
        worker(port=8080, podTemplate=own(ports=[{"containerPort": 8080, "protocol": "TCP"}])),
        f"{W}.podTemplate.spec.containers",
        "port",
    ),
    refused(
        "a type's port in the shared podTemplate",
        formation(podTemplate=own(ports=[{"name": "web", "containerPort": 8080}])),
        "spec.podTemplate.spec.containers",
        "port",
    ),
    refused(
        "a label of ours in podTemplate",
        worker(podTemplate={"metadata": {"labels": {"formations.dev/formation": "x"}}}),
        f"{W}.podTemplate.metadata.labels",
        "formations.dev/formation",
    ),
    refused(
        "a label's value with a space in podTemplate",
        worker(podTemplate={"metadata": {"labels": {"team": "a b"}}}),
        f"{W}.podTemplate.metadata.labels.team",
        "a b",
    ),
    refused(
        "a container named like its type",
        worker(podTemplate=containers({"name": "worker", "image": "x"})),
        P,
        "'worker': a container in its podTemplate is named like the process type",
        "call it process",
    ),
    refused(
        "a shared container named like a type",
        formation(podTemplate=containers({"name": "web", "image": "x"})),
        "spec.podTemplate.spec.containers",
        "a container is named 'web', like the process type",
        "call it process",
    ),
    refused(
        "an init container named like its type",
        worker(podTemplate=containers({"name": "worker", "image": "x"}, kind="initContainers")),
        P,
        "'worker': a container in its podTemplate",
    ),
    refused(
        "an init container named process",
        worker(podTemplate=containers({"name": "process", "image": "x"}, kind="initContainers")),
        f"{W}.podTemplate.spec.initContainers[0].name",
    ),
    refused(
        "a sidecar without an image",
        worker(podTemplate=containers({"name": "app"})),
        "'worker': a container in its podTemplate has no image",
        "process",
    ),
    refused(
        "a shared sidecar without an image",
        formation(podTemplate=containers({"name": "app"})),
        "spec.podTemplate.spec.containers[0].image",
        "'app' has no image",
    ),
    refused(
        "a sidecar twice",
        worker(podTemplate=containers(SIDECAR, SIDECAR)),
        "containers[1]",
        "Duplicate",
        "proxy",
    ),
    refused(
        "a Pod that never restarts",
        worker(podTemplate={"spec": {"restartPolicy": "Never"}}),
        "restartPolicy",
        '"Always"',
    ),
    refused(
        "an ephemeral container",
        worker(podTemplate={"spec": {"ephemeralContainers": []}}),
        "ephemeralContainers",
    ),
    refused(
        "a quantity in podTemplate",
        worker(podTemplate=own(resources=limits(memory="5GBx"))),
        "containers[0].resources.limits.memory",
        "5GBx",
    ),
    *(
        refused(
            f"a port named {name}",
            worker(podTemplate=own(ports=[{"name": name, "containerPort": 9090}])),
            f"{W}.podTemplate.spec.containers[0].ports[0].name",
            name,
        )
        for name in ("metrics_port", "Metrics", "metrics-")
    ),
    *(
        refused(
            f"a value and valueFrom in {kind}",
            formation(podTemplate=containers({**SIDECAR, "env": [BOTH]}, kind=kind)),
            f"spec.podTemplate.spec.{kind}[0].env[0]",
            "'A' has both value and valueFrom",
        )
        for kind in ("containers", "initContainers")
    ),
    refused(
        "the process's own variable with valueFrom nothing",
        worker(podTemplate=own(env=[variable(valueFrom={})])),
        f"{W}.podTemplate.spec.containers[0].env[0].valueFrom",
        "exactly one",
    ),
    refused(
        "a preStop without a command",
        worker(podTemplate=own(lifecycle={"preStop": {"exec": {}}})),
        "containers[0].lifecycle.preStop.exec.command",
        "Required",
    ),
    refused(
        "a readiness probe that ends processes",
        worker(podTemplate=own(readinessProbe={"terminationGracePeriodSeconds": 5})),
        f"{W}.podTemplate.spec.containers[0].readinessProbe.terminationGracePeriodSeconds",
        "only a livenessProbe and a startupProbe",
    ),
    refused(
        "a pull secret without a name",
        formation(podTemplate={"spec": {"imagePullSecrets": [{}]}}),
        "imagePullSecrets[0].name",
        "Required",
    ),
]


@pytest.mark.parametrize(("manifest", "fragments"), POD_TEMPLATES)
def test_apply_is_refused_for(refusing: Client, manifest: Manifest, fragments: tuple[str, ...]) -> None:
    check_refused(refusing, manifest, fragments)
