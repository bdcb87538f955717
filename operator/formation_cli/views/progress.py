"""How far a change has come: done, failed for a reason, or under way."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from formation_cli.views import formations
from formation_cli.views.processes import Process
from formation_cli.views.table import Cell, Table, state
from formation_operator.api.reasons import ConditionType, Reason, State, Trouble
from formation_operator.kube.objects import lenient, timestamps

Object = dict[str, Any]
HOPELESS = frozenset(
    {
        Reason.IMAGE_PULL_FAILED,
        Reason.BAD_COMMAND,
        Reason.START_ERROR,
        Reason.IMAGE_USER_IS_ROOT,
        Reason.IMAGE_USER_NOT_NUMERIC,
        Reason.RUNS_AS_ROOT,
        Reason.SECRET_MISSING,
        Reason.CONFIG_MAP_MISSING,
        Reason.CONTAINER_CONFIG_ERROR,
    }
)
"""Why a process that is new doesn't start, so that somebody has to do something."""
COLUMNS = ("TYPE", "READY", "UPDATED", "STATE", "MESSAGE")


@dataclasses.dataclass(frozen=True)
class Awaited:
    """What is waited for."""

    generation: int
    """The Formation's, of which it is to be ready."""
    since: float
    """When the change was made, by the API server's clock: only newer processes speak of it."""
    deployments: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """The generation of each Deployment, by name, whose rollout is to be over."""
    stopped: bool = False
    """Whether no process is to be left."""


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far it has come."""

    done: bool
    failure: str
    """Why waiting won't help; empty if it may."""
    table: Table


def progress(
    awaited: Awaited, formation: Object, found: Iterable[Process], deployments: Iterable[Object]
) -> Progress:
    """Return how far a change has come, from what there is."""
    found = [*found]
    seen = lenient.number(lenient.mapping(formation, "status"), "observedGeneration") >= awaited.generation
    failure = _kept(formation) if seen else ""
    failure = failure or next(filter(None, (_failed(each, awaited.since) for each in found)), "")
    ready = seen and formations.is_true(formation, ConditionType.READY)
    rolled_out = _rolled_out(awaited.deployments, deployments)
    left = awaited.stopped and any(each.process for each in found)
    return Progress(ready and rolled_out and not left, failure, table(formation, seen=seen))


def written_at(formation: Object, manager: str) -> float:
    """Return when a manager wrote an object last, by the API server's clock; 0 if it never did.

    It counts in whole seconds, as a Pod's creation is told.
    """
    entries = lenient.items(formation["metadata"], "managedFields")
    times = (
        timestamps.epoch(lenient.text(each, "time")) for each in entries if each.get("manager") == manager
    )
    return max(filter(None, times), default=0.0)


def _kept(formation: Object) -> str:
    """Return what keeps a Formation from being as declared until somebody does something about it."""
    stalled = formations.condition(formation, ConditionType.STALLED)
    if stalled.get("status") == "True":
        return lenient.text(stalled, "message")
    ready = formations.condition(formation, ConditionType.READY)
    return lenient.text(ready, "message") if ready.get("reason") == Trouble.PAUSED else ""


def _failed(process: Process, since: float) -> str:
    """Return why a process that is new doesn't run; older ones say nothing about the change."""
    if process.created < since:
        return ""
    if process.state == State.CRASHING or process.reason in HOPELESS:
        return f"{process.type}: {process.message or process.reason} ({process.process})"
    return ""


def _rolled_out(generations: Mapping[str, int], deployments: Iterable[Object]) -> bool:
    """Tell whether Deployments have replaced all their Pods."""
    known = {each["metadata"]["name"]: each for each in deployments}
    return all(
        name not in known or _is_rolled_out(known[name], generation)
        for name, generation in generations.items()
    )


def _is_rolled_out(deployment: Object, generation: int) -> bool:
    """Tell whether all Pods of a Deployment are of its latest template, and available.

    Source: ``kubectl rollout status``, in k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go.
    """
    status, wanted = lenient.mapping(deployment, "status"), lenient.number(deployment["spec"], "replicas")
    counts = [lenient.number(status, key) for key in ("updatedReplicas", "replicas", "availableReplicas")]
    return lenient.number(status, "observedGeneration") >= generation and counts == [wanted] * len(counts)


def table(formation: Object, *, seen: bool) -> Table:
    """Return how far each type has come."""
    status = lenient.mapping(formation, "status", "processes")
    names = sorted({*lenient.mapping(formation, "spec", "processes")})
    return Table(COLUMNS, [_row(name, lenient.mapping(status, name), seen=seen) for name in names])


def _row(name: str, status: Object, *, seen: bool) -> tuple[Cell, ...]:
    wanted = lenient.number(status, "desiredReplicas")
    return (
        Cell(name, "bold"),
        Cell(f"{lenient.number(status, 'readyReplicas')}/{wanted}" if seen else "-"),
        Cell(f"{lenient.number(status, 'updatedReplicas')}/{wanted}" if seen else "-"),
        state(lenient.text(status, "state") if seen else "Waiting"),
        Cell((lenient.text(status, "message") if seen else "") or "-"),
    )


def still_serving(found: Iterable[Process], since: float) -> str:
    """Return which processes from before go on serving, in a sentence; nothing where none does."""
    old = [each for each in found if each.ready and each.created < since and each.state == State.RUNNING]
    counts = {name: sum(each.type == name for each in old) for name in sorted({each.type for each in old})}
    if not counts:
        return ""
    listed = " ".join(f"{name}={count}" for name, count in counts.items())
    return f"Processes from before go on: {listed}."
