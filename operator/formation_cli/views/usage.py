"""What processes use of CPU and memory, beside what they request and may use; which kills there were."""

import math
from collections.abc import Iterable, Mapping, Sequence
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

    use: Amount
    request: Amount
    limit: Amount

    def part_of(self, most: Amount) -> Decimal:
        """Return which part of its request or limit is used; nothing if either isn't known."""
        return self.use / most if self.use is not None and most else Decimal(0)

    def json(self) -> Object:
        """Return it for programs, in cores or bytes."""
        return {key: None if each is None else _plain(each) for key, each in self._asdict().items()}


def _plain(amount: Decimal) -> float:
    return float(amount) if amount % 1 else int(amount)


class Load(NamedTuple):
    """The use of a container, or of several: of a process, or of a type."""

    type: str
    process: str
    """The name of its Pod; empty for a type."""
    containers: str
    """The container of the type, or how many there are together."""
    restarts: int
    killed: str
    """When it was killed for memory, if that was its last end, as an RFC 3339 time."""
    cpu: Figures
    memory: Figures

    @property
    def label(self) -> str:
        """Its short name."""
        return pod_state.label(self.type, self.process)

    def json(self) -> Object:
        """Return it for programs."""
        return {**self._asdict(), CPU: self.cpu.json(), MEMORY: self.memory.json()}


class TypeLoad(NamedTuple):
    """The use of a type, or of its canary."""

    declared: str
    """The type in the spec, by whose name its container is."""
    rows: list[Load]
    """That of all processes; then of each that of its own container, and, of several, of all of them."""

    @property
    def own(self) -> list[Load]:
        """The rows of processes' own containers."""
        return [each for each in self.rows if each.process and each.containers == self.declared]


def loads(
    formation: Object, found: Iterable[Object], metrics: Iterable[Object], types: Sequence[str]
) -> list[TypeLoad]:
    """Return the use of each of the types, and of their canaries, in the order of their names."""
    used = {lenient.text(each["metadata"], "name"): each for each in metrics}
    by_type: dict[str, list[Object]] = {name: [] for name in types}
    for pod in sorted(found, key=lambda each: str(each["metadata"]["name"])):
        is_gone = pod["metadata"]["name"] not in used and "deletionTimestamp" in pod["metadata"]
        is_process = pods.is_process(pod["metadata"]) and not (is_gone or pod_state.is_over(pod))
        if is_process and pod_state.declared_type(pod) in types:
            by_type.setdefault(pod_state.process_type(pod), []).append(pod)
    status = lenient.mapping(formation, "status", "processes")
    return [_type(name, by_type[name], used, lenient.mapping(status, name)) for name in sorted(by_type)]


def _type(name: str, found: Sequence[Object], used: Mapping[str, Object], status: Object) -> TypeLoad:
    declared = next(map(pod_state.declared_type, found), name)
    owns: list[Object] = []
    rows: list[Load] = []
    for pod in found:
        process = pod["metadata"]["name"]
        parts = _parts(pod, used.get(process, {}))
        own = [each for each in parts if each["name"] == declared]
        owns += own
        rows.append(_load(name, process, declared, own))
        rows += [_whole(_load(name, process, f"all {len(parts)}", parts), pod)] if len(parts) > 1 else []
    total = _load(name, "", declared, owns)
    last = _time(lenient.mapping(status, "lastExit"))  # the status knows of a process that has gone, too
    return TypeLoad(declared, [total._replace(killed=total.killed or last), *rows])


def _parts(pod: Object, metrics: Object) -> list[Object]:
    """Return each container that runs all the time, with its status and its use."""
    spec = lenient.mapping(pod, "spec")
    beside = [each for each in lenient.items(spec, "initContainers") if each.get("restartPolicy") == "Always"]
    used = {each.get("name"): each.get("usage") for each in lenient.items(metrics, "containers")}
    status = {each.get("name"): each for each in pod_state.statuses(pod)}
    there = [*lenient.items(spec, "containers"), *beside]
    known = ({**each, "usage": used.get(each["name"]), "status": status.get(each["name"])} for each in there)
    return [{**each, "resources": _sizes(spec, each, alone=len(there) == 1)} for each in known]


def _sizes(spec: Object, part: Object, *, alone: bool) -> Object:
    """Return the sizes of a container: the Pod's limit is one of each, and its request that of one alone."""
    own, whole = lenient.mapping(part, "resources"), lenient.mapping(spec, "resources")
    requests = lenient.mapping(whole, "requests") if alone else {}
    return {
        "requests": {**requests, **lenient.mapping(own, "requests")},
        "limits": {**lenient.mapping(whole, "limits"), **lenient.mapping(own, "limits")},
    }


def _whole(load: Load, pod: Object) -> Load:
    """Return what all containers of a Pod have together, where the Pod itself declares it."""

    def declared(figures: Figures, resource: str) -> Figures:
        kinds = {"request": "requests", "limit": "limits"}
        paths = {key: lenient.mapping(pod, "spec", "resources", kind) for key, kind in kinds.items()}
        amounts = {key: _amount(sizes.get(resource)) for key, sizes in paths.items()}
        return figures._replace(**{key: each for key, each in amounts.items() if each is not None})

    return load._replace(cpu=declared(load.cpu, CPU), memory=declared(load.memory, MEMORY))


def _load(type_: str, process: str, containers: str, parts: Sequence[Object]) -> Load:
    """Return the sum of some containers."""
    restarts = sum(lenient.number(lenient.mapping(each, "status"), "restartCount") for each in parts)
    killed = max(map(_killed, parts), default="")
    return Load(type_, process, containers, restarts, killed, _figures(parts, CPU), _figures(parts, MEMORY))


def _killed(part: Object) -> str:
    ends = (lenient.mapping(part, "status", key, "terminated") for key in ("state", "lastState"))
    return _time(next(filter(None, ends), {}))


def _time(end: Object) -> str:
    """Return when a container ended, if it was killed for memory."""
    return lenient.text(end, "finishedAt") if end.get("reason") == OUT_OF_MEMORY else ""


def _figures(parts: Sequence[Object], resource: str) -> Figures:
    """Return what containers have together; there is a limit only if each has one."""
    paths = (("usage",), ("resources", "requests"), ("resources", "limits"))
    each_of = [[_amount(lenient.mapping(part, *path).get(resource)) for part in parts] for path in paths]
    known = ([amount for amount in each if amount is not None] for each in each_of)
    use, request, limit = (sum(each, Decimal()) if each else None for each in known)
    return Figures(use, request, None if None in each_of[-1] else limit)


def _amount(quantity: Any) -> Amount:
    try:
        return values.number(quantity)
    except ValueError:
        return None


FIGURES = ("CPU", "CPU REQUEST", "CPU LIMIT", "MEMORY", "MEMORY REQUEST", "MEMORY LIMIT")


def table(found: Sequence[TypeLoad], now: float) -> Table:
    """Return a row of each type, and one of each process; two of one with several containers."""
    mixed = any(len(each.rows) > len(each.own) + 1 for each in found)
    columns = ("TYPE", "PROCESS", *("CONTAINERS",) * mixed, *FIGURES, "RESTARTS", "OOM KILLED")
    return Table(columns, [_row(row, each, now, mixed=mixed) for each in found for row in each.rows])


def _row(row: Load, of: TypeLoad, now: float, *, mixed: bool) -> tuple[Cell, ...]:
    names = (
        Cell(row.type, "bold"),
        Cell(row.process or f"all {len(of.own)}", short=row.process and row.label),
    )
    restarts = Cell(str(row.restarts), "yellow" if row.restarts else "")
    killed = Cell(f"{ago(row.killed, now)} ago", "red") if row.killed else Cell("-")
    figures = (*_cells(row.cpu, CPU), *_cells(row.memory, MEMORY))
    return (*names, *(Cell(row.containers),) * mixed, *figures, restarts, killed)


def _cells(figures: Figures, resource: str) -> list[Cell]:
    use, *most = [shown(each, resource) for each in figures]
    return [Cell(use, "red" if figures.part_of(figures.limit) >= NEAR else ""), *map(Cell, most)]


def shown(amount: Amount, resource: str) -> str:
    """Return an amount as `kubectl top` prints it."""
    if amount is None:
        return "-"
    return f"{math.ceil(amount * 1000)}m" if resource == CPU else f"{math.floor(amount / MEGABYTE)}Mi"
