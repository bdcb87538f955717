"""Whether a pipeline sets a field, so that it will set it back: read from who owns it.

What is written by server-side apply is in the managed fields; what `kubectl apply` and Argo CD have written
is in the annotation in which they note what they applied last.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from formation_operator.kube.objects import lenient
from formation_operator.observe import managed_fields

Object = dict[str, Any]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
PIPELINES = {
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "argocd-controller": "Argo CD",
}
"""Who syncs from Git, by field manager."""
ARGO_TRACKING = "argocd.argoproj.io/tracking-id"


def hint(
    formation: Object, paths: Iterable[Sequence[str]], way_out: str = "change it there, or leave it out"
) -> str:
    """Return who will set fields back, in a sentence; nothing where nobody will."""
    found = {
        path[-2] if len(path) > 2 else path[-1]: who for path in paths if (who := setter(formation, path))
    }
    if not found:
        return ""
    what = ", ".join(found)
    by = ", ".join(dict.fromkeys(found.values()))
    if by == "kubectl apply":
        return f"{what}: the next `kubectl apply` of its manifest sets it back."
    return f"{what}: {by} sets it back at the next sync, because Git declares it: {way_out}."


def setter(formation: Object, path: Sequence[str]) -> str:
    """Return who applies a field from elsewhere, or nothing."""
    metadata = formation["metadata"]
    for entry in lenient.items(metadata, "managedFields"):
        manager = lenient.text(entry, "manager")
        declares = entry.get("operation") == "Apply" or manager in PIPELINES
        if declares and managed_fields.holds(lenient.mapping(entry, "fieldsV1"), tuple(path)):
            return PIPELINES.get(manager, "kubectl apply" if manager == "kubectl" else manager)
    annotations = lenient.mapping(metadata, "annotations")
    if _holds(_parsed(annotations.get(LAST_APPLIED)), path):
        return "Argo CD" if ARGO_TRACKING in annotations else "kubectl apply"
    return ""


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _holds(value: Any, path: Sequence[str]) -> bool:
    for step in path:
        if isinstance(value, list):  # a client-side apply of a custom resource replaces lists as a whole
            return True
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True
