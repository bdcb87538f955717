"""What is wrong with one Pod, in a plain sentence, and whether waiting may fix it.

The Pod's own status comes first. What isn't in it (a failing probe, a volume that can't be mounted) is only
in the Events that kubelet records about the Pod: `needs_events` returns whether they are worth a request.
"""

import dataclasses
import re
from collections.abc import Callable

from formation_operator.api.reasons import Reason, State
from formation_operator.diagnose import exits, grace_periods, pod_events, waits
from formation_operator.diagnose.finding import SEVERITY, Finding, with_way_out
from formation_operator.diagnose.pod_events import Events, PodEvent
from formation_operator.kube.objects.containers import Container, Exit
from formation_operator.kube.objects.lenient import Condition
from formation_operator.observe.pods import Pod

ON_THE_WAY = ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedMapVolume")
"""The reasons of Events about a Pod whose containers can't be started yet."""
NO_CAUSE = "Unable to attach or mount volumes: "
"""The start of a message of kubelet that only says which volumes it waits for."""
NO_VOLUME = re.compile(r'(secret|configmap|persistentvolumeclaim) "[^"]*" not found$')
WAYS_TO_A_VOLUME = {NO_VOLUME: "create it, or correct volumes in podTemplate"}
WAYS_TO_A_NODE = {
    **WAYS_TO_A_VOLUME,
    re.compile(r"untolerated taint\(s\)"): "such a node is lost, short of memory or disk, or reserved",
}
WAYS_TO_AN_ANSWER = {
    re.compile("connection refused$"): "check that it listens on that port, and on all addresses",
    re.compile(r"not found in \$PATH"): "check that the image has that program",
}
CHECK_THE_NODE = "check that the node exists and is healthy"
CHECK_THE_SCHEDULER = "check that a scheduler runs, and that podTemplate names the right one"
OF_VOLUMES = re.compile("unbound|persistent ?volumes to bind|VolumeBinding|binding volumes")
"""What the scheduler says of claims without a volume."""
# The scheduler's later sentences, about preemption, add nothing to the first.
NOISE = re.compile(r"([.,]|(?<!\s))\s*(no new claims to deallocate|preemption:).*|\. not found$", re.DOTALL)


def finding(pod: Pod, now: float, events: Events = ()) -> Finding | None:
    """Return what is wrong with a Pod, or nothing if it is well or may still become well by itself."""
    if pod.failure is not None:
        return _failed(pod, pod.failure) if now < grace_periods.failed_until(pod) else None
    if pod.unscheduled is not None:
        return _unscheduled(pod, pod.unscheduled)
    return _gravest(pod, lambda item: _container(pod, item, now, events)) or _as_a_whole(pod, now, events)


def _gravest(pod: Pod, finding_of: Callable[[Container], Finding | None]) -> Finding | None:
    """Return the gravest finding about a Pod's containers; among equal ones, that of the process itself."""
    findings = list[Finding]()
    for container in pod.containers:
        if each := finding_of(container):
            own = container.name == pod.container
            message = each.message if own else f"container {container.name} {each.message}"
            findings.append(dataclasses.replace(each, message=message, restarts=pod.restarts, own=own))
    ranked = sorted(findings, key=lambda each: (not each.lasting, SEVERITY.index(each.state), not each.own))
    gravest = next(iter(ranked), None)
    if gravest is None or gravest.own:
        return gravest
    return dataclasses.replace(gravest, beside=next((each for each in findings if each.own), None))


def needs_events(pod: Pod, now: float, finding: Finding | None) -> bool:
    """Return whether the Events about a Pod are needed to say what is wrong with it."""
    if pod.failure is not None or pod.unscheduled is not None:
        return False
    crashed = (each for each in pod.containers if grace_periods.crashed(each, now))
    if any(pod_events.FATAL & {*each.checks} for each in crashed):  # kubelet may have ended it
        return True
    if not grace_periods.unready_for_long(pod, now):
        return False
    if finding is None:
        only_pulls = pod.set_up and not _running(pod)
        return not (only_pulls or _just_started(pod, now))
    return finding.reason in (*pod_events.PROBE_FAILED.values(), Reason.IMAGE_PULL_FAILED)


def changes_in(pod: Pod, now: float) -> float | None:
    """Return the seconds after which time alone may change what is found, or nothing."""
    moments = [grace_periods.trusted_after(container) for container in pod.containers]
    if pod.failure is not None:
        moments = [grace_periods.failed_until(pod)]
    elif pod.unready is not None:
        moments += [
            grace_periods.unready_since(pod) + grace_periods.PATIENCE,
            grace_periods.making_since(pod) + grace_periods.UNTIL_PULLED,
            grace_periods.held_until(pod),
        ]
        for each in pod.containers:
            moments += [(each.running_since or 0.0) + grace_periods.PATIENCE, grace_periods.tried_until(each)]
    ahead = [moment - now for moment in moments if moment is not None and moment > now]
    return min(ahead, default=None)


# The Pod as a whole


def _failed(pod: Pod, end: Condition) -> Finding:
    whole = Finding(State.CRASHING, end.reason, exits.by_its_node(end), last=end.time)
    own = None
    if pod.failed_by_itself:
        own = _gravest(pod, lambda item: _exit(pod, item, item.failure, ()) if item.failure else None)
    return dataclasses.replace(own or whole, gone=True)


def _unscheduled(pod: Pod, condition: Condition) -> Finding:
    if condition.reason == Reason.SCHEDULING_GATED:
        text = f"waits for its scheduling gates to be removed: {pod.gates}".rstrip(": ")
        return Finding(State.STARTING, condition.reason, text)
    text = with_way_out(NOISE.sub("", condition.message).rstrip(". "), WAYS_TO_A_NODE)
    if (claims := _see_claims(pod)) and OF_VOLUMES.search(text):
        text += f": {claims}"
    return Finding(State.UNSCHEDULABLE, Reason.UNSCHEDULABLE, f"no node can take it: {text}")


def _see_claims(pod: Pod) -> str:
    return f"see kubectl describe pvc {pod.claims}" if pod.claims else ""


def _as_a_whole(pod: Pod, now: float, events: Events) -> Finding | None:
    if pod.unready is None or not grace_periods.unready_for_long(pod, now) or _just_started(pod, now):
        return None
    if not _running(pod):
        return _being_made(pod, now) if pod.set_up else _before_it_runs(pod, events)
    reason, message = pod.unready.reason, pod.unready.message
    if not (reason or message) and all(item.init or item.ready for item in pod.containers):
        # kubelet would give a reason: the node controller gives none when it marks a Pod as not ready.
        text = f"its node {pod.node} can't be reached, so the process may still run: {CHECK_THE_NODE}"
        return Finding(State.UNREADY, Reason.NODE_NOT_READY, text)
    if not message or reason.startswith("Containers"):
        return None  # its probe has a finding of its own
    return Finding(State.UNREADY, reason or Reason.NOT_READY, f"runs, but isn't ready: {message}")


def _being_made(pod: Pod, now: float) -> Finding | None:
    """Return the likeliest reason why containers don't exist yet although nothing is wrong."""
    until = grace_periods.making_since(pod) + grace_periods.UNTIL_PULLED
    if now < until or not grace_periods.is_being_made(pod):
        return None
    hooks = any("postStart" in item.checks and not item.ready for item in pod.containers)
    text = f"the node may still be pulling an image{', or a postStart hook still runs' if hooks else ''}"
    return Finding(State.STARTING, Reason.PROGRESSING, text)


def _before_it_runs(pod: Pod, events: Events) -> Finding | None:
    event = _in_the_way(events)
    if event is not None:
        why = with_way_out(exits.without_preamble(event.message), WAYS_TO_A_VOLUME)
        return Finding(State.STARTING, event.reason, f"{waits.CANNOT}{why}")
    if pod.containers:
        return None
    if pod.node:
        text = f"waits for its node {pod.node}, which hasn't started it: {CHECK_THE_NODE}"
        return Finding(State.STARTING, Reason.NODE_SILENT, text)
    claims = _see_claims(pod)
    if pod.nominated:
        what = f"its volume: {claims}" if claims else "something that it needs there, such as a volume"
        text = f"node {pod.nominated} has room for it, and the scheduler waits for {what}"
        return Finding(State.UNSCHEDULABLE, Reason.VOLUME_PENDING, text)
    volume = f", or it waits for its volume ({claims})" if claims else ""
    text = f"no scheduler has looked at it{volume}: {CHECK_THE_SCHEDULER}"
    return Finding(State.UNSCHEDULABLE, Reason.SCHEDULER_SILENT, text)


def _in_the_way(events: Events) -> PodEvent | None:
    """Return the latest Event, if possible one with a cause; the scheduler's Events don't count any more."""
    later = [event for event in events if event.reason != "FailedScheduling"]
    failures = [event for event in later if event.reason in ON_THE_WAY]
    causes = [event for event in failures if not event.message.startswith(NO_CAUSE)]
    return pod_events.latest(causes or failures or later)


def _running(pod: Pod) -> bool:
    runs = (item.init or item.done or item.running_since is not None for item in pod.containers)
    return bool(pod.containers) and all(runs)


def _just_started(pod: Pod, now: float) -> bool:
    return any(grace_periods.just_started(each, now) for each in pod.containers)


# One container


def _container(pod: Pod, container: Container, now: float, pods_events: Events) -> Finding | None:
    events = pod_events.of_container(container.name, pods_events)
    held_up = waits.finding(container)
    if held_up is not None:
        return _with_way_in(held_up, events)
    crashed = grace_periods.crashed(container, now)
    if crashed is not None:
        return _exit(pod, container, crashed, events)
    if container.running_since is None:
        return waits.for_long(container) if grace_periods.unready_for_long(pod, now) else None
    if grace_periods.just_started(container, now):
        return None
    if container.init:
        text = "still runs: the process starts when it has ended"
        return Finding(State.STARTING, Reason.INITIALIZING, text)
    return None if container.ready else _unready(pod, container, now, events)


def _with_way_in(finding: Finding, events: Events) -> Finding:
    """Return why an image can't be pulled, with what may open its registry."""
    if finding.reason != Reason.IMAGE_PULL_FAILED:
        return finding
    message = with_way_out(finding.message, waits.WAYS_TO_AN_IMAGE)
    if names := pod_events.missing_pull_secrets(events):
        message = f"{finding.message}: there is no Secret {names}, which imagePullSecrets name"
    return dataclasses.replace(finding, message=message)


def _exit(pod: Pod, container: Container, last: Exit, events: Events) -> Finding:
    reason = exits.reason(last)
    message = exits.sentence(last, own=container.name == pod.container)
    if reason != Reason.OUT_OF_MEMORY:
        reason, message = pod_events.ended(container, last, events) or (reason, message)
    return Finding(State.CRASHING, reason, message, reason == Reason.BAD_COMMAND, last.finished_at)


def _unready(pod: Pod, container: Container, now: float, events: Events) -> Finding | None:
    """Return why a container that has run for a while isn't ready."""
    kind = "readiness" if container.started else "startup"
    if kind not in container.checks or not grace_periods.unready_for_long(pod, now):
        return None
    started = container.running_since or 0.0
    was_ready = grace_periods.unready_since(pod) > started + 1
    if (
        not was_ready
        and now < grace_periods.tried_until(container)
        and not pod_events.probe_failed(kind, events, started)
    ):
        return None  # most processes take a moment to start
    text = f"runs, but its {kind} probe fails{pod_events.probe_says(kind, events)}"
    if was_ready:
        return Finding(State.UNREADY, pod_events.PROBE_FAILED[kind], text)
    return Finding(State.STARTING, pod_events.PROBE_FAILED[kind], with_way_out(text, WAYS_TO_AN_ANSWER))
