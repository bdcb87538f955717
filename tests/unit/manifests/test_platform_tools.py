"""What we ship for the tools of platform teams names fields, columns and commands that there are."""

import json
import re
import shlex
from typing import Any

import pytest
import yaml

from crds.generate import __main__ as generator
from hack.cluster import paths
from tests.shared import documents
from tests.unit.schemas import FORMATION as SCHEMA
from tests.unit.schemas import VERSION
from tests.unit.structural import nodes

FIELDS = {path for path, _ in nodes(SCHEMA)}
MANIFESTS = paths.ROOT / "manifests"
METRICS = yaml.safe_load((MANIFESTS / "kube-state-metrics" / "formations.yaml").read_text())
[RESOURCE] = METRICS["spec"]["resources"]
PLUGINS = yaml.safe_load((MANIFESTS / "k9s" / "plugins.yaml").read_text())["plugins"]
VIEWS = yaml.safe_load((MANIFESTS / "k9s" / "views.yaml").read_text())["views"]
SAMPLES = sorted(
    path for path in (MANIFESTS / "samples").rglob("*.yaml") if path.name != "kustomization.yaml"
)
SHOP = {"NAME": "shop", "NAMESPACE": "apps", "CONTEXT": "here", "counts": "web=1"}


def test_the_schema_for_editors_refuses_each_field_that_the_crd_prunes() -> None:
    closed: list[dict[str, Any]] = []

    def note(node: dict[str, Any]) -> dict[str, Any]:
        if "properties" in node:
            closed.append(node)
        return node

    document = json.loads(generator.SCHEMA.read_text(), object_hook=note)
    closed.remove(document["properties"]["metadata"])
    assert len(closed) == len([node for _, node in nodes(SCHEMA) if "properties" in node])
    assert {node["additionalProperties"] for node in closed} == {False}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: str(path.relative_to(MANIFESTS)))
def test_an_editor_finds_the_schema_of_each_sample(sample: Any) -> None:
    modeline = sample.read_text().splitlines()[0]
    named = modeline.removeprefix("# yaml-language-server: $schema=")
    assert (sample.parent / named).resolve() == generator.SCHEMA


def test_kube_state_metrics_reads_fields_that_there_are() -> None:
    read = set()
    for metric in RESOURCE["metrics"]:
        each = next(value for key, value in metric["each"].items() if key != "type")
        base = tuple(each.get("path", []))
        inside = (*base, "*") if base[-1:] in [("processes",), ("conditions",)] else base
        read |= {(*inside, *path) for path in each.get("labelsFromPath", {}).values()}
        read.add((*inside, *each.get("valueFrom", [])))
    assert len(read) > 8
    assert read - FIELDS == set()


def test_k9s_shows_columns_and_fields_that_there_are() -> None:
    (view,) = VIEWS.values()
    titles = {
        "NAMESPACE",
        "NAME",
        *(column["name"].upper() for column in VERSION["additionalPrinterColumns"]),
    }
    for column in view["columns"]:
        title, _, path = re.sub(r"\|\w+$", "", column).partition(":")
        assert tuple(path.split(".")[1:]) in FIELDS if path else title in titles


def typed() -> list[list[str]]:
    """Return each command of the plugin that a key of k9s runs."""
    lines = [line for each in PLUGINS.values() for line in script(each).splitlines() if "formation " in line]
    for name, value in SHOP.items():
        lines = [re.sub(rf"\${name}\b", value, line) for line in lines]
    return [shlex.split(line)[2:] for line in lines]


def script(plugin: dict[str, Any]) -> str:
    """Return the lines that an entry of k9s runs."""
    return str(plugin["args"][-1]) if plugin["command"] == "sh" else shlex.join(["kubectl", *plugin["args"]])


@pytest.mark.parametrize("words", typed(), ids=" ".join)
def test_k9s_runs_commands_that_there_are_for_the_selected_formation(words: list[str]) -> None:
    assert documents.parsed_command(*words).params["name"] == "shop"


def test_a_read_only_k9s_has_only_the_keys_that_look() -> None:
    looking = {name for name, each in PLUGINS.items() if not each.get("dangerous")}
    assert looking == {"formation-ps", "formation-logs", "formation-events"}
