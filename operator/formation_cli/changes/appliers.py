"""Who sets back what has changed in a Formation, because it is declared elsewhere."""

from collections.abc import Iterator, Sequence
from typing import Any

from formation_cli.objects import Object
from formation_operator.api.content_changes import changed_variables
from formation_operator.kube.objects import lenient

Path = tuple[str, ...]
PIPELINES = {
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "argocd-controller": "Argo CD",
}
"""Who syncs from Git, by field manager; so may anyone else who applies, but for kubectl."""


def set_back(before: Object, after: Object) -> str:
    """Return who will set back what has changed, in a sentence; nothing where nobody will."""
    found = {
        path[-2] if len(path) > 2 else path[-1]: who
        for path in changed(before["spec"], after["spec"])
        if (who := _applier(before, path))
    }
    by = ", ".join(dict.fromkeys(found.values()))
    what = ", ".join(found)
    return f"{what}: {by} sets it back at the next sync, because Git declares it: change it there." * bool(by)


def _applier(formation: Object, path: Sequence[str]) -> str:
    """Return who applies a field, or nothing."""
    for entry in lenient.items(formation["metadata"], "managedFields"):
        manager = lenient.text(entry, "manager")
        applies = entry.get("operation") == "Apply" and manager != "kubectl"
        declares = applies or manager in PIPELINES
        if declares and lenient.holds(lenient.mapping(entry, "fieldsV1"), tuple(path)):
            return PIPELINES.get(manager, manager)
    return ""


def changed(old: Any, new: Any, path: Path = ("spec",)) -> Iterator[Path]:
    """Yield the path of each field that differs between two specs; of shared variables, that of each."""
    if old == new:
        return
    levels = path[1:2] in ((), ("processes",), ("schedules",)) and len(path) < 4
    if levels and isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from changed(old.get(key), new.get(key), (*path, key))
    elif path[-1] == "env" and len(path) in (2, 4):
        yield from ((*path, f'{{"name":"{name}"}}') for name in changed_variables(old, new))
    else:
        yield path
