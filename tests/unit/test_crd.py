"""The generated CRD: that it is up to date, small enough, and obeys the rules for its kind.

Whether the API server accepts it, and what it then refuses, is the contract tests' matter.
"""

import json
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from crds.generate import __main__ as generator
from crds.generate import crd, embedded, snapshot
from crds.generate.rules.cel import Rule, no_key
from tests.builders import a_formation, a_process
from tests.cluster import paths
from tests.unit.facts import intents, parsed

Json = dict[str, Any]

CRD = crd.build(snapshot.read())
[VERSION] = CRD["spec"]["versions"]
SCHEMA: Json = VERSION["schema"]["openAPIV3Schema"]
SPEC: Json = SCHEMA["properties"]["spec"]
CRDS = paths.ROOT / "crds"
KUBECTL_LIMIT = 262_144
"""Bytes of all annotations: client-side apply keeps the whole object in one of them."""


def nodes(node: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Yield every node of a schema with its path; ``*`` stands for items and values."""
    yield path, node
    for name, value in node.get("properties", {}).items():
        yield from nodes(value, (*path, name))
    for key in ("items", "additionalProperties"):
        if key in node:
            yield from nodes(node[key], (*path, "*"))


def at(path: str) -> Json:
    """Return the node of the spec at a path."""
    [found] = [node for steps, node in nodes(SPEC) if ".".join(steps) == path]
    return found


def in_pod_template(path: tuple[str, ...]) -> bool:
    """Return whether a path leads into a podTemplate."""
    return "podTemplate" in path[:-1]


def test_no_tool_that_prunes_what_it_installed_takes_every_formation_with_the_crd() -> None:
    assert CRD["metadata"]["annotations"] == {
        "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
        "helm.sh/resource-policy": "keep",
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
    }


def test_the_committed_file_is_what_the_models_say() -> None:
    assert generator.FILE.read_text() == generator.text(CRD), "run python -m crds.generate"


def test_the_snapshot_is_of_the_kubernetes_version_that_the_cluster_runs() -> None:
    assert f"k8s.io/kubernetes {snapshot.version()}" in (paths.MODULES / "kubernetes" / "go.mod").read_text()


def test_client_side_apply_can_carry_it() -> None:
    compact = json.dumps(CRD, separators=(",", ":"))
    assert len(compact) < 240_000 < KUBECTL_LIMIT


def test_no_default_appears_in_the_users_object() -> None:
    assert [path for path, node in nodes(SPEC) if "default" in node] == []


def test_a_fresh_status_is_about_no_generation() -> None:
    assert SCHEMA["properties"]["status"]["default"] == {"observedGeneration": -1}


def test_every_field_of_ours_is_described() -> None:
    bare = [
        ".".join(path)
        for path, node in nodes(SCHEMA)
        if path and path[-1] != "*" and path != ("metadata",) and not in_pod_template(path)
        if not node.get("description")
    ]
    assert bare == []


def test_embedded_types_are_described_in_a_sentence() -> None:
    long = [
        node["description"]
        for path, node in nodes(SPEC)
        if not in_pod_template(path) and len(node.get("description", "")) > 300
    ]
    assert long == []


def test_nothing_inside_a_pod_template_is_described() -> None:
    assert [path for path, node in nodes(SPEC) if in_pod_template(path) and "description" in node] == []


def test_every_list_says_how_appliers_share_it() -> None:
    silent = [path for path, node in nodes(SCHEMA) if node.get("type") == "array" and not list_type(node)]
    assert silent == []


def list_type(node: Json) -> str:
    """Return a list's type, after a look at its keys: a CRD demands that its items require them."""
    found: str = node["x-kubernetes-list-type"]
    if found == "map":
        assert set(node["x-kubernetes-list-map-keys"]) <= set(node["items"]["required"])
    return found


def test_every_node_has_a_type_or_says_that_it_has_several() -> None:
    several = ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")
    untyped = [path for path, node in nodes(SCHEMA) if "type" not in node if not any(map(node.get, several))]
    assert untyped == []


def test_only_quantities_are_left_open_and_each_has_a_pattern() -> None:
    opened = [node for _, node in nodes(SCHEMA) if "x-kubernetes-preserve-unknown-fields" in node]
    assert opened
    assert all(node["pattern"] == embedded.QUANTITY["pattern"] for node in opened)


@pytest.mark.parametrize("owner", ["", "processes.*."])
@pytest.mark.parametrize(
    "path",
    ["env", *(f"podTemplate.spec.containers{inside}" for inside in ("", ".*.ports", ".*.env"))],
)
def test_what_rules_walk_over_has_a_limit(owner: str, path: str) -> None:
    assert at(f"{owner}{path}")["maxItems"] <= 256


def test_no_rule_reads_a_text_that_may_be_a_number() -> None:
    """Before 1.34 the API server prices it as if it were as long as a request, and refuses the CRD."""
    read = [
        rule["rule"]
        for _, node in nodes(SCHEMA)
        for name, value in node.get("properties", {}).items()
        for rule in node.get("x-kubernetes-validations", [])
        if "x-kubernetes-int-or-string" in value and re.search(rf"self\.{name}\.\w+\(", rule["rule"])
    ]
    assert read == []


def test_no_word_of_a_command_may_be_longer_than_linux_takes_one() -> None:
    commands = [node for path, node in nodes(SPEC) if path[-1:] in (("command",), ("args",))]
    assert len(commands) > 10
    assert {node["items"].get("maxLength") for node in commands} == {32 * 4096 - 1}


def test_what_was_stored_before_words_had_a_limit_is_still_rendered() -> None:
    long = ["/shop", "x" * 200_000]
    deployment, *_ = intents(parsed(a_formation(processes={"web": a_process(*long)})))
    (container,) = deployment.manifest["spec"]["template"]["spec"]["containers"]
    assert container["command"] == long


def test_who_names_a_type_after_what_ends_is_told_how_to_run_it() -> None:
    rules = [rule["message"] for rule in at("processes")["x-kubernetes-validations"]]
    told = [message for message in rules if "reserved" in message]
    assert [message.split(" can't")[0] for message in told] == ["'release'", "'run'"]
    assert "so set spec.release" in told[0]
    assert "so run it as a Job if it ends" in told[1]


def test_a_pod_template_is_partial_and_has_only_what_a_deployment_takes() -> None:
    pod = at("podTemplate.spec")
    assert "required" not in pod
    assert not {"ephemeralContainers", "activeDeadlineSeconds", "serviceAccount"} & pod["properties"].keys()
    assert set(at("podTemplate.metadata")["properties"]) == {"labels", "annotations"}
    assert "flocker" not in at("podTemplate.spec.volumes.*")["properties"]


def test_names_subresources_and_columns() -> None:
    assert CRD["spec"]["names"] == {
        "kind": "Formation",
        "listKind": "FormationList",
        "plural": "formations",
        "singular": "formation",
        "shortNames": ["fm"],
    }  # and no category: `kubectl delete all --all` must not reach it
    assert VERSION["subresources"]["scale"] == {
        "specReplicasPath": ".spec.processes.web.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    columns = [column["name"] for column in VERSION["additionalPrinterColumns"] if "priority" not in column]
    assert columns == ["Ready", "Summary", "Image", "Age"]
    wide = [column["name"] for column in VERSION["additionalPrinterColumns"] if "priority" in column]
    assert wide == ["Reason", "Message"]


def test_a_message_without_its_culprit_still_reads() -> None:
    rule = no_key("self", "t == 'x'", "'{t}' is taken: choose another").schema()
    assert rule["message"] == "'...' is taken: choose another"
    assert rule["messageExpression"] == (
        """[self.filter(t, t == 'x')[0]].map(t, "'" + t + "' is taken: choose another")[0]"""
    )
    assert "messageExpression" not in Rule("true", "a plain sentence").schema()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("One. Two.", "One."),
        ("A list, e.g. of names. More.", "A list, e.g. of names."),
        ("First line\nof it.\n\nA paragraph.", "First line of it."),
        ("no end", "no end"),
    ],
)
def test_a_description_is_cut_after_its_first_sentence(text: str, sentence: str) -> None:
    assert snapshot.first_sentence(text) == sentence


def test_every_path_of_the_kustomize_configuration_exists() -> None:
    known = {"/".join(step for step in path if step != "*") for path, _ in nodes(SCHEMA)}
    known |= {path.replace("spec/processes/", "spec/processes/web/") for path in known}
    assert [path for path in kustomize_paths() if path not in known] == []


def test_kustomize_renames_a_secret_and_a_config_map_wherever_all_types_or_the_release_name_one() -> None:
    named = [
        "/".join(step for step in path if step != "*")
        for path, _ in nodes(SCHEMA)
        if path[-1:] == ("name",) and path[-2].endswith(("MapRef", "MapKeyRef", "secretRef", "secretKeyRef"))
    ]
    shared = [path for path in named if not {"processes", "schedules"} & {*path.split("/")} and "env" in path]
    assert len(shared) == 16
    assert set(shared) <= {*kustomize_paths()}


def kustomize_paths() -> list[str]:
    """Return every field path of the shipped kustomize configuration."""
    shipped = yaml.safe_load(pathlib.Path(CRDS, "kustomizeconfig.yaml").read_text())
    specs = [*shipped["images"], *shipped["replicas"]]
    specs += [spec for reference in shipped["nameReference"] for spec in reference["fieldSpecs"]]
    return [spec["path"].replace("[]", "") for spec in specs]
