"""The text of the Event about a repaired drift: who changed which field, and who decides about it."""

import itertools
from collections.abc import Iterable
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import Formation
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import lenient
from formation_operator.observe import managed_fields
from formation_operator.render.intents import Intent

SHOWN = 3
"""How many fields a message names; the others are counted."""
LOOKED_AT = 100
"""How many fields, and how many other clients, are looked at: an object may have ten thousands of both."""

SOMEBODY = "Another client"
DIGEST = ("metadata", "annotations", naming.INTENT_ANNOTATION)


def explain(formation: Formation, intent: Intent, live: dict[str, Any]) -> Notice:
    """Return the Event about a repair, given the object as the other client wrote it."""
    managed = live["metadata"].get("managedFields") or []
    ours = managed_fields.entry_of(managed)
    lost = [*itertools.islice(managed_fields.lost(intent.manifest, ours or {}), LOOKED_AT)]
    if ours is None:
        lost = [("metadata", "managedFields")]
    if _is_rivals(intent, live, ours or {}, lost):
        note = (
            f"Something wrote {intent.kind} {intent.name} as {naming.FIELD_MANAGER}, with another content; "
            "set it back. If another formation-operator runs, stop it: only one may serve a namespace"
        )
    else:
        changed = ", ".join(".".join(_plain(path)) for path in lost[:SHOWN])
        note = f"{client_of(managed, lost)} changed {changed} of {intent.kind} {intent.name}; set it back"
        note += f". The Formation decides about it{_way_out(formation, intent, lost)}"
    return Notice("DriftRepaired", "Repair", note, warning=True, process_type=intent.process_type)


def _is_rivals(
    intent: Intent, live: dict[str, Any], ours: managed_fields.Fields, lost: list[managed_fields.Path]
) -> bool:
    """Return whether what differs from our intent was written under our own name."""
    digest = (live["metadata"].get("annotations") or {}).get(naming.INTENT_ANNOTATION)
    return lenient.holds(ours, DIGEST) and (not lost or digest not in (intent.digest, None))


def _is_older(intent: Intent, lost: list[managed_fields.Path]) -> bool:
    """Return whether a whole older version was put back, as by `kubectl rollout undo`.

    That brings the annotations of the older version, too, and with them the digest that it was written with.
    """
    of_template = any(path[:2] == ("spec", "template") for path in lost)
    return intent.kind.traits.runs_processes and DIGEST in lost and of_template


def _way_out(formation: Formation, intent: Intent, lost: list[managed_fields.Path]) -> str:
    """Return what follows the sentence that says who decides, such as a command."""
    name = formation.metadata.name
    if _is_older(intent, lost):
        return f". To go back to an older version, use: kubectl formation rollback {name}"
    if ("spec", "replicas") not in lost:
        return ""
    if formation.spec.suspend:
        return ", and is suspended"
    if intent.is_canary:
        return ", and a canary has at most one process: scale its type instead"
    patch = f'{{"spec":{{"processes":{{"{intent.process_type}":{{"replicas":N}}}}}}}}'
    return f": kubectl patch formation {name} --type merge -p '{patch}'"


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
            if lenient.holds(entry.get("fieldsV1") or {}, path):
                return entry.get("manager") or SOMEBODY
    # A removed field has no owner. An entry of the scale subresource carries no time.
    others.sort(key=lambda entry: entry.get("time") or "", reverse=True)
    likely = [entry for entry in others if entry.get("manager") != "kube-controller-manager"]
    return (likely[0].get("manager") if likely else None) or SOMEBODY


def _plain(path: managed_fields.Path) -> list[str]:
    return [step.removeprefix('{"name":"').removesuffix('"}') for step in path]
