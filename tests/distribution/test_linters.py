"""What the field's linter says about what we install, and our answer to each of its findings."""

import json
import pathlib
import subprocess

import pytest

from tests.cluster import build, paths

pytestmark = [pytest.mark.alone, pytest.mark.long]

ANSWERS: dict[tuple[str, str], str] = {}


def findings(kubectl: pathlib.Path, folder: str) -> set[tuple[str, str]]:
    """Return what kube-score finds wrong: the check, and the kind that it is about."""
    made = subprocess.run(
        [str(kubectl), "kustomize", str(paths.ROOT / folder)], capture_output=True, text=True, check=True
    )
    score = build.ensure((build.KUBE_SCORE,))["kube-score"]
    command = [str(score), "score", "--output-format=json", "--kubernetes-version=v1.37", "-"]
    done = subprocess.run(command, input=made.stdout, capture_output=True, text=True, check=False)
    return {
        (check["check"]["id"], item["type_meta"]["kind"])
        for item in json.loads(done.stdout)
        for check in item["checks"]
        if not check["skipped"] and check["grade"] < 7  # a warning, or worse
    }


@pytest.mark.parametrize("folder", ["manifests", "manifests/namespaced"])
def test_every_finding_has_an_answer(kubectl_binary: pathlib.Path, folder: str) -> None:
    assert findings(kubectl_binary, folder) == set(ANSWERS)
