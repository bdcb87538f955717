"""The text of the Event about a repaired drift: who changed which field, and how to change it instead."""

import itertools
from collections.abc import Iterable
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import Formation, FormationSpec
from formation_operator.kube.events.notices import Notice
from formation_operator.observe import managed_fields
from formation_operator.render import fields
from formation_operator.render.desired import Intent

SHOWN = 3
"""How many fields a message names; the others are counted."""
LOOKED_AT = 100
"""How many fields, and how many other clients, are looked at: an object may have ten thousands of both."""

SOMEBODY = "Another client"


def explain(formation: Formation, content: FormationSpec, intent: Intent, live: dict[str, Any]) -> Notice:
    """Return the Event about a repair, given the object as the other client wrote it.

    The ``content`` is what the intent was rendered from.
    """
    managed = live["metadata"].get("managedFields") or []
    lost = [
        *itertools.islice(
            managed_fields.lost(intent.manifest, managed_fields.entry_of(managed) or {}), LOOKED_AT
        )
    ]
    if managed_fields.entry_of(managed) is None:
        lost = [("metadata", "managedFields")]
    if _is_rivals(intent, live, lost):
        return _repaired(
            intent,
            f"Something wrote {intent.kind} {intent.name} as {naming.FIELD_MANAGER}, with another content; "
            "set it back. If another formation-operator runs, stop it: only one may serve a namespace",
        )
    changed = ", ".join(".".join(_plain(path)) for path in lost[:SHOWN])
    return _repaired(
        intent,
        f"{client_of(managed, lost)} changed {changed} of {intent.kind} {intent.name}; set it back. "
        + _way_out(formation, content, intent, lost)
        + (_way_back(formation) if _is_older(intent, lost) else ""),
    )


def _repaired(intent: Intent, note: str) -> Notice:
    return Notice("DriftRepaired", "Repair", note, warning=True, process_type=intent.process_type)


def _is_rivals(intent: Intent, live: dict[str, Any], lost: list[managed_fields.Path]) -> bool:
    """Return whether what differs from our intent was written under our own name."""
    metadata = live["metadata"]
    ours = managed_fields.entry_of(metadata.get("managedFields") or []) or {}
    digest = (metadata.get("annotations") or {}).get(naming.INTENT_ANNOTATION)
    in_our_name = managed_fields.holds(ours, ("metadata", "annotations", naming.INTENT_ANNOTATION))
    return in_our_name and (not lost or digest not in (intent.digest, None))


def _is_older(intent: Intent, lost: list[managed_fields.Path]) -> bool:
    """Return whether a whole older version was put back, as by `kubectl rollout undo`.

    That brings the annotations of the older version, too, and with them the digest that it was written with.
    """
    digest = ("metadata", "annotations", naming.INTENT_ANNOTATION)
    of_template = any(path[:2] == ("spec", "template") for path in lost)
    return intent.kind.traits.runs_processes and digest in lost and of_template


def _way_back(formation: Formation) -> str:
    return f". To go back to an older version, use: kubectl formation rollback {formation.metadata.name}"


def _way_out(
    formation: Formation, content: FormationSpec, intent: Intent, lost: list[managed_fields.Path]
) -> str:
    """Return the sentence that says where the change belongs, if it belongs anywhere."""
    deciding = [fields.field_of(content, intent.process_type, intent.kind, path) for path in lost]
    fixed = any(field is None and path[0] == "spec" for field, path in zip(deciding, lost, strict=True))
    if intent.without and fixed:
        return f"For another {intent.kind}, {intent.without} and make your own"
    found = [field for field in dict.fromkeys(deciding) if field]
    if not found:
        return "It belongs to the operator, and no field of the Formation changes it"
    named = ", ".join(found[:SHOWN]) + (f" and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
    return f"To change it, change {named} of the Formation{_command(formation, intent, lost)}"


def client_of(managed: Iterable[dict[str, Any]], lost: Iterable[managed_fields.Path]) -> str:
    """Return the name of the client that holds what we lost, or else of the latest writer."""
    others = [
        entry
        for entry in managed
        if entry.get("manager") not in (naming.FIELD_MANAGER, naming.COUNT_MANAGER)
        and entry.get("subresource") != "status"
    ]
    for path in lost:
        for entry in others[:LOOKED_AT]:
            if managed_fields.holds(entry.get("fieldsV1") or {}, path):
                return entry.get("manager") or SOMEBODY
    # A removed field has no owner. An entry of the scale subresource carries no time.
    others.sort(key=lambda entry: entry.get("time") or "", reverse=True)
    likely = [entry for entry in others if entry.get("manager") != "kube-controller-manager"]
    return (likely[0].get("manager") if likely else None) or SOMEBODY


def _command(formation: Formation, intent: Intent, lost: Iterable[managed_fields.Path]) -> str:
    if ("spec", "replicas") not in lost:
        return ""
    if formation.spec.suspend:
        return ": it is suspended"
    patch = f'{{"spec":{{"processes":{{"{intent.process_type}":{{"replicas":N}}}}}}}}'
    return f": kubectl patch formation {formation.metadata.name} --type merge -p '{patch}'"


def _plain(path: managed_fields.Path) -> list[str]:
    return [step.removeprefix('{"name":"').removesuffix('"}') for step in path]
