"""The alerts, from their rules; each links to its runbook, so a test of links finds one that has none."""

import re
from typing import Any

import yaml

from crds.generate.pages import parts
from tests.cluster import paths

SOURCE = "manifests/monitoring/prometheus"
FOLDER = paths.ROOT / SOURCE
AUDIENCES = {"operator": "the operator's team", "apps": "teams of apps"}
"""Whom the alerts of a file are for."""
VALUE = {"namespace": "NAMESPACE", "formation": "NAME", "process_type": "TYPE", "schedule": "SCHEDULE"}
TEMPLATE = re.compile(r"\{\{ *\$(labels\.)?(\w+)[^}]*\}\}")


def table() -> str:
    """Return a row for each alert."""
    rows = [_row(rule, audience) for audience in AUDIENCES for rule in rules(audience)]
    return parts.table(["alert", "for", "severity", "after", "summary"], rows)


def rules(audience: str) -> list[dict[str, Any]]:
    """Return the alerts for one audience."""
    groups = yaml.safe_load((FOLDER / f"{audience}.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _row(rule: dict[str, Any], audience: str) -> list[str]:
    name = rule["alert"]
    says = TEMPLATE.sub(_shown, rule["annotations"]["summary"])
    return [f"[{name}](#{name.lower()})", AUDIENCES[audience], rule["labels"]["severity"], rule["for"], says]


def _shown(found: re.Match[str]) -> str:
    """Return what stands for a value that the alert fills in."""
    return VALUE.get(found[2], found[2].upper() if found[1] else "N")
