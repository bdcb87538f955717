"""The conditions of a Formation, as Kubernetes and kstatus read them, from the health of its types.

`Ready` is always there; the others are listed only while they are true, and `Reconciling` and
`Stalled` never together, because kstatus takes the first of the two.  ``lastTransitionTime`` moves
only when ``status`` does: a condition that changed by itself would make each status write cause
the next.
Source: https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus
"""

from collections.abc import Iterable, Mapping

from formation_operator.api.formation import FormationSpec
from formation_operator.api.formation_status import Condition, FormationStatus, ScheduleStatus
from formation_operator.api.reasons import ConditionType, Reason, ScheduleState, State, Trouble
from formation_operator.foreground import check
from formation_operator.kube.objects import lenient
from formation_operator.observe.faults import Problem
from formation_operator.replicas import scale_requests
from formation_operator.status.observation import Observation
from formation_operator.status.type_health import Health

STOPPED = "it is stopped: no process type runs until spec.suspend is false"


def rendered(
    conditions: Iterable[Condition], previous: FormationStatus, generation: int, now: str
) -> list[Condition]:
    """Return conditions with their generation and transition time; ``now`` is an RFC 3339 time in UTC."""
    found = list[Condition]()
    for each in conditions:
        before = previous.condition(each.type)
        since = before.last_transition_time if before and before.status == each.status else now
        found.append(
            each.model_copy(update={"observed_generation": generation, "last_transition_time": since})
        )
    return found


def _condition(type_: ConditionType, reason: str, message: str, status: str = "True") -> Condition:
    return Condition(
        type=type_,
        status=status,
        observed_generation=0,
        last_transition_time="",
        reason=lenient.shown(reason, lenient.LONGEST_WORD),
        message=lenient.shown(message, lenient.LONGEST_SUMMARY),
    )


def conditions(
    observation: Observation, types: Mapping[str, Health], schedules: Mapping[str, ScheduleStatus]
) -> list[Condition]:
    """Return the conditions of a Formation."""
    ill = {name for name, own in types.items() if not own.complete}
    # Of a type whose change waits, its own trouble is said first.
    found = [
        each for each in observation.problems if each.reason != Trouble.PAUSED or each.process_type not in ill
    ]
    lasting = [problem for problem in found if problem.lasting]
    waiting = [problem for problem in found if not problem.lasting]
    excused = {problem.process_type for problem in found}
    for name, own in types.items():
        if name in ill - excused:
            problem = Problem(name, own.reason, own.message, lasting=own.lasting)
            (lasting if own.lasting else waiting).append(problem)
    return [*_readiness(observation, lasting, waiting), *_extra(observation, schedules)]


def _readiness(observation: Observation, lasting: list[Problem], waiting: list[Problem]) -> list[Condition]:
    text = "; ".join(map(str, [*lasting, *waiting]))
    if lasting:
        return unready(ConditionType.STALLED, lasting[0].reason, text)
    if not waiting and observation.snapshot.spec.suspend:
        return [_condition(ConditionType.READY, State.SUSPENDED, STOPPED)]
    if not waiting:
        return [_condition(ConditionType.READY, State.RUNNING, "all process types run as declared")]
    if observation.snapshot.spec.paused:
        return [_condition(ConditionType.READY, Trouble.PAUSED, text, "False")]
    # A reason that says more than that something progresses is preferred.
    reason = next((each.reason for each in waiting if each.reason != Reason.PROGRESSING), Reason.PROGRESSING)
    return unready(ConditionType.RECONCILING, reason, text)


def unready(kind: ConditionType, reason: str, text: str) -> list[Condition]:
    """Return the conditions of a Formation that isn't ready, of which another one than Ready says how."""
    return [_condition(ConditionType.READY, reason, text, "False"), _condition(kind, reason, text)]


def _extra(observation: Observation, schedules: Mapping[str, ScheduleStatus]) -> Iterable[Condition]:
    """Yield the other conditions, whether or not the Formation is ready: each as long as there is one to say.

    A nightly report mustn't fail a deploy, so runs that fail are apart from Ready.
    """
    spec, desired = observation.snapshot.spec, observation.desired
    contended = scale_requests.contended(spec, observation.snapshot.owner.name, desired.others)
    unrevised = [observation.unrevised] if observation.unrevised else []
    failing = [
        f"{name}: {each.message}"
        for name, each in sorted(schedules.items())
        if each.state == ScheduleState.FAILING
    ]
    daemonizing = check.warnings(own) if (own := commands(desired.content.spec)) else []
    outdated = [each.message for each in observation.problems if each.reason == Trouble.OUTDATED]
    paused = ["spec.paused is true: nothing is changed"] if spec.paused else []
    extra: list[tuple[ConditionType, str, Iterable[str]]] = [
        (ConditionType.OVERRIDDEN, "AdmissionPolicy", _overridden(observation)),
        (ConditionType.CONTENDED, "Autoscaler", contended),
        (ConditionType.AUTOSCALER_FAILING, "CanNotScale", observation.unscaled),
        (ConditionType.DISRUPTION_CONTENDED, "AnotherBudget", desired.budgets.contended.values()),
        (ConditionType.DAEMONIZING, "CommandLeavesForeground", daemonizing),
        (ConditionType.OUTDATED, "OlderCRD", outdated),
        *((ConditionType.REVISION_FAILED, each.reason, [each.message]) for each in unrevised),
        (ConditionType.PAUSED, Trouble.PAUSED, paused),
        (ConditionType.SCHEDULE_FAILING, "RunFailed", failing),
    ]
    for type_, reason, sentences in extra:
        if text := "; ".join(sentences):
            yield _condition(type_, reason, text)


def commands(content: FormationSpec) -> dict[str, list[str]]:
    """Return the command of each type that has one; otherwise the image decides."""
    types = content.processes.items()
    return {name: [*item.command, *(item.args or [])] for name, item in types if item.command}


ADMISSION = "an admission webhook or policy of the cluster changes"
EXEMPT = "declare a count that it allows, or have the cluster's administrator exempt this Deployment"


def _overridden(observation: Observation) -> Iterable[str]:
    """Yield what admission changes of what we write, which we leave as it is."""
    for name, count in sorted(observation.desired.counts.items()):
        child = observation.snapshot.deployment(name)
        if child is None or not observation.is_as_intended(name):
            continue
        live = dict(child.images)
        for container, image in sorted(observation.intents[name].images):
            if live.get(container, image) != image:
                what = f"the image {image} of container {container}"
                yield f"{name}: {ADMISSION} {what} to {live[container]}"
        if count.rendered not in (None, child.replicas) and child.owns_count:
            yield f"{name}: {ADMISSION} the count from {count.rendered} to {child.replicas}: {EXEMPT}"
