"""The generated CRD: that it is up to date, small enough, and obeys the rules for its kind.

Whether the API server accepts it, and what it then refuses, is the contract tests' matter.
"""

import json
import pathlib
import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from crds.generate import __main__ as generator
from crds.generate import embedded, snapshot
from formation_operator.api import commands, formation
from hack.cluster import paths
from tests.unit.schemas import CRD
from tests.unit.schemas import FORMATION as SCHEMA
from tests.unit.structural import nodes

Json = dict[str, Any]

SPEC: Json = SCHEMA["properties"]["spec"]
CRDS = paths.ROOT / "crds"
KUBECTL_LIMIT = 262_144
"""Bytes of all annotations: client-side apply keeps the whole object in one of them."""


def at(path: str) -> Json:
    """Return the node of the spec at a path."""
    [found] = [node for steps, node in nodes(SPEC) if ".".join(steps) == path]
    return found


def in_pod_template(path: tuple[str, ...]) -> bool:
    """Return whether a path leads into a podTemplate."""
    return "podTemplate" in path[:-1]


@pytest.mark.parametrize(
    ("path", "default"),
    [
        ("release.activeDeadlineSeconds", f"default {commands.DEADLINE})"),
        ("schedules.*.startingDeadlineSeconds", f"default {commands.LATE})"),
        ("revisionHistoryLimit", f"default {formation.KEPT_REVISIONS})"),
        ("disruptionBudget.maxUnavailable", f"default {formation.BUDGET})"),
        ("processes.*.disruptionBudget", f"maxUnavailable {formation.BUDGET}."),
        ("processes.*.minReadySeconds", f"default {formation.PROOF_SECONDS};"),
        ("processes.*.progressDeadlineSeconds", f"default {formation.PROGRESS_DEADLINE})"),
    ],
)
def test_a_field_names_the_default_that_the_operator_has(path: str, default: str) -> None:
    assert default in at(path)["description"]


COMMON = ("env", "envFrom", "resources", "command", "args", "activeDeadlineSeconds", "disruptionBudget")
PLACES = ("", "processes.*.", "release.", "schedules.*.")


@pytest.mark.parametrize("name", [*COMMON, "securityDefaults"])
def test_what_types_releases_and_schedules_have_in_common_is_the_same(name: str) -> None:
    wanted = {f"{place}{name}" for place in PLACES}
    first, *others = (embedded.undescribed(node) for steps, node in nodes(SPEC) if ".".join(steps) in wanted)
    assert others
    assert others == [first] * len(others)


def test_no_tool_that_prunes_what_it_installed_takes_every_formation_with_the_crd() -> None:
    assert CRD["metadata"]["annotations"] == {
        "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
        "helm.sh/resource-policy": "keep",
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
    }


def test_all_that_is_generated_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["crds.generate", "--check"])
    assert generator.main() == 0, "run make crds"


def test_the_snapshot_is_of_the_kubernetes_version_that_the_cluster_runs() -> None:
    assert f"k8s.io/kubernetes {snapshot.version()}" in (paths.MODULES / "kubernetes" / "go.mod").read_text()


def test_client_side_apply_can_carry_it() -> None:
    compact = json.dumps(CRD, separators=(",", ":"))
    assert len(compact) < 240_000 < KUBECTL_LIMIT


def test_a_fresh_status_is_about_no_generation() -> None:
    assert SCHEMA["properties"]["status"]["default"] == {"observedGeneration": -1}


Fault = Callable[[tuple[str, ...], Json], bool]
FAULTS: dict[str, Fault] = {
    "has a default, which would appear in the user's object": lambda path, node: (
        path[0] == "spec" and "default" in node
    ),
    "is a field of ours without a description": lambda path, node: (
        path[-1] != "*"
        and path != ("metadata",)
        and not in_pod_template(path)
        and not node.get("description")
    ),
    "has a description of more than a sentence": lambda path, node: (
        path[0] == "spec" and not in_pod_template(path) and len(node.get("description", "")) > 300
    ),
    "is in a podTemplate and described": lambda path, node: in_pod_template(path) and "description" in node,
    "is a list that doesn't say how appliers share it": lambda _, node: (
        node.get("type") == "array" and "x-kubernetes-list-type" not in node
    ),
    "is open and no quantity": lambda _, node: (
        "x-kubernetes-preserve-unknown-fields" in node and node["pattern"] != embedded.QUANTITY["pattern"]
    ),
    "is a word of a command, and may be longer than Linux takes one": lambda path, node: (
        path[-2:] in (("command", "*"), ("args", "*")) and node.get("maxLength") != 32 * 4096 - 1
    ),
    # before 1.34 the API server prices it as if it were as long as a request, and refuses the CRD
    "has a rule that reads a text that may be a number": lambda _, node: any(
        "x-kubernetes-int-or-string" in value and re.search(rf"self\.{name}\.\w+\(", rule["rule"])
        for name, value in node.get("properties", {}).items()
        for rule in node.get("x-kubernetes-validations", [])
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_no_node_of_the_schema(fault: Fault) -> None:
    assert [path for path, node in nodes(SCHEMA) if path and fault(path, node)] == []


def test_a_pod_template_is_partial_and_has_only_what_a_deployment_takes() -> None:
    pod = at("podTemplate.spec")
    assert "required" not in pod
    assert not {"ephemeralContainers", "activeDeadlineSeconds", "serviceAccount"} & pod["properties"].keys()
    assert set(at("podTemplate.metadata")["properties"]) == {"labels", "annotations"}
    assert "flocker" not in at("podTemplate.spec.volumes.*")["properties"]


def test_every_path_of_the_kustomize_configuration_exists() -> None:
    known = {"/".join(step for step in path if step != "*") for path, _ in nodes(SCHEMA)}
    known |= {path.replace("spec/processes/", "spec/processes/web/") for path in known}
    assert [path for path in kustomize_paths() if path not in known] == []


def test_kustomize_renames_what_all_types_and_the_release_name() -> None:
    referring = ("MapRef", "MapKeyRef", "secretRef", "secretKeyRef")
    named = [path for path, _ in nodes(SCHEMA) if path[-1:] == ("name",) and path[-2].endswith(referring)]
    shared = [path for path in named if not {"processes", "schedules"} & {*path} and "/env" in "/".join(path)]
    assert len(shared) == 16
    assert {"/".join(step for step in path if step != "*") for path in shared} <= {*kustomize_paths()}


def kustomize_paths() -> list[str]:
    """Return every field path of the shipped kustomize configuration."""
    shipped = yaml.safe_load(pathlib.Path(CRDS, "kustomizeconfig.yaml").read_text())
    specs = [*shipped["images"], *shipped["replicas"]]
    specs += [spec for reference in shipped["nameReference"] for spec in reference["fieldSpecs"]]
    return [spec["path"].replace("[]", "") for spec in specs]
