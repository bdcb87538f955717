"""What processes use of CPU and memory, beside what they request and may use; which kills there were."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from formation_cli.objects import Object
from formation_cli.views import pod_state
from formation_cli.views.table import Cell, Table, ago
from formation_cli.words import values
from formation_operator.kube.objects import lenient
from formation_operator.observe import pods

CPU, MEMORY = "cpu", "memory"
MEGABYTE = 2**20
OUT_OF_MEMORY = "OOMKilled"
NEAR = Decimal("0.9")
"""The part of a limit from which on a process is near to it."""
Amount = Decimal | None
"""Cores, or bytes; nothing where there is none, or nobody knows."""


class Figures(NamedTuple):
    """What is used of a resource, what is requested, and what may be used at most."""

    use: Amount = None
    request: Amount = None
    limit: Amount = None

    def json(self, number: type[int] | type[float]) -> Object:
        """Return it for programs."""
        return {
            key: None if (amount := getattr(self, key)) is None else number(amount) for key in self._fields
        }

    @property
    def of_limit(self) -> Decimal:
        """Which part of its limit it uses; none if either isn't known."""
        return self.use / self.limit if self.use is not None and self.limit else Decimal(0)

    @property
    def of_request(self) -> Decimal:
        """Which part of its request it uses; none if either isn't known."""
        return self.use / self.request if self.use is not None and self.request else Decimal(0)

    @property
    def free(self) -> Decimal:
        """How much of its request it doesn't use; nothing if either isn't known."""
        return Decimal(0) if self.use is None or self.request is None else self.request - self.use


@dataclasses.dataclass(frozen=True)
class Load:
    """The use of one container, or the sum of several."""

    cpu: Figures
    memory: Figures
    restarts: int
    killed: str
    """When it was killed for memory, if that was its last end, as an RFC 3339 time."""

    def json(self) -> Object:
        """Return it for programs: in cores and bytes."""
        figures = {CPU: self.cpu.json(float), MEMORY: self.memory.json(int)}
        return {**figures, "restarts": self.restarts, "killedForMemory": self.killed}


@dataclasses.dataclass(frozen=True)
class ProcessLoad:
    """The use of a process: of its own container, and of its whole Pod."""

    process: str
    label: str
    container: str
    own: Load
    whole: Load
    containers: int

    def json(self) -> Object:
        """Return it for programs."""
        return {"process": self.process, **self.own.json(), "pod": self.whole.json()}


@dataclasses.dataclass(frozen=True)
class TypeLoad:
    """The use of a type, or of its canary: of the own containers of its processes."""

    type: str
    declared: str
    """The type in the spec."""
    sum: Load
    processes: list[ProcessLoad]


def loads(
    formation: Object, found: Iterable[Object], metrics: Iterable[Object], types: Sequence[str]
) -> list[TypeLoad]:
    """Return the use of each of the types, and of their canaries, in the order of their names."""
    used = {lenient.text(each["metadata"], "name"): _used(each) for each in metrics}
    by_type: dict[str, list[Object]] = {name: [] for name in types}
    declared = {name: name for name in types}
    for pod in sorted(found, key=lambda each: str(each["metadata"]["name"])):
        type_ = pod_state.declared_type(pod)
        if type_ in declared and pods.is_process(pod["metadata"]) and not pod_state.is_over(pod):
            by_type.setdefault(pod_state.process_type(pod), []).append(pod)
            declared.setdefault(pod_state.process_type(pod), type_)
    status = lenient.mapping(formation, "status", "processes")
    return [
        _type(name, declared[name], by_type[name], used, lenient.mapping(status, name, "lastExit"))
        for name in sorted(by_type)
    ]


def _type(
    name: str, declared: str, found: Iterable[Object], used: Mapping[str, Object], last: Object
) -> TypeLoad:
    processes = [_process(each, used.get(each["metadata"]["name"], {})) for each in found]
    total = _sum([each.own for each in processes])
    if not total.killed and last.get("reason") == OUT_OF_MEMORY:
        total = dataclasses.replace(total, killed=lenient.text(last, "finishedAt"))
    return TypeLoad(name, declared, total, processes)


def _process(pod: Object, used: Object) -> ProcessLoad:
    spec, own = lenient.mapping(pod, "spec"), pod_state.container(pod)
    beside = [each for each in lenient.items(spec, "initContainers") if each.get("restartPolicy") == "Always"]
    there = [*lenient.items(spec, "containers"), *beside]
    status = {lenient.text(each, "name"): each for each in pod_state.statuses(pod)}
    of_each = {
        (name := lenient.text(each, "name")): _load(each, status.get(name, {}), lenient.mapping(used, name))
        for each in there
    }
    name, type_ = pod["metadata"]["name"], pod_state.process_type(pod)
    nothing = Load(Figures(), Figures(), 0, "")
    label, whole = pod_state.label(type_, name), _sum([*of_each.values()])
    return ProcessLoad(name, label, own, of_each.get(own, nothing), whole, len(of_each))


def _load(container: Object, status: Object, used: Object) -> Load:
    requests, limits = (lenient.mapping(container, "resources", each) for each in ("requests", "limits"))
    cpu, memory = (
        Figures(*(_amount(each.get(key)) for each in (used, requests, limits))) for key in (CPU, MEMORY)
    )
    ends = (lenient.mapping(status, key, "terminated") for key in ("state", "lastState"))
    last = next(filter(None, ends), {})
    killed = lenient.text(last, "finishedAt") if last.get("reason") == OUT_OF_MEMORY else ""
    return Load(cpu, memory, lenient.number(status, "restartCount"), killed)


def _used(metrics: Object) -> Object:
    """Return what each container of a Pod uses."""
    return {
        lenient.text(each, "name"): lenient.mapping(each, "usage")
        for each in lenient.items(metrics, "containers")
    }


def _amount(quantity: Any) -> Amount:
    try:
        return values.number(quantity)
    except ValueError:
        return None


def _sum(parts: Sequence[Load]) -> Load:
    """Return all together; there is a limit only if each has one."""

    def total(of: Callable[[Load], Figures]) -> Figures:
        uses, requests, limits = zip(*map(of, parts), strict=True) if parts else ((), (), ())
        return Figures(_total(uses), _total(requests), None if None in limits else _total(limits))

    killed = max((each.killed for each in parts), default="")
    restarts = sum(each.restarts for each in parts)
    return Load(total(lambda each: each.cpu), total(lambda each: each.memory), restarts, killed)


def _total(amounts: Iterable[Amount]) -> Amount:
    known = [each for each in amounts if each is not None]
    return sum(known, Decimal()) if known else None


COLUMNS = (
    *("CPU", "CPU REQUEST", "CPU LIMIT", "MEMORY", "MEMORY REQUEST", "MEMORY LIMIT"),
    *("RESTARTS", "OOM KILLED"),
)


def table(found: Iterable[TypeLoad], now: float) -> Table:
    """Return a row of each type, and one of each process; two of one with several containers."""
    found = [*found]
    mixed = any(process.containers > 1 for each in found for process in each.processes)
    rows: list[tuple[Cell, ...]] = []
    for each in found:
        head, number = Cell(each.type, "bold"), len(each.processes)
        rows.append(
            (
                head,
                Cell(f"all {number}" if number else "-"),
                *(Cell(each.declared),) * mixed,
                *_row(each.sum, now),
            )
        )
        for process in each.processes:
            first = head, Cell(process.process, short=process.label)
            rows.append((*first, *(Cell(process.container),) * mixed, *_row(process.own, now)))
            if process.containers > 1:
                rows.append((*first, Cell(f"all {process.containers}"), *_row(process.whole, now)))
    return Table(("TYPE", "PROCESS", *("CONTAINERS",) * mixed, *COLUMNS), rows)


def _row(load: Load, now: float) -> tuple[Cell, ...]:
    ago_ = ago(load.killed, now)
    killed = Cell(f"{ago_} ago", "red") if ago_ else Cell("-")
    restarts = Cell(str(load.restarts), "yellow" if load.restarts else "")
    return (*_cells(load.cpu, CPU), *_cells(load.memory, MEMORY), restarts, killed)


def _cells(figures: Figures, resource: str) -> list[Cell]:
    texts = ["-" if each is None else shown(each, resource) for each in figures]
    return [Cell(texts[0], "red" if figures.of_limit >= NEAR else ""), *map(Cell, texts[1:])]


def shown(amount: Decimal, resource: str) -> str:
    """Return an amount as `kubectl top` prints it."""
    return f"{math.ceil(amount * 1000)}m" if resource == CPU else f"{math.floor(amount / MEGABYTE)}Mi"
