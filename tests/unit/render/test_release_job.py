"""The Job of a release: of the shared podTemplate it has what suits what ends."""

import pathlib
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.api.release_key import release_key
from formation_operator.render import release_job
from formation_operator.render.pod_template import InvalidTypeError
from tests.shared.builders import Manifest, a_formation
from tests.unit import structural
from tests.unit.facts import parsed

DIGEST = "0123456789abcdef" * 2
MIGRATE: Manifest = {"command": ["/shop", "migrate"]}
OF_PROCESSES = {
    *("livenessProbe", "readinessProbe", "startupProbe", "ports", "lifecycle"),
    *("restartPolicy", "restartPolicyRules", "resizePolicy"),
}
RELEASES = pathlib.Path(__file__).with_name("releases")
CASES = {file.stem: yaml.safe_load(file.read_text()) for file in sorted(RELEASES.glob("*.yaml"))}


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
    found = job(CASES["a-shared-podTemplate"])
    template = found["spec"]["template"]
    ours = {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: DIGEST}
    for metadata in (found["metadata"], template["metadata"]):
        assert not {naming.PROCESS_TYPE_LABEL, naming.TRACK_LABEL} & metadata["labels"].keys()
        assert ours.items() <= metadata["labels"].items()
    (container,) = [each for each in template["spec"]["containers"] if each["name"] == "release"]
    assert not OF_PROCESSES & container.keys()
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
