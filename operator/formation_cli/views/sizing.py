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
        figures: dict[str, Figures] = {each.label: getattr(each.own, resource) for each in load.processes}
        measured = {label: each for label, each in figures.items() if each.use is not None}
        found += _misfits(formation, load, resource, measured)
    return [*{each.field: each for each in reversed(found)}.values()][::-1]


def _killed(formation: Object, load: TypeLoad, now: float) -> Iterator[Advice]:
    killed = [each for each in load.processes if each.own.killed]
    if killed:
        last = max(killed, key=lambda each: each.own.killed)
        limit, raised = last.own.memory.limit, _field(formation, load.declared, "limits", MEMORY)
        when = ago(last.own.killed, now)
        what = f"{last.label} was killed for memory{f' {when} ago' * bool(when)}"
        if limit is not None:
            yield Advice(raised, f"{what}, with a limit of {usage.shown(limit, MEMORY)}: raise {raised}.")
        else:
            request = _field(formation, load.declared, "requests", MEMORY)
            yield Advice(request, f"{what}, without a limit: raise {request}, and set {raised}.")


def _misfits(
    formation: Object, load: TypeLoad, resource: str, measured: Mapping[str, Figures]
) -> Iterator[Advice]:
    if not measured:
        return
    word = WORDS[resource]
    limits, requests = (_field(formation, load.declared, kind, resource) for kind in ("limits", "requests"))
    worst = max(measured, key=lambda label: measured[label].of_limit)
    if measured[worst].of_limit >= NEAR:
        use, _, limit = _shown(measured[worst], resource)
        yield Advice(limits, f"{worst} uses {use}, near its {word} limit of {limit}: raise {limits}.")
    worst = max(measured, key=lambda label: measured[label].of_request)
    most = measured[worst]
    use, request, _ = _shown(most, resource)
    if most.of_request > 1:
        yield Advice(
            requests, f"{worst} uses {use}, above its {word} request of {request}: raise {requests}."
        )
    elif most.of_request < LITTLE and most.free >= WORTH[resource]:
        sentence = f"No process of {load.type} uses more than {use} of its {word} request of {request}."
        yield Advice(requests, f"{sentence} If that lasts, lower {requests}.")


def _shown(figures: Figures, resource: str) -> list[str]:
    return ["" if each is None else usage.shown(each, resource) for each in figures]


def _field(formation: Object, type_: str, kind: str, resource: str) -> str:
    """Return where a size is declared, or is to be: a podTemplate wins over the field of the type."""
    spec, own = lenient.mapping(formation, "spec"), f"spec.processes.{type_}"
    field = f"resources.{kind}.{resource}"
    for place, part in ((own, lenient.mapping(spec, "processes", type_)), ("spec", spec)):
        if any(resource in lenient.mapping(each, "resources", kind) for each in _containers(part)):
            return f"{place}.podTemplate.spec.containers[{naming.PROCESS_CONTAINER}].{field}"
    return f"{own}.{field}"


def _containers(part: Object) -> Iterable[Object]:
    found = lenient.items(lenient.mapping(part, "podTemplate", "spec"), "containers")
    return (each for each in found if each.get("name") == naming.PROCESS_CONTAINER)
