"""The Job of a release: held by golden files; of the shared podTemplate it has what suits what ends.

``pytest tests/unit/render/test_release_job.py --update-golden`` writes them anew.
"""

import pathlib
from typing import Any

import pytest
import yaml

from formation_operator.api import naming
from formation_operator.api.release_key import release_key
from formation_operator.render import release_job
from formation_operator.render.pod_template import InvalidTypeError
from tests.builders import Manifest, a_formation
from tests.unit import structural
from tests.unit.facts import parsed

GOLDEN = pathlib.Path(__file__).with_name("golden") / "releases"
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


def of_process(**fields: Any) -> Manifest:
    """Return a podTemplate that says this of the process's own container."""
    return {"spec": {"containers": [{"name": "process", **fields}]}}


CASES = {
    "a-command": a_formation(release=MIGRATE),
    "all-that-it-may-say": a_formation(
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
    "a-shared-pod-template": a_formation(
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
    "no-security-defaults": a_formation(release=MIGRATE, securityDefaults="none"),
    "the-longest-name": a_formation("s" * 16, release=MIGRATE),
}


def job(formation: Manifest) -> dict[str, Any]:
    """Return the Job that releases the content of a Formation."""
    known = parsed(formation)
    return release_job.job(known.metadata, known.spec, DIGEST, release_key(known.spec))


def pod(formation: Manifest) -> dict[str, Any]:
    """Return what its Pods are made of."""
    found: dict[str, Any] = job(formation)["spec"]["template"]["spec"]
    return found


def own(formation: Manifest) -> dict[str, Any]:
    """Return the container that runs the command."""
    found: list[dict[str, Any]] = [it for it in pod(formation)["containers"] if it["name"] == "release"]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("case", CASES)
def test_the_job_is_rendered_as_the_golden_file_says(case: str, request: pytest.FixtureRequest) -> None:
    file = GOLDEN / f"{case}.yaml"
    text = yaml.safe_dump(job(CASES[case]))
    if request.config.getoption("--update-golden"):
        file.write_text(text)
    assert text == file.read_text()


def test_every_golden_file_belongs_to_a_case() -> None:
    assert {file.stem for file in GOLDEN.glob("*.yaml")} == set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_kubernetes_knows_each_field_of_the_job(case: str) -> None:
    assert [*structural.unknown("V1Job", job(CASES[case]))] == []


@pytest.mark.parametrize("length", [1, 16, 17, 63, 200])
def test_the_name_of_the_job_is_short_enough_to_be_whole_in_the_names_of_its_pods(length: int) -> None:
    name = job(a_formation("s" * length, release=MIGRATE))["metadata"]["name"]
    assert len(f"{name}-x7k2p") <= 63
    assert "-release-" in name


def test_no_label_of_the_job_or_its_pods_says_that_a_process_type_runs() -> None:
    found = job(CASES["a-shared-pod-template"])
    for metadata in (found["metadata"], found["spec"]["template"]["metadata"]):
        assert naming.PROCESS_TYPE_LABEL not in metadata["labels"]
        ours = {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: DIGEST}
        assert ours.items() <= metadata["labels"].items()


def test_what_the_shared_pod_template_says_for_processes_that_go_on_is_left_out() -> None:
    container = own(CASES["a-shared-pod-template"])
    assert not OF_PROCESSES.keys() & container.keys()
    assert {"volumeMounts", "securityContext"} <= container.keys()


def test_no_pause_before_sigterm_lengthens_the_grace_period_of_a_release() -> None:
    assert "terminationGracePeriodSeconds" not in pod(CASES["a-shared-pod-template"])


def test_a_sidecar_keeps_its_probes_but_for_no_resize_is_it_started_again() -> None:
    policy = OF_PROCESSES["resizePolicy"]
    sidecar = {"name": "mesh", "image": "mesh", "readinessProbe": PROBE, "resizePolicy": policy}
    *_, found = pod(a_formation(release=MIGRATE, podTemplate={"spec": {"containers": [sidecar]}}))[
        "containers"
    ]
    assert found["readinessProbe"] == PROBE
    assert "resizePolicy" not in found


def test_the_account_of_the_release_is_in_place_of_that_of_the_pod_template() -> None:
    shared = {"spec": {"serviceAccountName": "shop"}}
    found = pod(a_formation(release={**MIGRATE, "serviceAccountName": "owner"}, podTemplate=shared))
    assert (found["serviceAccountName"], found["serviceAccount"]) == ("owner", "owner")


def test_resources_of_the_release_are_in_place_of_those_of_the_pod_template() -> None:
    shared = of_process(resources={"limits": {"cpu": 1}})
    asked = {"requests": {"cpu": 2}}
    assert own(a_formation(release={**MIGRATE, "resources": asked}, podTemplate=shared))["resources"] == asked
    assert own(a_formation(release=MIGRATE, podTemplate=shared))["resources"] == {"limits": {"cpu": 1}}


def test_variables_of_the_release_win_over_those_of_the_pod_template_and_may_refer_to_them() -> None:
    shared = of_process(env=[{"name": "HOST", "value": "db"}, {"name": "ROLE", "value": "app"}])
    mine = [{"name": "ROLE", "value": "owner"}, {"name": "URL", "value": "$(ROLE)@$(HOST)"}]
    found = own(a_formation(release={**MIGRATE, "env": mine}, podTemplate=shared))["env"]
    values = {each["name"]: each.get("value") for each in found}
    names = [*values]
    assert values["ROLE"] == "owner"
    assert names.index("URL") > max(names.index("HOST"), names.index("ROLE"))


def test_sources_of_the_release_come_after_those_of_the_pod_template_and_so_win() -> None:
    sources = [{"secretRef": {"name": name}} for name in ("shop", "owner")]
    shared = of_process(envFrom=sources[:1])
    assert (
        own(a_formation(release={**MIGRATE, "envFrom": sources[1:]}, podTemplate=shared))["envFrom"]
        == sources
    )


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
