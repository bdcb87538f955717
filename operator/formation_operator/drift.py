"""Explain a drift: who changed which field of a child, and where the change belongs instead."""

from collections.abc import Iterable
from typing import Any

from formation_operator import naming, ownership
from formation_operator.desired import Intent
from formation_operator.model import Formation
from formation_operator.notices import Notice

SHOWN = 3
"""How many fields a message names before it only counts them."""

CONTAINER_FIELDS = {
    "command": "command",
    "args": "args",
    "resources": "resources",
    "livenessProbe": "livenessProbe",
    "readinessProbe": "readinessProbe",
    "startupProbe": "startupProbe",
    "ports": "port",
}


def explain(formation: Formation, intent: Intent, live: dict[str, Any]) -> Notice:
    """Return the Event that says what was repaired, given the object as the other client left it."""
    managed = live["metadata"].get("managedFields") or []
    lost = list(ownership.lost(intent.manifest, ownership.entry_of(managed) or {}))
    if ownership.entry_of(managed) is None:
        lost = [("metadata", "managedFields")]
    client = client_of(managed, lost)
    fields = list(dict.fromkeys(field_of(formation, intent, path) for path in lost))
    named = ", ".join(fields[:SHOWN]) + (f" and {len(fields) - SHOWN} more" if len(fields) > SHOWN else "")
    changed = ", ".join(".".join(_plain(path)) for path in lost[:SHOWN])
    return Notice(
        reason="DriftRepaired",
        action="Repair",
        note=f"{client} changed {changed} of {intent.kind} {intent.name}; set it back. "
        f"To change it, change {named} of the Formation{_command(formation, intent, lost)}",
        warning=True,
    )


def client_of(managed: Iterable[dict[str, Any]], lost: Iterable[ownership.Path]) -> str:
    """Return the name of the client that holds what we lost, or else of the latest writer."""
    others = [
        entry
        for entry in managed
        if entry.get("manager") not in (naming.FIELD_MANAGER, naming.COUNT_MANAGER)
        and entry.get("subresource") != "status"
    ]
    for path in lost:
        for entry in others:
            if ownership.holds(entry.get("fieldsV1") or {}, path):
                return str(entry["manager"])
    # A removed field is held by nobody. An entry of the scale subresource carries no time.
    others.sort(key=lambda entry: entry.get("time") or "", reverse=True)
    controllers = {"kube-controller-manager"}
    likely = [entry["manager"] for entry in others if entry["manager"] not in controllers]
    return str(likely[0]) if likely else "Another client"


def field_of(formation: Formation, intent: Intent, path: ownership.Path) -> str:
    """Return the Formation's field that decides about a field of a child."""
    name = intent.process_type
    own = f"spec.processes.{name}"
    if path[0] == "metadata":
        return f"spec.{path[1]}" if path[1] in ("labels", "annotations") else "nothing"
    if intent.kind == "Service":
        return f"{own}.port"
    if path[:2] == ("spec", "replicas"):
        return f"{own}.replicas"
    if path[:2] == ("spec", "strategy"):
        return f"{own}.rollingUpdate"
    if path[:2] == ("spec", "minReadySeconds"):
        return f"{own}.readinessProbe"
    return _template_field(formation, name, path)


def _template_field(formation: Formation, name: str, path: ownership.Path) -> str:
    own = f"spec.processes.{name}"
    process = formation.spec.processes[name]
    container = ("spec", "template", "spec", "containers", f'{{"name":"{name}"}}')
    if path[:5] == container and len(path) > 5:
        field = path[5]
        if field == "image":
            return f"{own}.image" if process.image else "spec.image"
        if field in ("env", "envFrom"):
            return _environment_field(formation, name, field, path)
        if field in CONTAINER_FIELDS:
            return f"{own}.{CONTAINER_FIELDS[field]}"
    if path[-1] == "terminationGracePeriodSeconds":
        return f"{own}.terminationGracePeriodSeconds"
    return f"{own}.podTemplate"


def _environment_field(formation: Formation, name: str, field: str, path: ownership.Path) -> str:
    """Return where a variable is declared: in the type, or for all types."""
    process = formation.spec.processes[name]
    variable = path[6] if len(path) > 6 else ""
    own = any(f'{{"name":"{item["name"]}"}}' == variable for item in process.env or [])
    shared = formation.spec.env_from if field == "envFrom" else formation.spec.env
    return f"spec.{field}" if shared and not own else f"spec.processes.{name}.{field}"


def _command(formation: Formation, intent: Intent, lost: Iterable[ownership.Path]) -> str:
    if ("spec", "replicas") not in lost:
        return ""
    patch = f'{{"spec":{{"processes":{{"{intent.process_type}":{{"replicas":N}}}}}}}}'
    return f": kubectl patch formation {formation.metadata.name} --type merge -p '{patch}'"


def _plain(path: ownership.Path) -> list[str]:
    return [step.removeprefix('{"name":"').removesuffix('"}') for step in path]
