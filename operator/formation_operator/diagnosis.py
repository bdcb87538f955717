"""What is wrong with one Pod, in everyday words, and whether waiting may mend it.

The Pod's own status comes first.  What it doesn't tell (a failing probe, a volume that can't be
mounted) stands only in the Events that kubelet records about the Pod: `needs_events` tells when it
is worth the API server's while to ask for them.

A process that crashes again and again looks fine in between.  It is believed once it has run for
twice as long as before its last crash (see `trusted_after`), so nothing flaps with a crash loop.
"""

import dataclasses
import re
from collections.abc import Callable, Sequence

from formation_operator import exits, times
from formation_operator.pods import Container, Exit, Pod
from formation_operator.reasons import Reason, State

SEVERITY = (State.CRASHING, State.UNSCHEDULABLE, State.STARTING, State.UNREADY)
PROBE_FAILED = {
    "liveness": Reason.LIVENESS_PROBE_FAILED,
    "readiness": Reason.READINESS_PROBE_FAILED,
    "startup": Reason.STARTUP_PROBE_FAILED,
}
PATIENCE = 10.0
"""Seconds that a Pod gets for becoming well before anybody asks why it isn't."""
RELIABLE = 600.0
"""Seconds after which kubelet, too, starts counting a container's crashes anew."""


@dataclasses.dataclass(frozen=True)
class Told:
    """One Event about a Pod."""

    reason: str
    message: str
    last: float
    """When it was last seen, in seconds since 1970."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """What is wrong with one Pod."""

    state: State
    reason: str
    message: str
    lasting: bool = False
    """Whether waiting won't mend it."""
    last: str = ""
    """When it last happened, as an RFC 3339 time."""
    restarts: int = 0


Events = Sequence[Told]


def finding(pod: Pod, now: float, events: Events = ()) -> Finding | None:
    """Return what is wrong with a Pod, or nothing if it is well or may still become well by itself."""
    if pod.failure is not None:
        return _failed(pod) if now < failed_until(pod) else None
    if pod.unscheduled is not None:
        return _unscheduled(*pod.unscheduled)
    for container in pod.containers:
        found = _container(pod, container, now, events)
        if found is not None:
            own = container.name == pod.process_type
            message = found.message if own else f"container {container.name} {found.message}"
            return dataclasses.replace(found, message=message, restarts=pod.restarts)
    return _as_a_whole(pod, now, events)


def needs_events(pod: Pod, now: float) -> bool:
    """Tell whether only the Events about a Pod can say what is wrong with it."""
    if pod.failure is not None or pod.unscheduled is not None:
        return False
    if any(_may_have_been_ended(container, now) for container in pod.containers):
        return True
    if pod.unready is None or _age(pod, now) < PATIENCE:
        return False
    found = finding(pod, now)
    return not _just_started(pod, now) if found is None else found.reason in PROBE_FAILED.values()


def explains(pod: Pod, now: float, events: Events) -> bool:
    """Tell whether the Events about a Pod say more than its own status does."""
    return finding(pod, now, events) != finding(pod, now)


def changes_in(pod: Pod, now: float) -> float | None:
    """Return the seconds after which time alone may change what is found, or nothing."""
    moments = [trusted_after(container) for container in pod.containers]
    if pod.failure is not None:
        moments = [failed_until(pod)]
    elif pod.unready is not None:
        moments += [_since(pod) + PATIENCE]
        moments += [since + PATIENCE for each in pod.containers if (since := each.running_since)]
    ahead = [moment - now for moment in moments if moment is not None and moment > now]
    return min(ahead, default=None)


def trusted_after(container: Container) -> float | None:
    """Return from when on a container that runs again after a crash counts as running."""
    if container.running_since is None or container.exit is None or container.restarts == 0:
        return None
    again = container.restarts > 1
    return container.running_since + (_probation(container.exit.seconds) if again else PATIENCE)


def failed_until(pod: Pod) -> float:
    """Return until when a Pod that failed as a whole counts, although there is another in its place."""
    failed = times.epoch(pod.failure[2]) if pod.failure else None
    return (failed or pod.created) + _probation((failed or pod.created) - pod.created)


def _probation(lasted: float) -> float:
    """Return for how many seconds a process has to run that ended after so many the last time."""
    return PATIENCE if lasted >= RELIABLE else min(RELIABLE, max(PATIENCE, 2 * lasted))


def _age(pod: Pod, now: float) -> float:
    return now - _since(pod)


def _since(pod: Pod) -> float:
    since = pod.unready[2] if pod.unready else 0.0
    return since or pod.created


# The Pod as a whole


def _failed(pod: Pod) -> Finding:
    reason, message, last = pod.failure or ("", "", "")
    return Finding(State.CRASHING, reason, exits.by_its_node(reason, message), last=last)


def _unscheduled(reason: str, message: str) -> Finding:
    if reason == Reason.SCHEDULING_GATED:
        return Finding(State.STARTING, reason, "waits for its scheduling gates to be removed")
    text = NOISE.sub("", message).rstrip(". ")
    return Finding(State.UNSCHEDULABLE, Reason.UNSCHEDULABLE, f"no node can take it: {text}")


# The scheduler's attempts to make room say nothing that its first sentence doesn't.
NOISE = re.compile(r"[.,]?\s*(no new claims to deallocate|preemption:).*", re.DOTALL)


def _as_a_whole(pod: Pod, now: float, events: Events) -> Finding | None:
    if pod.unready is None or _age(pod, now) < PATIENCE or _just_started(pod, now):
        return None
    if not _running(pod):
        told = _latest(events, lambda event: event.reason in ON_THE_WAY) or _latest(events)
        return Finding(State.STARTING, told.reason, f"can't start: {told.message}") if told else None
    reason, message, _ = pod.unready
    if not message or reason.startswith("Containers"):
        told = _latest(events)
        reason, message = (told.reason, told.message) if told else ("", "")
    if not message:
        return None
    return Finding(State.UNREADY, reason or Reason.NOT_READY, f"runs, but isn't ready: {message}")


ON_THE_WAY = ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedMapVolume")


def _running(pod: Pod) -> bool:
    return bool(pod.containers) and all(
        item.init or item.running_since is not None for item in pod.containers
    )


def _just_started(pod: Pod, now: float) -> bool:
    return any(now - each.running_since < PATIENCE for each in pod.containers if each.running_since)


def _latest(events: Events, fits: Callable[[Told], bool] = bool) -> Told | None:
    return max((event for event in events if fits(event)), key=lambda event: event.last, default=None)


# One container


def _container(pod: Pod, container: Container, now: float, events: Events) -> Finding | None:
    if container.waiting in WAITING:
        return WAITING[container.waiting](container)
    if container.waiting.endswith("Error"):
        return Finding(State.STARTING, container.waiting, f"can't start: {container.message}")
    crashed = _crashed(container, now)
    if crashed is not None:
        return _exit(container, crashed, events)
    if container.running_since is None or now - container.running_since < PATIENCE:
        return None
    if container.init:
        text = "still runs: the process starts when that has ended"
        return Finding(State.STARTING, Reason.INITIALIZING, text)
    return None if container.ready else _unready(pod, container, now, events)


def _crashed(container: Container, now: float) -> Exit | None:
    """Return how a container ended if it has crashed and isn't trusted yet."""
    if container.exit is None or (container.init and container.ended and container.exit.code == 0):
        return None
    if container.running_since is None:
        return container.exit
    trusted = trusted_after(container)
    return container.exit if trusted is not None and now < trusted else None


def _exit(container: Container, last: Exit, events: Events) -> Finding:
    reason, message = exits.reason(last), exits.words(last)
    if reason != Reason.OUT_OF_MEMORY:
        reason, message = _ended_by_kubelet(container, last, events) or (reason, message)
    return Finding(State.CRASHING, reason, message, reason == Reason.BAD_COMMAND, last.finished_at)


def _may_have_been_ended(container: Container, now: float) -> bool:
    return _crashed(container, now) is not None and bool(
        {"liveness", "startup", "postStart"} & {*container.checks}
    )


def _ended_by_kubelet(container: Container, last: Exit, events: Events) -> tuple[Reason, str] | None:
    """Return what kubelet says if it ended a container itself, because of a probe or a hook."""
    if "postStart" in container.checks:
        hook = _latest(events, lambda event: event.reason == "FailedPostStartHook")
        if hook is not None and _fits(hook, last):
            return Reason.POST_START_HOOK_FAILED, HOOK_FAILED + hook.message
    for kind in ("liveness", "startup"):
        killed = _latest(events, _beginning(f"Container {container.name} failed {kind} probe"))
        if kind in container.checks and killed is not None and _fits(killed, last):
            words = f"was restarted because its {kind} probe failed{_probe_says(kind, events)}"
            return PROBE_FAILED[kind], words
    return None


def _beginning(text: str) -> Callable[[Told], bool]:
    return lambda event: event.message.startswith(text)


def _fits(ended: Told, last: Exit) -> bool:
    """Tell whether kubelet's ending a container explains its latest exit.

    After some two dozen Events about a Pod kubelet keeps quiet for minutes, so an earlier one has to
    do, if the exit looks like a request to end.
    """
    began, finished = exits.moments(last)
    return began <= ended.last <= finished + 1 or (ended.last < began and last.code in ASKED_TO_END)


ASKED_TO_END = (0, 128 + 9, 128 + 15)
HOOK_FAILED = "was ended because its postStart hook failed: "


def _probe_says(kind: str, events: Events) -> str:
    prefix = f"{kind.title()} probe failed:"
    told = _latest(events, _beginning(prefix))
    text = told.message.removeprefix(prefix).strip() if told else ""
    return f": {text}" if text else ""


def _unready(pod: Pod, container: Container, now: float, events: Events) -> Finding | None:
    """Return why a container that has run for a while isn't ready."""
    if _age(pod, now) < PATIENCE:
        return None
    kind = "readiness" if container.started else "startup"
    if kind not in container.checks:
        return None
    was_ready = _since(pod) > (container.running_since or 0) + 1
    return Finding(
        State.UNREADY if was_ready else State.STARTING,
        PROBE_FAILED[kind],
        f"runs, but its {kind} probe fails{_probe_says(kind, events)}",
    )


# Why a container waits


def _refused(container: Container) -> Finding:
    """Return kubelet's refusal to start a container, with the one-line fix where there is one.

    The two texts about users are kubelet's own (pkg/kubelet/kuberuntime/security_context.go).
    """
    refusal = container.message
    option = "or spec.securityDefaults: none to run it as it is"
    user = "podTemplate: {spec: {securityContext: {runAsUser: 1000}}}"
    if "non-numeric user" in refusal:
        fix = (
            f"the image names its user by a word: set USER to a number in the Dockerfile, or {user}, {option}"
        )
        return Finding(State.STARTING, Reason.IMAGE_USER_NOT_NUMERIC, fix, lasting=True)
    if "run as root" in refusal:
        fix = f"the image runs as root: set USER 1000 in the Dockerfile, or {user}, {option}"
        return Finding(State.STARTING, Reason.IMAGE_USER_IS_ROOT, fix, lasting=True)
    missing = re.fullmatch(r'(?P<kind>secret|configmap) "(?P<name>[^"]+)" not found', refusal)
    if missing:
        kind, reason = MISSING[missing["kind"]]
        text = f"can't start: there is no {kind} {missing['name']}: create it, or correct env and envFrom"
        return Finding(State.STARTING, reason, text)
    return Finding(State.STARTING, Reason.CONTAINER_CONFIG_ERROR, f"can't start: {refusal}")


MISSING = {
    "secret": ("Secret", Reason.SECRET_MISSING),
    "configmap": ("ConfigMap", Reason.CONFIG_MAP_MISSING),
}


def _pull_failed(container: Container) -> Finding:
    said = re.sub(r'^Back-off pulling image "[^"]*": (\w+: )?', "", container.message)
    text = f"its image can't be pulled: {said}".rstrip(": ")
    lasting = container.waiting in ("InvalidImageName", "ErrImageNeverPull")
    return Finding(State.STARTING, Reason.IMAGE_PULL_FAILED, text, lasting)


def _not_started(container: Container) -> Finding:
    """Return why the runtime couldn't start a program, in the words of the exit that it may become."""
    reason = exits.why_not_started(container.message)
    if reason == Reason.START_ERROR and container.waiting == "CreateContainerError":
        return Finding(State.STARTING, container.waiting, f"can't start: {container.message}")
    words = exits.not_started(container.message)
    return Finding(State.CRASHING, reason, words, lasting=reason == Reason.BAD_COMMAND)


def _hook_failed(container: Container) -> Finding:
    return Finding(State.CRASHING, Reason.POST_START_HOOK_FAILED, HOOK_FAILED + container.message)


WAITING: dict[str, Callable[[Container], Finding]] = {
    "CreateContainerConfigError": _refused,
    "CreateContainerError": _not_started,
    "RunContainerError": _not_started,
    "PostStartHookError": _hook_failed,
    "ErrImagePull": _pull_failed,
    "ImagePullBackOff": _pull_failed,
    "ErrImageNeverPull": _pull_failed,
    "InvalidImageName": _pull_failed,
    "ImageInspectError": _pull_failed,
    "RegistryUnavailable": _pull_failed,
    "SignatureValidationFailed": _pull_failed,
}
