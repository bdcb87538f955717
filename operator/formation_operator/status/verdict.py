"""The conditions of a Formation, from the health of its types."""

from collections.abc import Iterable, Mapping

from formation_operator.api.formation_status import ScheduleStatus
from formation_operator.api.reasons import ConditionType, Reason, ScheduleState, State, Trouble
from formation_operator.observe.faults import Problem
from formation_operator.status.conditions import Verdict
from formation_operator.status.observation import Seen
from formation_operator.status.type_health import Health

STOPPED = "it is stopped: no process type runs until spec.suspend is false"


def conditions_of(
    seen: Seen, types: Mapping[str, Health], schedules: Mapping[str, ScheduleStatus]
) -> list[Verdict]:
    """Return the conditions of a Formation, given the health of each type and schedule."""
    lasting = [problem for problem in seen.problems if problem.lasting]
    waiting = [problem for problem in seen.problems if not problem.lasting]
    excused = {problem.process_type for problem in seen.problems}
    for name, own in types.items():
        if not own.complete and name not in excused:
            problem = Problem(name, own.reason, own.message, lasting=own.lasting)
            (lasting if own.lasting else waiting).append(problem)
    return [*_readiness(seen, lasting, waiting), *_extra(seen), *_failing(schedules)]


def _readiness(seen: Seen, lasting: list[Problem], waiting: list[Problem]) -> list[Verdict]:
    text = "; ".join(map(str, [*lasting, *waiting]))
    if lasting:
        reason = lasting[0].reason
        return [
            Verdict(ConditionType.READY, reason, text, true=False),
            Verdict(ConditionType.STALLED, reason, text),
        ]
    if not waiting and seen.suspended:
        return [Verdict(ConditionType.READY, State.SUSPENDED, STOPPED)]
    if not waiting:
        return [Verdict(ConditionType.READY, State.RUNNING, "all process types run as declared")]
    if seen.paused:
        return [Verdict(ConditionType.READY, Trouble.PAUSED, text, true=False)]
    # A reason that says more than that something progresses is preferred.
    reason = next((each.reason for each in waiting if each.reason != Reason.PROGRESSING), Reason.PROGRESSING)
    return [
        Verdict(ConditionType.READY, reason, text, true=False),
        Verdict(ConditionType.RECONCILING, reason, text),
    ]


def _extra(seen: Seen) -> Iterable[Verdict]:
    """Yield the other conditions, whether or not the Formation is ready."""
    yield from _overridden(seen)
    contended = "; ".join(seen.contended)
    if contended:
        yield Verdict(ConditionType.CONTENDED, "Autoscaler", contended)
    outvoted = "; ".join(seen.outvoted)
    if outvoted:
        yield Verdict(ConditionType.DISRUPTION_CONTENDED, "AnotherBudget", outvoted)
    daemonizing = "; ".join(seen.daemonizing)
    if daemonizing:
        yield Verdict(ConditionType.DAEMONIZING, "CommandLeavesForeground", daemonizing)
    outdated = [each.message for each in seen.problems if each.reason == Trouble.OUTDATED]
    if outdated:
        yield Verdict(ConditionType.OUTDATED, "OlderCRD", "; ".join(outdated))
    if seen.unrevised is not None:
        yield Verdict(ConditionType.REVISION_FAILED, seen.unrevised.reason, seen.unrevised.message)
    if seen.paused:
        yield Verdict(ConditionType.PAUSED, Trouble.PAUSED, "spec.paused is true: nothing is changed")


def _failing(schedules: Mapping[str, ScheduleStatus]) -> Iterable[Verdict]:
    """Yield a condition if runs fail: a nightly report mustn't fail a deploy, so it is apart from Ready."""
    failing = {name: each for name, each in schedules.items() if each.state == ScheduleState.FAILING}
    if failing:
        text = "; ".join(f"{name}: {each.message}" for name, each in sorted(failing.items()))
        yield Verdict(ConditionType.SCHEDULE_FAILING, "RunFailed", text)


def _overridden(seen: Seen) -> Iterable[Verdict]:
    """Yield a condition if admission changes what we write, which we leave as it is."""
    sentences = []
    for name, child in sorted(seen.deployments.items()):
        if not seen.is_as_intended(name):
            continue
        live = dict(child.images)
        sentences += [
            f"{name}: the cluster changes the image {image} of container {container} to {live[container]}"
            for container, image in sorted(seen.images.get(name, {}).items())
            if container in live and live[container] != image
        ]
        rendered = seen.counts[name].rendered if name in seen.counts else None
        if rendered is not None and child.replicas != rendered and child.owns_count:
            sentences.append(f"{name}: the cluster changes the count {rendered} to {child.replicas}")
    if sentences:
        yield Verdict(ConditionType.OVERRIDDEN, "AdmissionPolicy", "; ".join(sentences))
