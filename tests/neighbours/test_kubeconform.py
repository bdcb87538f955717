"""What kubeconform says of Formations, with the schema that we ship for it."""

import json
import subprocess
from typing import Any

import pytest
import yaml

from hack.cluster import build, paths
from tests.shared import builders
from tests.shared.builders import Manifest, a_formation, a_process

pytestmark = [pytest.mark.alone, pytest.mark.long]

SCHEMAS = paths.ROOT / "crds" / "schema" / "{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json"
SAMPLES = [
    path
    for path in (paths.ROOT / "manifests" / "samples").rglob("*.yaml")
    if path.name != "kustomization.yaml"
]
FULL: Manifest = {
    "env": [{"name": "A", "value": "b"}],
    "podTemplate": {"spec": {"volumes": [{"name": "memory", "emptyDir": {"sizeLimit": "1Gi"}}]}},
    "processes": {"web": a_process(port=8080, resources={"limits": {"memory": "1Gi", "cpu": 2}})},
}


def judge(formation: Manifest) -> Any:
    """Return the status that kubeconform gives a manifest, and its sentence."""
    program = build.ensure((build.KUBECONFORM,))["kubeconform"]
    command = [str(program), "-strict", "-verbose", "-output=json", f"-schema-location={SCHEMAS}"]
    done = subprocess.run(
        command, input=builders.text(formation), capture_output=True, text=True, check=False
    )
    (said,) = json.loads(done.stdout)["resources"]
    return said["status"], said["msg"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parent.name + "-" + path.name)
def test_each_sample_is_valid(sample: Any) -> None:
    assert judge(yaml.safe_load(sample.read_text())) == ("statusValid", "")


def test_quantities_and_fields_of_a_pod_are_valid() -> None:
    assert judge(a_formation(**FULL)) == ("statusValid", "")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"podTemplate": {"spec": {"volume": []}}}, "'volume'"),
        ({"processes": {"web": a_process(port=99999)}}, "/spec/processes/web/port"),
        ({"processes": {"web": a_process(resources={"limits": {"cpu": "two"}})}}, "/limits/cpu"),
    ],
    ids=["in a podTemplate", "no port", "no quantity"],
)
def test_what_the_api_server_would_refuse_or_prune_is_invalid(spec: Manifest, said: str) -> None:
    status, sentence = judge(a_formation(**{**FULL, **spec}))
    assert status == "statusInvalid"
    assert said in sentence
