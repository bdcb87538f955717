"""The alerts and the dashboard ask for what the operator serves."""

import json
import re

import pytest
import yaml

from formation_operator.controller.intake import Controller
from formation_operator.settings import Settings
from hack.cluster import paths
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Time

FOLDER = paths.ROOT / "manifests" / "monitoring"
GROUPS = {
    file.stem: yaml.safe_load(file.read_text())["groups"] for file in (FOLDER / "prometheus").glob("*.yaml")
}
"""The groups of alerts, by whom they are for."""
ALERTS = [rule for groups in GROUPS.values() for group in groups for rule in group["rules"]]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
EXPRESSIONS = [rule["expr"] for rule in ALERTS] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]
NAME = re.compile(r"(?:formation_operator|process)_\w+")
LABELS = {"process_type", "process_types"}
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
"""What the samples of a metric have behind its name, by its type."""


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


def test_alerts_about_apps_are_apart_from_those_about_the_operator() -> None:
    named = {
        audience: {rule["alert"] for group in groups for rule in group["rules"]}
        for audience, groups in GROUPS.items()
    }
    assert named["apps"] == {"FormationsNotReady", "FormationProcessesMissing", "FormationScheduleFailing"}
    assert all(name.startswith("FormationOperator") for name in named["operator"])
    assert named.keys() == {"apps", "operator"}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_each_alert_has_a_severity_and_no_address_that_leads_nowhere(
    rule: dict[str, dict[str, str] | str],
) -> None:
    assert "runbook_url" not in rule["annotations"]
    assert isinstance(rule["labels"], dict)
    assert rule["labels"]["severity"] in ("warning", "critical")
