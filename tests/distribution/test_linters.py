"""What the field's linter says about what we install, and our answer to each of its findings."""

import json
import pathlib
import subprocess

import pytest
import yaml

from hack.cluster import build, paths
from hack.kustomization import rendered

pytestmark = [pytest.mark.alone, pytest.mark.long]

WARNING = 5
ANSWERS = {
    "container-resources": "no CPU limit: it would slow a burst down; others have their requests",
    "container-image-pull-policy": "a release's tag never changes, and a start needs no registry",
    "container-ephemeral-storage-request-and-limit": "it writes no file, having no place for one",
    "deployment-has-host-podantiaffinity": "its spread over nodes is by topology constraint",
}


def findings(kubectl: pathlib.Path, folder: str) -> set[str]:
    """Return the checks that found something to warn about, or worse."""
    objects = yaml.safe_dump_all(rendered(kubectl, paths.ROOT / folder))
    score = build.ensure((build.KUBE_SCORE,))["kube-score"]
    command = [str(score), "score", "--output-format=json", "--kubernetes-version=v1.37", "-"]
    done = subprocess.run(command, input=objects, capture_output=True, text=True, check=False)
    return {
        check["check"]["id"]
        for item in json.loads(done.stdout)
        for check in item["checks"]
        if not check["skipped"] and check["grade"] <= WARNING
    }


@pytest.mark.parametrize("folder", ["manifests", "manifests/namespaced"])
def test_every_finding_has_an_answer_and_every_answer_a_finding(
    kubectl_binary: pathlib.Path, folder: str
) -> None:
    assert findings(kubectl_binary, folder) == set(ANSWERS)
