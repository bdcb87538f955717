"""The rights that are installed, each with its reason: the comment above it in its manifest."""

import re
from typing import Any

import yaml

from crds.generate.pages import parts
from hack.cluster import paths

OPERATOR, LEASE, USERS = (
    f"manifests/rbac/{name}" for name in ("rights/role.yaml", "lease.yaml", "users.yaml")
)
ROLES = {"Role", "ClusterRole"}
RULE = re.compile(r"((?:^  # .*\n)*)((?:^  - apiGroups.*\n)(?:^    .*\n?)+)", re.MULTILINE)


def tables(source: str) -> str:
    """Return a table for each role of a file, with a row for each right."""
    texts = (paths.ROOT / source).read_text(encoding="utf-8").split("---\n")
    return "\n\n".join(table(text) for text in texts if yaml.safe_load(text)["kind"] in ROLES)


def table(text: str) -> str:
    """Return a role's table; a rule without a comment shares the row above it."""
    rows: list[list[str]] = []
    for comment, written in RULE.findall(text):
        [rule] = yaml.safe_load(written)
        resources, verbs = parts.code(_resources(rule)), ", ".join(rule["verbs"])
        if comment:
            rows.append([resources, verbs, re.sub(r"^  # ?", "", comment, flags=re.MULTILINE)])
        elif rows and rows[-1][1] == verbs:
            rows[-1][0] += f", {resources}"
        else:
            raise ValueError(f"a right has no reason: {resources}")
    name = yaml.safe_load(text)["metadata"]["name"]
    return f"`{name}`:\n\n{parts.table(['resources', 'verbs', 'reason'], rows)}"


def _resources(rule: dict[str, Any]) -> list[str]:
    """Return the resources of a rule as kubectl names them."""
    [group] = rule["apiGroups"]
    name = "".join(f"/{each}" for each in rule.get("resourceNames", ()))
    wholes = (each.partition("/") for each in rule["resources"])
    return [whole + (f".{group}" if group else "") + slash + part + name for whole, slash, part in wholes]
