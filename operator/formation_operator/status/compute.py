"""The status of a Formation: pure, from what one pass saw.

It is a fixed point: from the same observations and the previous status comes the same status, which isn't
written.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable
from typing import Any

from formation_operator.api import formation_status, naming
from formation_operator.api.formation_status import FormationStatus, LastExit, ProcessStatus, ScheduleStatus
from formation_operator.api.reasons import BY_KUBELET, ConditionType, Reason, ReleaseState
from formation_operator.diagnose import exits
from formation_operator.diagnose.finding import Finding
from formation_operator.kube.objects import lenient
from formation_operator.observe.children import Child
from formation_operator.observe.faults import Problem
from formation_operator.replicas.count_owner import Replicas
from formation_operator.status import conditions, schedule_health, type_health
from formation_operator.status.observation import Observation
from formation_operator.status.type_health import Health

Status = dict[str, Any]


def compute(observation: Observation, previous: FormationStatus, now: str) -> Status:
    """Return the status of a Formation; ``previous`` keeps the times that didn't change."""
    types = {name: _health(observation, name, previous) for name in sorted(observation.desired.counts)}
    processes = {name: _process(observation, name, types[name], previous.process(name)) for name in types}
    schedules = {name: _schedule(observation, name, previous) for name in observation.schedules}
    web = processes.get(naming.SCALED_TYPE)
    deployment = observation.snapshot.deployment(naming.SCALED_TYPE)
    generation = observation.snapshot.owner.generation
    found = conditions.conditions(observation, types, schedules)
    status = FormationStatus(
        observed_generation=generation,
        summary=_summary(observation, processes),
        image=_image(observation, previous),
        processes=processes,
        schedules=schedules or None,
        conditions=conditions.rendered(found, previous, generation, now),
        revision=observation.revision,
        release=observation.release,
        canary=observation.canary,
        # What the scale subresource reads.
        replicas=(deployment.rollout.total if deployment else 0) if web else None,
        selector=web and web.selector,
    )
    return status.model_dump(by_alias=True, exclude_none=True)


def _summary(observation: Observation, processes: dict[str, ProcessStatus]) -> str:
    """Return how many processes of each type are ready, and how a release or a canary is that isn't done."""
    counts = [f"{name}={each.ready_replicas}/{each.desired_replicas}" for name, each in processes.items()]
    states = {
        naming.RELEASE: observation.release and observation.release.state,
        naming.CANARY: observation.canary and observation.canary.state,
    }
    undone = {name: state for name, state in states.items() if state not in (None, ReleaseState.SUCCEEDED)}
    return " ".join([*(f"{name}={str(state).lower()}" for name, state in undone.items()), *counts])


def _image(observation: Observation, previous: FormationStatus) -> str | None:
    """Return the image that most types run, of several the first type's, and how many others there are.

    While every type is being replaced, or a change waits, it is the one that ran before.
    """
    is_over = any(_is_over(observation, name) for name in observation.desired.counts)
    if previous.image and (observation.snapshot.spec.paused or not is_over):
        return previous.image
    types = sorted(observation.desired.counts.keys() & observation.intents.keys())
    by_type = (dict(observation.intents[name].images).get(name) for name in types)
    images = Counter(filter(None, by_type)).most_common()
    if not images:
        return None
    others = len(images) - 1
    return f"{images[0][0]} and {others} more" if others else images[0][0]


def _is_over(observation: Observation, name: str) -> bool:
    """Return whether a type runs what its intent says, alone."""
    child = observation.snapshot.deployment(name)
    return observation.is_as_intended(name) and child is not None and child.rollout.is_over


def stalled(generation: int, problem: Problem, previous: Status, now: str) -> Status:
    """Return the status of a Formation that can't be used: what ran before goes on running."""
    before = formation_status.read(previous)
    found = conditions.unready(ConditionType.STALLED, problem.reason, str(problem))
    rendered = conditions.rendered(found, before, generation, now)
    status = before.model_copy(update={"observed_generation": generation, "conditions": rendered})
    return status.model_dump(by_alias=True, exclude_none=True)


def _problem_of(observation: Observation, name: str) -> Problem | None:
    return next((each for each in observation.problems if each.process_type == name), None)


def _ready_before(observation: Observation, name: str, previous: FormationStatus) -> int | None:
    """Return how many processes of a type were ready when this generation was last reported as Ready."""
    ready = previous.condition(ConditionType.READY)
    is_current = previous.observed_generation == observation.snapshot.owner.generation
    is_ready = ready is not None and ready.status == "True"
    return previous.process(name).ready_replicas if is_ready and is_current else None


def _schedule(observation: Observation, name: str, previous: FormationStatus) -> ScheduleStatus:
    before = (previous.schedules or {}).get(name)
    return schedule_health.status(name, observation, before, _problem_of(observation, name))


def _health(observation: Observation, name: str, previous: FormationStatus) -> Health:
    """Return the health of a type, with the reason if it can't be written as intended."""
    child, count = observation.snapshot.deployment(name), observation.desired.counts[name]
    behind = not observation.is_as_intended(name)
    problem = _problem_of(observation, name)
    if child is not None and behind:
        child, count = (child, _present(count, child)) if problem else (None, count)
    ready_before = _ready_before(observation, name, previous)
    own = type_health.health(count, child, observation.findings.get(name, ()), ready_before)
    if problem is None or not (behind or own.reason == Reason.PROGRESSING):
        return own
    return _held_up(own, problem)


def _present(count: Replicas, child: Child) -> Replicas:
    """Return the count that a Deployment has, whatever else is declared."""
    ours = None if count.rendered is None else child.replicas
    return dataclasses.replace(count, desired=child.replicas, rendered=ours)


def _held_up(own: Health, problem: Problem) -> Health:
    """Return the health of a type that can't be made as declared; its own trouble comes first."""
    troubled = own.reason not in ("", Reason.PROGRESSING)
    return dataclasses.replace(
        own,
        complete=False,
        reason=own.reason if troubled else problem.reason,
        message=f"{own.message}; {problem.message}" if troubled else problem.message,
        lasting=problem.lasting,
    )


def _process(observation: Observation, name: str, own: Health, before: ProcessStatus) -> ProcessStatus:
    child, count = observation.snapshot.deployment(name), observation.desired.counts[name]
    ready = updated = 0
    if child is not None and child.rollout.current:
        ready, updated = child.rollout.ready, child.rollout.updated
    elif child is not None:
        # The Deployment's figures are about its older spec, and don't count yet.
        ready = before.ready_replicas or 0
    last = before.last_exit.model_dump(by_alias=True, exclude_none=True) if before.last_exit else {}
    ended = _shown(_last_exit(observation, name, last))
    # What is worth knowing although all is well.
    message = own.message if own.reason else observation.notes.get(name, "")
    return ProcessStatus(
        desired_replicas=count.desired,
        ready_replicas=ready,
        updated_replicas=updated,
        terminating_replicas=(child.rollout.ending or None) if child else None,
        selector=naming.selector_string(observation.snapshot.owner.name, name, naming.STABLE),
        state=own.state,
        reason=lenient.shown(own.reason, lenient.LONGEST_WORD) or None,
        message=lenient.shown(message) or None,
        restarts=sum(pod.restarts for pod in observation.pods.get(name, ())),
        last_exit=LastExit(**ended) if ended else None,
        resume_replicas=count.remembered if count.suspended else None,
        replicas_managed_by=str(count.autoscaler) if count.autoscaler else None,
    )


def _shown(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts with their texts cut to fit the status."""
    texts = {key: value for key, value in facts.items() if isinstance(value, str)}
    longest = {**dict.fromkeys(texts, lenient.LONGEST_WORD), "message": lenient.LONGEST_SENTENCE}
    return {**facts, **{key: lenient.shown(text, longest[key]) for key, text in texts.items()}}


def _last_exit(observation: Observation, name: str, before: dict[str, Any]) -> dict[str, Any]:
    """Return how a process of a type ended last; the record stays when its Pod is gone."""
    ends = [(exits.ended_at(pod, name), pod) for pod in observation.pods.get(name, ())]
    newest = max((moment for moment, _ in ends if moment is not None), default=None)
    if newest is None:
        return before
    records = (exits.record_of(pod, name) for moment, pod in ends if moment == newest)
    latest = max(filter(None, records), key=_moment)
    latest = _explained(latest, observation.findings.get(name, ()))
    ended, _ = _moment(latest)
    ended_before, _ = _moment(before)
    # The newer record of an exit counts, unless only the older one says that kubelet ended the process.
    knew_more = ended == ended_before and before.get("reason") in BY_KUBELET
    return before if ended_before > ended or knew_more else latest


def _explained(record: dict[str, Any], findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the record of an exit, with the reason of kubelet's Event if kubelet ended the process."""
    for own in (each if each.own else each.beside for each in findings):
        if own and own.reason in BY_KUBELET and own.last == record.get("finishedAt"):
            return {**record, "reason": own.reason, "message": own.message}
    return record


def _moment(record: dict[str, Any]) -> tuple[str, str]:
    """Return the time of an exit, with a tie-breaker for several at the same time."""
    return record.get("finishedAt", ""), repr(sorted(record.items()))
