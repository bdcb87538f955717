"""What a changed Formation does to its processes: which are started anew, and which counts change."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from formation_operator.api.formation import FormationSpec
from formation_operator.api.reasons import State
from formation_operator.kube.objects import lenient
from formation_operator.render import pod_template

Object = dict[str, Any]
RESTARTED = "the processes are restarted, as in a deploy"
MIXED = "the processes that run this already stay, and all others are replaced"


def impact(before: Object | None, after: Object, *, back: bool = False) -> list[str]:
    """Return what changes, from two Formations as the API server has them: a line, and whom it concerns.

    The one before is what was rolled out. To go ``back`` is to what processes may run that it didn't replace.
    """
    if before is None:
        return [f"{', '.join(sorted(after['spec']['processes']))}: new"]
    alike: dict[str, list[str]] = {}
    for type_, sentence in _types(before, after, back=back):
        alike.setdefault(sentence, []).append(type_)
    lines = [f"{', '.join(types)}: {sentence}" for sentence, types in alike.items()]
    return [*lines, *_switches(before["spec"], after["spec"])]


def _types(before: Object, after: Object, *, back: bool) -> Iterator[tuple[str, str]]:
    old, new = before["spec"]["processes"], after["spec"]["processes"]
    for each in sorted({*old, *new}):
        if each not in new:
            yield each, "removed: the processes are stopped, and the Deployment is deleted"
        elif each not in old:
            yield each, "new"
        else:
            yield from ((each, change) for change in _changes(each, before, after, back=back))


def _changes(type_: str, before: Object, after: Object, *, back: bool) -> Iterator[str]:
    """Yield what changes about one type that stays."""
    name, specs = after["metadata"]["name"], (before["spec"], after["spec"])
    old, new = (_template(name, type_, spec) for spec in specs)
    changed = old != new and not isinstance(new, str)
    replaced = RESTARTED if not back or _is_whole(type_, before) else MIXED
    restarted = replaced if changed and not _runs_none(type_, before, after) else ""
    counts = [spec["processes"][type_].get("replicas") for spec in specs]
    if counts[0] != counts[1]:
        words = ["left open" if count is None else str(count) for count in counts]
        yield f"{words[0]} -> {words[1]} processes" + (
            "" if restarted else "; none that keeps running is restarted"
        )
    if isinstance(new, str):
        yield f"can't be made: {new}"
    elif restarted:
        yield restarted


def _runs_none(type_: str, before: Object, after: Object) -> bool:
    """Tell whether no process of a type runs, or goes on to run."""
    declared = before["spec"]["processes"][type_].get("replicas")
    status = lenient.mapping(before, "status", "processes", type_)
    count = status.get("desiredReplicas") if declared is None else declared
    return count == 0 or any(each["spec"].get("suspend") for each in (before, after))


def _is_whole(type_: str, formation: Object) -> bool:
    """Tell whether all processes of a type run what was rolled out, as far as that is known."""
    status = lenient.mapping(formation, "status", "processes", type_)
    updated, wanted = (lenient.number(status, each) for each in ("updatedReplicas", "desiredReplicas"))
    return not status or (lenient.text(status, "state") == State.RUNNING and updated >= wanted)


def _template(name: str, type_: str, spec: Object) -> Object | str:
    """Return the Pods of a type, or why they can't be made."""
    try:
        model = FormationSpec.model_validate(spec)
        return pod_template.pod_template(name, type_, model, model.processes[type_])
    except ValidationError as error:  # its own words have values in them
        first = error.errors(include_url=False, include_input=False)[0]
        return lenient.shown(f"{'.'.join(map(str, ('spec', *first['loc'])))}: {first['msg']}")
    except pod_template.InvalidTypeError as error:
        return lenient.shown(str(error))


def _switches(old: Object, new: Object) -> Iterator[str]:
    sentences = {
        "suspend": ("all processes are stopped", "all processes are started again"),
        "paused": ("the operator stops making changes", "the operator makes changes again"),
    }
    for switch, (on, off) in sentences.items():
        if bool(old.get(switch)) != bool(new.get(switch)):
            yield f"{switch}: {on if new.get(switch) else off}"
