"""Which field to change where what a type uses doesn't fit what it requests and may use."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from formation_cli.objects import Object
from formation_cli.views import usage
from formation_cli.views.table import ago
from formation_cli.views.usage import CPU, MEGABYTE, MEMORY, NEAR, Figures, TypeLoad
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

LITTLE = Decimal("0.25")
"""The part of a request below which a process uses little of it."""
WORTH = {CPU: Decimal("0.05"), MEMORY: Decimal(64 * MEGABYTE)}
"""How much a lower request has to free."""
WORDS = {CPU: "CPU", MEMORY: "memory"}


class Advice(NamedTuple):
    """What doesn't fit, and the field of the Formation to change."""

    field: str
    message: str


def advice(formation: Object, load: TypeLoad, now: float) -> list[Advice]:
    """Return what to change of a type, at most one thing of each field."""
    found = [*_killed(formation, load, now)]
    for resource in (CPU, MEMORY):
        figures: dict[str, Figures] = {each.label: getattr(each, resource) for each in load.own}
        measured = {label: each for label, each in figures.items() if each.use is not None}
        found += _misfits(formation, load, resource, measured) if measured else []
    return [*{each.field: each for each in reversed(found)}.values()][::-1]


def _killed(formation: Object, load: TypeLoad, now: float) -> Iterator[Advice]:
    last = max(load.own, key=lambda each: each.killed, default=None)
    if last and last.killed:
        limit = last.memory.limit
        how = f"a limit of {usage.shown(limit, MEMORY)}" if limit else "no limit, as its node had no more"
        what = f"{last.label} was killed for memory {ago(last.killed, now)} ago, with {how}"
        yield _advised(_field(formation, load.declared, "limits", MEMORY), what, "raise" if limit else "set")


def _misfits(
    formation: Object, load: TypeLoad, resource: str, measured: Mapping[str, Figures]
) -> Iterator[Advice]:
    limits, requests = (_field(formation, load.declared, kind, resource) for kind in ("limits", "requests"))
    nearest, figures = max(measured.items(), key=lambda item: item[1].part_of(item[1].limit))
    use, _, limit = (usage.shown(each, resource) for each in figures)
    if figures.part_of(figures.limit) >= NEAR:
        yield _advised(limits, f"{nearest} uses {use}, near its {WORDS[resource]} limit of {limit}", "raise")
    highest, figures = max(measured.items(), key=lambda item: item[1].part_of(item[1].request))
    part = figures.part_of(figures.request)
    use, request, _ = (usage.shown(each, resource) for each in figures)
    what = f"{WORDS[resource]} request of {request}"
    is_free = (figures.request or 0) * (1 - part) >= WORTH[resource] and part < LITTLE
    if part > 1:
        yield _advised(requests, f"{highest} uses {use}, above its {what}", "raise")
    elif is_free and not any(each.killed for each in load.own):
        idle = f"No process of {load.rows[0].type} uses more than {use} of its {what}"
        yield _advised(requests, idle, "if that lasts, lower")


def _advised(field: str, what: str, change: str) -> Advice:
    return Advice(field, f"{what}: {change} {field}.")


def _field(formation: Object, type_: str, kind: str, resource: str) -> str:
    """Return where a size is declared, or is to be: a container's wins, then the type's, then the Pod's."""
    spec, own = lenient.mapping(formation, "spec"), f"spec.processes.{type_}"
    places = {own: lenient.mapping(spec, "processes", type_), "spec": spec}
    field = f"resources.{kind}.{resource}"
    for place, part in places.items():
        if any(resource in lenient.mapping(each, "resources", kind) for each in _containers(part)):
            return f"{place}.podTemplate.spec.containers[{naming.PROCESS_CONTAINER}].{field}"
    if resource not in lenient.mapping(places[own], "resources", kind):
        for place, part in places.items():
            if resource in lenient.mapping(part, "podTemplate", "spec", "resources", kind):
                return f"{place}.podTemplate.spec.{field}"
    return f"{own}.{field}"


def _containers(part: Object) -> Iterable[Object]:
    found = lenient.items(lenient.mapping(part, "podTemplate", "spec"), "containers")
    return (each for each in found if each.get("name") == naming.PROCESS_CONTAINER)
