"""How the canaries of a content are, by the same rules as processes of a type: pure.

A canary that has failed may still come to stand, as when what it lacked is there: Kubernetes goes on trying.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from formation_operator.api import naming
from formation_operator.api.formation import PROGRESS_DEADLINE
from formation_operator.api.formation_status import CanaryStatus
from formation_operator.api.reasons import CanaryState, Reason, State, Trouble
from formation_operator.diagnose import grace_periods
from formation_operator.kube import errors
from formation_operator.kube.objects import lenient, timestamps
from formation_operator.observe.faults import Problem
from formation_operator.observe.snapshot import Snapshot
from formation_operator.replicas.count_owner import Replicas
from formation_operator.rollout.canary import PATIENCE, Proof, proof
from formation_operator.rollout.revisions import Record
from formation_operator.status import type_health
from formation_operator.status.observation import Observation
from formation_operator.status.type_health import Health

UNTOLD = "its canaries have failed"
NO_PLACE = {Reason.UNSCHEDULABLE, Reason.REPLICA_FAILURE, Reason.SCHEDULING_GATED, Reason.VOLUME_PENDING}
"""Reasons why a canary of the default isn't tried, so that the deploy goes on without it."""
ROOM = "it needs room for one process more than the count; to deploy without: spec.canary.seconds: 0"
AT_ZERO = "its count is 0: its canary starts once the count is 1 or more"


class Verdict(NamedTuple):
    """How the canaries of a content are as a whole."""

    status: CanaryStatus
    proven: Mapping[str, Proof]
    """By type: the canary that has stood."""
    roomless: frozenset[str]
    """The types whose canaries have no room, if none has failed."""
    problems: Sequence[Problem]
    """Why the Formation isn't as declared."""


def health(observation: Observation, record: Record, imageless: float | None, now: str) -> Verdict:
    """Return how the canaries are that were observed, at a time in RFC 3339.

    ``record`` is what the content's revision says of them, and ``imageless`` since when one lacks its image,
    by the snapshot's clock.
    """
    snapshot = observation.snapshot
    names = {*map(naming.canary, observation.desired.canaries)}
    problems = {each.process_type: each for each in observation.problems if each.process_type in names}
    each = _types(observation, problems, imageless, now)
    failed = {name: one for name, one in each.items() if _has_failed(one)}
    undone = {name: one for name, one in each.items() if not one.complete}
    before = snapshot.canary_status(record.name)
    had_failed = CanaryState.FAILED in (record.trial, before and before.state)
    has_failed = bool(failed or (had_failed and undone))
    state = CanaryState.FAILED if has_failed else CanaryState.TRYING
    text = "; ".join(f"{name}: {_why(one)}" for name, one in (failed or undone).items())
    if has_failed:
        reason = str(Trouble.CANARY_FAILED)
        said = f"{text}; nothing else has changed{_waiting(each, failed)}. {_ways_out(snapshot)}"
        # Where the others stand, and may be what had failed, the types at zero are all that it waits for.
        is_idle = len(undone) < len(each) and {one.state for one in undone.values()} == {State.IDLE}
        cause = before.message if before is not None and not is_idle else ""
        text = said if failed else cause or f"{text}: {UNTOLD}. {_ways_out(snapshot)}"
    else:
        stays = snapshot.spec.canary_seconds
        text = f"one new process of each changed type has to stay ready for {stays} s: {text}".rstrip(": ")
        reason = next((one.reason for one in undone.values() if one.reason != Reason.PROGRESSING), "")
    since = before.since if before is not None and before.state == state else now
    message = lenient.shown(text, lenient.LONGEST_SENTENCE)
    lasting = has_failed or any(one.lasting for one in undone.values())
    others = [problem for problem in observation.problems if problem not in problems.values()]
    stood = {name: snapshot.canary(name) for name, one in each.items() if one.complete}
    return Verdict(
        CanaryStatus(revision=record.name, state=state, since=since, message=message),
        {name: proof(child) for name, child in stood.items() if child is not None},
        frozenset() if has_failed else _roomless(snapshot, undone),
        [Problem("", reason or Trouble.CANARY_TRYING, text, lasting=lasting), *others],
    )


def _types(
    observation: Observation, problems: Mapping[str, Problem], imageless: float | None, now: str
) -> Mapping[str, Health]:
    """Return how the canary of each type is; the ``problems`` are by its name."""
    lacks_image = imageless is not None and observation.snapshot.now - imageless >= PATIENCE
    each = dict[str, Health]()
    for name in sorted(observation.desired.canaries):
        found, problem = _health(observation, name, now), problems.get(naming.canary(name))
        if problem is not None and not _has_failed(found):
            found = _of_problem(problem)
        is_late = lacks_image and found.reason == Reason.IMAGE_PULL_FAILED
        each[name] = dataclasses.replace(found, lasting=True) if is_late else found
    return each


def _roomless(snapshot: Snapshot, undone: Mapping[str, Health]) -> frozenset[str]:
    """Return the types whose canaries have no room."""
    unwritten = {name for name in undone if snapshot.canary(name) is None}
    return frozenset(
        name
        for name, one in undone.items()
        if one.reason in NO_PLACE or (name in unwritten and _is_refused(one))
    )


def _is_refused(one: Health) -> bool:
    """Return whether a canary isn't written for a reason that stays: an API server that is ill isn't one."""
    is_full = one.reason == Trouble.RETRYING and bool(errors.TEMPORARY.search(one.message))
    return is_full or one.reason in (Trouble.REFUSED, Trouble.NAME_TAKEN)


def _ways_out(snapshot: Snapshot) -> str:
    app, track = snapshot.owner.name, f"{naming.TRACK_LABEL}={naming.CANARY}"
    return (
        f"Correct it and deploy again, go back (kubectl formation rollback {app}), or have it tried once "
        f"more (kubectl formation deploy {app} --retry, or "
        f"kubectl delete pod -l {naming.FORMATION_LABEL}={app},{track})"
    )


def _has_failed(own: Health) -> bool:
    """Return whether there is evidence that a content doesn't work: what has no room was never tried."""
    is_placed = own.state is not State.UNSCHEDULABLE and own.reason not in NO_PLACE
    return own.state is State.CRASHING or (own.lasting and own.reason in [*Reason] and is_placed)


def _of_problem(problem: Problem) -> Health:
    reason, message, lasting = problem.reason, problem.message, problem.lasting
    return Health(State.STARTING, complete=False, reason=reason, message=message, lasting=lasting)


def _health(observation: Observation, name: str, now: str) -> Health:
    own, count = naming.canary(name), observation.desired.canaries[name]
    if not count:
        return Health(State.IDLE, complete=False, reason=Reason.PROGRESSING, message=AT_ZERO)
    child, intent = observation.snapshot.canary(name), observation.intents.get(own)
    is_written = child is not None and intent is not None and child.digest == intent.digest
    is_written = is_written and own not in observation.changed
    pod = max(observation.pods.get(own, ()), key=lambda each: each.created, default=None)
    if child is not None and pod is not None and pod.node:
        deadline = observation.snapshot.spec.processes[name].progress_deadline_seconds or PROGRESS_DEADLINE
        # The Deployment's own deadline runs from its creation.
        if not grace_periods.has_had(pod, deadline, timestamps.epoch(now) or 0.0):
            child = dataclasses.replace(child, rollout=dataclasses.replace(child.rollout, stuck=None))
    replicas = Replicas(desired=count, rendered=count, remembered=count)
    return type_health.health(replicas, child if is_written else None, observation.findings.get(own, ()))


def _why(own: Health) -> str:
    return f"{own.message}: {ROOM}" if own.reason in NO_PLACE else own.message


def _waiting(each: Mapping[str, Health], failed: Mapping[str, Health]) -> str:
    others = sorted(each.keys() - failed.keys())
    wait = "waits" if len(others) == 1 else "wait"
    return f"; {', '.join(others)} {wait} with one new process" if others else ""
