"""The page that people look fields up in, from the same models as the CRD.

A description is the one that ``kubectl explain`` shows, and what is refused is in the words of the rules.
"""

import re
from typing import Any

from pydantic import BaseModel

from crds.generate import crd
from crds.generate.rules import table
from crds.generate.rules.cel import PLACEHOLDER, Rule
from formation_operator.api import naming
from formation_operator.api.commands import Release, Schedule
from formation_operator.api.formation import (
    Autoscaling,
    Canary,
    DisruptionBudget,
    FormationSpec,
    ProcessType,
    RollingUpdate,
)
from formation_operator.api.formation_status import (
    CanaryStatus,
    Condition,
    FormationStatus,
    LastExit,
    ProcessStatus,
    ReleaseStatus,
    Revision,
    ScheduleStatus,
)

Json = dict[str, Any]

HEADER = "<!-- Generated from the models by `python -m crds.generate`: don't edit. -->"
INTRODUCTION = f"""\
# Reference: the fields of a Formation

`apiVersion: {naming.API_VERSION}`, `kind: {naming.KIND}`; short name {{short}}. `kubectl explain` shows
the same, down to the fields of Kubernetes' own types: `kubectl explain formation.spec.processes.env`. No
field has a default in the stored object: what you leave out stays out, and the table says what that means.
[Status](status.md) explains what the operator reports, [Counts](counts.md) whose a count is.
"""
OWN_COMMAND = """\
One process type. Without `command` and `args` it runs the ENTRYPOINT and CMD of its image; of the types that
run one image, one can leave out both ([how](how-to/buildpacks.md))."""
SECTIONS: list[tuple[str, type[BaseModel], str]] = [
    ("spec", FormationSpec, "What you write."),
    ("spec.processes.TYPE", ProcessType, OWN_COMMAND),
    ("spec.processes.TYPE.rollingUpdate", RollingUpdate, ""),
    (
        "spec.processes.TYPE.autoscaling",
        Autoscaling,
        "Who sets the count then: [counts](counts.md#autoscaling-in-the-formation).",
    ),
    (
        "spec.disruptionBudget",
        DisruptionBudget,
        "The same on a type: `spec.processes.TYPE.disruptionBudget`.",
    ),
    ("spec.release", Release, "The command that runs before a deploy changes any process."),
    ("spec.canary", Canary, "One process of each type that a deploy changes comes first."),
    (
        "spec.schedules.NAME",
        Schedule,
        "A command that runs on a schedule and ends ([how](how-to/schedules.md)).",
    ),
    ("status", FormationStatus, "What the operator reports."),
    ("status.conditions", Condition, "One of the list."),
    ("status.revision", Revision, ""),
    ("status.release", ReleaseStatus, ""),
    ("status.canary", CanaryStatus, ""),
    ("status.processes.TYPE", ProcessStatus, ""),
    ("status.processes.TYPE.lastExit", LastExit, ""),
    ("status.schedules.NAME", ScheduleStatus, ""),
]
KUBERNETES = (
    "https://kubernetes.io/docs/reference/generated/kubernetes-api/v{minor}/#{kind}-{version}-{group}"
)
COLUMNS = """\
## The columns of `kubectl get formation`

| column | where its value is |
|---|---|
{rows}

`kubectl get formation -o wide` also shows those that are marked *wide*. `kubectl scale formation`, and an
autoscaler that targets the Formation, read and write `{replicas}`, so it has to be there.
"""
REFUSED = """\
## What is refused at `kubectl apply`

Unknown fields, values that the tables exclude, and these, each with its message. NAME stands for what a
message names.

| field | message |
|---|---|
"""
LIMITS = {
    "maxItems": "at most {} items",
    "maxProperties": "at most {} keys",
    "maxLength": "at most {} characters",
}


def build(version: str) -> str:
    """Return the page, given the version of Kubernetes that the embedded types are of."""
    short = ", ".join(f"`{name}`" for name in crd.SHORT_NAMES)
    minor = ".".join(version.removeprefix("v").split(".")[:2])
    sections = [_section(*each, minor) for each in SECTIONS]
    return "\n".join([HEADER, INTRODUCTION.format(short=short), *sections, _columns(), _refused()])


def _section(path: str, model: type[BaseModel], note: str, minor: str) -> str:
    schema = model.model_json_schema(by_alias=True)
    needed = schema.get("required", []) if path.startswith("spec") else []
    rows = [
        f"| `{name}` | {_type(node, minor)}{', required' if name in needed else ''} | {_described(node)} |"
        for name, node in schema["properties"].items()
    ]
    head = [f"## `{path}`", *([note] if note else []), "", "| field | type | meaning |", "|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _described(node: Json) -> str:
    return _cell(" ".join(node["description"].split()))


def _type(node: Json, minor: str) -> str:
    """Return what a value is, in words, with its limits."""
    if "anyOf" in node:
        [node] = [option for option in node["anyOf"] if option.get("type") != "null"]
    if "embedded" in node:
        return _embedded(node["embedded"], minor)
    if "$ref" in node:
        model = node["$ref"].rsplit("/", 1)[-1]
        [path] = [path for path, each, _ in SECTIONS if each.__name__ == model]
        return f"[object](#{re.sub('[^a-z]', '', path.lower())})"
    return ", ".join([_plain(node, minor), *_limits(node)])


def _embedded(definition: str, minor: str) -> str:
    group, version, kind = definition.split(".")[-3:]
    if kind == "IntOrString":
        return "number or percentage"
    url = KUBERNETES.format(minor=minor, kind=kind.lower(), version=version, group=group)
    return f"[{kind}]({url})"


def _plain(node: Json, minor: str) -> str:
    """Return what a value is that is no type of Kubernetes' own, without its limits."""
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    if node["type"] == "array":
        return f"list of {_inner(node['items'], minor)}"
    if "additionalProperties" in node:
        return f"map of {_inner(node['additionalProperties'], minor)}"
    return str(node["type"])


def _inner(node: Json, minor: str) -> str:
    kind, _, limits = _type(node, minor).partition(", ")
    return f"{kind} ({limits})" if limits else kind


def _limits(node: Json) -> list[str]:
    found = [says.format(node[key]) for key, says in LIMITS.items() if key in node]
    return [*found, f"{node['minimum']} to {node['maximum']}"] if "minimum" in node else found


def _columns() -> str:
    rows = [
        f"| {column['name']}{' (*wide*)' if column.get('priority') else ''} | `{column['jsonPath']}` |"
        for column in crd.COLUMNS
    ]
    return COLUMNS.format(rows="\n".join(rows), replicas=crd.SUBRESOURCES["scale"]["specReplicasPath"][1:])


def _refused() -> str:
    """Return the rules over several fields: each message once, with the first field that has it."""
    found: dict[str, str] = {}
    for path, rules in table.TABLE:
        for rule in rules:
            found.setdefault(_message(rule), _field(path, rule))
    return REFUSED + "".join(f"| `{field}` | {message} |\n" for message, field in found.items())


def _message(rule: Rule) -> str:
    return _cell(re.sub(PLACEHOLDER, "NAME", rule.says))


def _field(path: str, rule: Rule) -> str:
    for item, shown in (("processes.*", "processes.TYPE"), ("schedules.*", "schedules.NAME"), (".*", "[]")):
        path = path.replace(item, shown)
    return f"{path}{rule.at}".lstrip(".")


def _cell(text: str) -> str:
    """Return a text as Markdown shows it in a table as it is."""
    return text.replace("|", "\\|").replace("<", "&lt;")
