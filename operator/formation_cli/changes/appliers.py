"""Who sets back what has changed in a Formation, because it is declared elsewhere."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from formation_cli.objects import Object
from formation_operator.api.content_changes import changed_variables
from formation_operator.kube.objects import lenient, nesting

Path = tuple[str, ...]
PIPELINES = {"kustomize-controller": "Flux", "helm-controller": "Flux", "argocd-controller": "Argo CD"}
"""Who syncs from Git, by field manager; so may anyone else who applies, but for kubectl."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
GIT = "sets it back at the next sync, because Git declares it: change it there."
FILE = "the next `kubectl apply` sets it back, because your file declares it: change it there, too."


def set_back(before: Object, after: Object) -> list[str]:
    """Return who will set back what has changed: a sentence about Git, one about a file."""
    paths, file = [*changed(before["spec"], after["spec"])], _file(before)
    git = {_called(path): who for path in paths if (who := _applier(before, path))}
    filed = {_called(path): "" for path in paths if _undoes(file, after, path) and _called(path) not in git}
    by = ", ".join(dict.fromkeys(git.values()))
    sentences = {f"{by} {GIT}": git, FILE: filed}
    return [f"{', '.join(what)}: {sentence}" for sentence, what in sentences.items() if what]


def _called(path: Path) -> str:
    return path[-2] if len(path) > 2 else path[-1]


def _file(formation: Object) -> Object:
    """Return what the file said that kubectl has applied last; nothing where that isn't known."""
    text = lenient.mapping(formation, "metadata", "annotations").get(LAST_APPLIED)
    try:
        return lenient.mapping(nesting.parsed(text.encode(), json.loads)) if isinstance(text, str) else {}
    except ValueError:
        return {}


def _undoes(file: Object, after: Object, path: Path) -> bool:
    """Tell whether a file gives a field another value; kubectl applies a list of a custom resource whole."""
    said, now = (_value(each, path) for each in (file, after))
    return said is not None and said != now


def _value(value: Any, path: Path) -> Any:
    """Return the value of a field, and the whole list for an item of it; nothing where there is none."""
    for step in path:
        if not isinstance(value, dict):
            break
        value = value.get(step)
    return value


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
