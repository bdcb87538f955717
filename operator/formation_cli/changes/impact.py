"""What a changed Formation does to its processes: which are started anew, and which counts change."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from formation_operator.api.formation import FormationSpec
from formation_operator.kube.objects import lenient
from formation_operator.render import pod_template

Object = dict[str, Any]


def impact(before: Object | None, after: Object) -> list[str]:
    """Return a sentence for each type that is concerned, from two Formations as the API server has them."""
    name = after["metadata"]["name"]
    if before is None:
        return [f"{each}: new" for each in sorted(after["spec"]["processes"])]
    old, new = before["spec"], after["spec"]
    return [*_types(name, old, new), *_switches(old, new)]


def _types(name: str, old: Object, new: Object) -> Iterator[str]:
    before, after = old["processes"], new["processes"]
    for each in sorted({*before, *after}):
        if each not in after:
            yield f"{each}: removed: its processes are stopped, and its Deployment is deleted"
        elif each not in before:
            yield f"{each}: new"
        else:
            yield from (f"{each}: {change}" for change in _changes(name, each, old, new))


def _changes(name: str, type_: str, old: Object, new: Object) -> Iterator[str]:
    """Yield what changes about one type that stays."""
    before, after = (_template(name, type_, each) for each in (old, new))
    restarted = before != after and not isinstance(after, str)
    counts = [each["processes"][type_].get("replicas") for each in (old, new)]
    if counts[0] != counts[1]:
        words = ["left open" if count is None else str(count) for count in counts]
        yield f"{words[0]} -> {words[1]} processes" + (
            "" if restarted else "; none that keeps running is restarted"
        )
    if isinstance(after, str):
        yield f"can't be made: {after}"
    elif restarted:
        yield "its processes are restarted, as in a deploy"


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
