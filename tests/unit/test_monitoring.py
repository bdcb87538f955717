"""The alerts and the dashboard ask for what the operator serves, and each alert says what to do."""

import json
import re

import pytest
import yaml

from formation_operator.controller.intake import Controller
from formation_operator.settings import Settings
from tests.cluster import paths
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Time

FOLDER = paths.ROOT / "manifests" / "monitoring"
(GROUP,) = yaml.safe_load((FOLDER / "prometheus" / "rules.yaml").read_text())["groups"]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
EXPRESSIONS = [rule["expr"] for rule in GROUP["rules"]] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]
NAME = re.compile(r"(?:formation_operator|process)_\w+")
LABELS = {"process_type", "process_types"}
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
"""What the samples of a metric have behind its name, by its type."""
PREFIX = "formation_operator_"


def families() -> dict[str, str]:
    """Return the types of all metrics that an operator may serve, by their names."""
    registry = Controller(FakeCluster(), Settings(), Time()).instruments.registry
    return {family.name: family.type for family in registry.collect()}


def served() -> set[str]:
    """Return the name of every sample that an operator may serve."""
    return {name + suffix for name, kind in families().items() for suffix in SUFFIXES.get(kind, [""])}


def test_whatever_the_alerts_and_the_dashboard_ask_for_is_served() -> None:
    names = {name for each in EXPRESSIONS for name in NAME.findall(each)} - LABELS
    assert len(names) > 10
    assert names <= served()


def test_the_docs_have_every_metric_of_ours_and_no_other() -> None:
    rows = re.findall(
        r"^\| (`\w+`(?:, `\w+`)*) \| ", (paths.ROOT / "docs/operating.md").read_text(), re.MULTILINE
    )
    described = {name for row in rows for name in re.findall(r"\w+", row)}
    ours = {name: kind for name, kind in families().items() if name.startswith(PREFIX)}
    assert described == {
        name.removeprefix(PREFIX) + ("_total" if kind == "counter" else "") for name, kind in ours.items()
    }


def test_the_prometheus_operator_gets_the_same_alerts() -> None:
    wrapped = yaml.safe_load((FOLDER / "prometheusrule.yaml").read_text())
    assert wrapped["spec"] == {"groups": [GROUP]}


@pytest.mark.parametrize("rule", GROUP["rules"], ids=lambda rule: str(rule["alert"]))
def test_each_alert_leads_to_a_section_that_says_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    page, anchor = rule["annotations"]["runbook_url"].split("#")
    sections = re.findall(r"^## (.+)$", (paths.ROOT / page).read_text(), re.MULTILINE)
    assert anchor in [title.lower() for title in sections]
    assert rule["labels"]["severity"] in ("warning", "critical")
