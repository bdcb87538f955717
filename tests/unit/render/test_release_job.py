"""The Job of a release: of the shared podTemplate it has what suits what ends."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.api.release_key import release_key
from formation_operator.render import release_job
from formation_operator.render.pod_template import InvalidTypeError
from tests.builders import Manifest, a_formation
from tests.unit import structural
from tests.unit.facts import of_process, parsed

DIGEST = "0123456789abcdef" * 2
MIGRATE: Manifest = {"command": ["/shop", "migrate"]}
PROBE = {"tcpSocket": {"port": 9090}}
OF_PROCESSES: Manifest = {
    "livenessProbe": PROBE,
    "readinessProbe": PROBE,
    "startupProbe": PROBE,
    "ports": [{"name": "metrics", "containerPort": 9090}],
    "lifecycle": {"preStop": {"sleep": {"seconds": 20}}},
    "restartPolicy": "Always",
    "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}],
    "resizePolicy": [{"resourceName": "memory", "restartPolicy": "RestartContainer"}],
}


CASES = {
    "a command": a_formation(release=MIGRATE),
    "all that it may say": a_formation(
        labels={"team": "blue"},
        annotations={"owner": "me"},
        env=[{"name": "A", "value": "shared"}, {"name": "B", "value": "$(A)"}],
        envFrom=[{"configMapRef": {"name": "shared"}}],
        release={
            **MIGRATE,
            "args": ["--verbose"],
            "env": [{"name": "A", "value": "own"}],
            "envFrom": [{"secretRef": {"name": "owner"}}],
            "resources": {"limits": {"memory": "1Gi"}},
            "serviceAccountName": "owner",
            "activeDeadlineSeconds": 60,
            "backoffLimit": 2,
        },
    ),
    "a shared podTemplate": a_formation(
        release=MIGRATE,
        podTemplate={
            "metadata": {"labels": {"team": "blue"}, "annotations": {"scrape": "yes"}},
            "spec": {
                "restartPolicy": "Always",
                "serviceAccountName": "shop",
                "imagePullSecrets": [{"name": "registry"}],
                "volumes": [{"name": "data", "emptyDir": {}}],
                "initContainers": [{"name": "tunnel", "image": "tunnel", "restartPolicy": "Always"}],
                "containers": [
                    {
                        "name": "process",
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                        "securityContext": {"readOnlyRootFilesystem": True},
                        **OF_PROCESSES,
                    },
                    {"name": "mesh", "image": "mesh", "readinessProbe": PROBE},
                ],
            },
        },
    ),
    "a sidecar keeps its probes, but for no resize is it started again": a_formation(
        release=MIGRATE,
        podTemplate={
            "spec": {
                "containers": [
                    {
                        "name": "mesh",
                        "image": "mesh",
                        "readinessProbe": PROBE,
                        "resizePolicy": OF_PROCESSES["resizePolicy"],
                    }
                ]
            }
        },
    ),
    "resources of the release are in place of those of the podTemplate": a_formation(
        release={**MIGRATE, "resources": {"requests": {"cpu": 2}}},
        podTemplate=of_process(resources={"limits": {"cpu": 1}}),
    ),
    "variables of the release win, and may refer to those of the podTemplate": a_formation(
        release={
            **MIGRATE,
            "env": [{"name": "ROLE", "value": "owner"}, {"name": "URL", "value": "$(ROLE)@$(HOST)"}],
        },
        podTemplate=of_process(env=[{"name": "HOST", "value": "db"}, {"name": "ROLE", "value": "app"}]),
    ),
    "sources of the release come last, and so win": a_formation(
        release={**MIGRATE, "envFrom": [{"secretRef": {"name": "owner"}}]},
        podTemplate=of_process(envFrom=[{"secretRef": {"name": "shop"}}]),
    ),
    "no security defaults": a_formation(release=MIGRATE, securityDefaults="none"),
    "the longest name": a_formation("s" * 16, release=MIGRATE),
}


def job(formation: Manifest) -> dict[str, Any]:
    """Return the Job that releases the content of a Formation."""
    known = parsed(formation)
    return release_job.job(known.metadata, known.spec, DIGEST, release_key(known.spec))


@pytest.mark.parametrize("formation", CASES.values(), ids=CASES)
def test_the_job_of_a_release_is_as_before_and_kubernetes_knows_each_field(
    formation: Manifest, snapshot: SnapshotAssertion
) -> None:
    found = job(formation)
    assert [*structural.unknown("V1Job", found)] == []
    assert found == snapshot


@pytest.mark.parametrize("length", [1, 16, 17, 63, 200])
def test_the_name_of_the_job_is_short_enough_to_be_whole_in_the_names_of_its_pods(length: int) -> None:
    name = job(a_formation("s" * length, release=MIGRATE))["metadata"]["name"]
    assert len(f"{name}-x7k2p") <= 63
    assert "-release-" in name


def test_of_what_is_said_for_process_types_and_what_goes_on_a_release_has_nothing() -> None:
    found = job(CASES["a shared podTemplate"])
    template = found["spec"]["template"]
    ours = {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: DIGEST}
    for metadata in (found["metadata"], template["metadata"]):
        assert naming.PROCESS_TYPE_LABEL not in metadata["labels"]
        assert ours.items() <= metadata["labels"].items()
    (container,) = [each for each in template["spec"]["containers"] if each["name"] == "release"]
    assert not OF_PROCESSES.keys() & container.keys()
    assert {"volumeMounts", "securityContext"} <= container.keys()
    assert "terminationGracePeriodSeconds" not in template["spec"]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"image": None}, "set spec.image"),
        ({"release": {"args": []}}, "set command or args"),
        ({"release": {**MIGRATE, "resources": {"limits": {"mem": 1}}}}, r"resources\.limits\.mem: .* memory"),
        (
            {"podTemplate": {"spec": {"containers": [{"name": "release", "image": "r"}]}}},
            "like that of the release command: .* give the sidecar another name",
        ),
    ],
)
def test_what_can_not_be_rendered_is_said_with_the_way_out(spec: Manifest, says: str) -> None:
    with pytest.raises(InvalidTypeError, match=says):
        job(a_formation(**{"release": MIGRATE, **spec}))
