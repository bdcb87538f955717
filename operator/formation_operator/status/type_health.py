"""How a process type is as a whole: its state, and the reason if that isn't Running.

Running means as declared.  The other states say what keeps a type from running, the worst first, as found on
its Pods or by its Deployment's controller.
"""

import collections
import dataclasses
from collections.abc import Sequence

from formation_operator.api.reasons import Reason, State
from formation_operator.diagnose import waits
from formation_operator.diagnose.finding import SEVERITY, Finding
from formation_operator.observe.children import Child
from formation_operator.observe.rollouts import DeploymentStatus
from formation_operator.replicas.count_owner import Replicas

TOLERATED = 0.25
"""The share of an autoscaler's count that may be down, as in a Deployment's own defaults."""


@dataclasses.dataclass(frozen=True)
class Health:
    """One type, as a whole."""

    state: State
    complete: bool
    """Whether the type runs as declared."""
    reason: str = ""
    """The reason for programs; empty if there is nothing to explain."""
    message: str = ""
    """The reason as a sentence for people, without the type's name."""
    lasting: bool = False
    """Whether waiting won't fix it."""


def health(
    count: Replicas, child: Child | None, findings: Sequence[Finding], ready_before: int | None = None
) -> Health:
    """Return the health of a type; ``child`` is its Deployment, if that was written as intended.

    ``ready_before`` is how many processes were ready when this same spec was last found to be complete.
    """
    if child is not None and child.rollout.refused and count.desired:
        return _blocked(count, child.rollout, "its ReplicaSet", child.rollout.refused)
    complete = child is not None and _complete(count, child.rollout, findings, ready_before)
    # An autoscaler may change its count while all is well.
    grows = complete and count.rendered is None and ready_before is not None
    if child is None or not (child.rollout.current or grows):
        state = State.SUSPENDED if count.suspended and count.desired == 0 else State.STARTING
        return _undone(state, "its new processes are about to start")
    worst = _worst(findings, replaced=child.rollout.total >= count.desired)
    if count.desired == 0:
        state = State.SUSPENDED if count.suspended else State.IDLE
        return Health(state, complete=True) if complete else _undone(state, progress(count, child.rollout))
    if worst is not None and worst.reason != Reason.PROGRESSING:
        return _ill(worst, findings, count, child, complete=complete)
    if complete:
        return Health(State.RUNNING, complete=True)
    return _under_way(count, child, worst)


def _complete(
    count: Replicas, rollout: DeploymentStatus, findings: Sequence[Finding], ready_before: int | None
) -> bool:
    crashing = sum(each.state == State.CRASHING for each in findings)
    if count.rendered is None:
        # It is complete as long as enough Pods are ready, even while Pods are added.
        as_before = ready_before is not None and rollout.ready >= min(ready_before, count.desired)
        enough = rollout.serving or as_before
        return enough and rollout.updated >= rollout.total and crashing <= TOLERATED * rollout.total
    there = rollout.updated == rollout.total == count.desired and rollout.available >= count.desired
    return there and not crashing


def _worst(findings: Sequence[Finding], *, replaced: bool) -> Finding | None:
    """Return the gravest finding; among equals the most frequent, and among these the latest.

    Pods that failed as a whole and were replaced come after all others, and Progressing comes last.
    Ties break on the message: the result is stable.
    """
    often = collections.Counter((each.state, each.reason) for each in findings)
    return max(
        findings,
        key=lambda each: (
            each.reason != Reason.PROGRESSING,
            not (each.gone and replaced),
            each.lasting,
            -SEVERITY.index(each.state),
            often[each.state, each.reason],
            each.reason,
            each.last,
            each.message,
        ),
        default=None,
    )


def _undone(state: State, message: str, reason: str = Reason.PROGRESSING, *, lasting: bool = False) -> Health:
    return Health(state, complete=False, reason=reason, message=message, lasting=lasting)


def _ill(
    worst: Finding, findings: Sequence[Finding], count: Replicas, child: Child, *, complete: bool
) -> Health:
    rollout = child.rollout
    alike = [each for each in findings if (each.state, each.reason) == (worst.state, worst.reason)]
    message = worst.message
    if worst.last:
        restarts = sum(each.restarts for each in alike)
        often = f" ({restarts} restart{'' if restarts == 1 else 's'})" if restarts else ""
        message = f"{message.rstrip('.')}{often}"
    if count.desired > 1 and len(alike) < count.desired:
        message = f"{len(alike)} of {count.desired}: {message}"
    stuck = bool(rollout.stuck) and not complete and not rollout.terminating
    if stuck:
        message += "; the rollout is past its deadline"
    if _is_paused_midway(rollout):
        message += f"; {_pause_message(child)}"
    elif rollout.updated < rollout.total:
        message += f"; {rollout.total - rollout.updated} of the old version still run"
    lasting = worst.lasting or stuck
    if rollout.blocked and rollout.total < count.desired:
        message += f"; more can't be created: {waits.refused(rollout.blocked)}"
        lasting = lasting or waits.lasts(rollout.blocked)
    return Health(worst.state, complete, worst.reason, message, lasting and not complete)


def _under_way(count: Replicas, child: Child, finding: Finding | None) -> Health:
    rollout = child.rollout
    so_far = progress(count, rollout) + (f": {finding.message}" if finding else "")
    if rollout.blocked:
        return _blocked(count, rollout, "Pods", rollout.blocked)
    state = _state(count, rollout)
    if _is_paused_midway(rollout):
        return _undone(state, _pause_message(child), Reason.DEPLOYMENT_PAUSED, lasting=True)
    if rollout.terminating:
        way_out = f": {HOW_IT_ENDS}" if rollout.stuck else ""
        return _undone(state, f"waits for the old process to end before a new one is started{way_out}")
    if rollout.stuck:
        late = f"the rollout is past its deadline: {so_far}"
        return _undone(state, late, Reason.DEADLINE_EXCEEDED, lasting=True)
    return _undone(state, so_far)


HOW_IT_ENDS = (
    "if that takes longer than its terminationGracePeriodSeconds, check its node, and its Pod for a finalizer"
)


def _blocked(count: Replicas, rollout: DeploymentStatus, what: str, why: str) -> Health:
    message = f"{what} can't be created: {waits.refused(why)}"
    lasting = waits.lasts(why) or rollout.stuck is not None
    return _undone(_state(count, rollout), message, Reason.REPLICA_FAILURE, lasting=lasting)


def _state(count: Replicas, rollout: DeploymentStatus) -> State:
    return State.RUNNING if rollout.available >= count.desired else State.STARTING


def _is_paused_midway(rollout: DeploymentStatus) -> bool:
    """Return whether a paused Deployment holds a version back; a change of its count still takes effect."""
    return rollout.paused and (rollout.updated < rollout.total or not rollout.total)


def _pause_message(child: Child) -> str:
    return f"someone paused its Deployment: kubectl rollout resume deployment/{child.name}"


def progress(count: Replicas, rollout: DeploymentStatus) -> str:
    """Return how far a rollout has got, in a sentence."""
    old = rollout.total - rollout.updated
    if old > 0:
        return f"{rollout.updated} of {count.desired} updated, {old} old still running"
    if rollout.total > count.desired:
        return f"{rollout.total} running, {count.desired} wanted"
    return f"{rollout.available} of {count.desired} available"
