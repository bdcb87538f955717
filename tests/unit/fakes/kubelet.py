"""What a node makes of a Pod: how its one process starts, becomes ready, ends, and is started again.

A Pod alone says what comes next and when, so a thread can play the node of a real cluster by the same words.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.port import Object

NEVER = math.inf
DELETED = "deletionTimestamp"
LONGEST_BACK_OFF = 300.0
ENDED_PHASES = ("Succeeded", "Failed")
SET_UP = ("PodReadyToStartContainers", "Initialized", "PodScheduled")
UNKNOWN: Object = {"restartCount": -1, "lastState": {}, "state": {"new": {}}, "ready": False}


class Process(NamedTuple):
    """How the processes of an image behave; seconds."""

    ready_after: float | None = 1.0
    """Until it is ready; never if nothing is given."""
    ends_after: float | None = None
    """Until its container ends; it goes on if nothing is given."""
    exit_code: int = 1
    grace: float = 0.0
    """How long it takes to end when it is deleted."""


def stamp(moment: float) -> str:
    """Return seconds since 1970 as Kubernetes writes a time."""
    return timestamps.earlier("1970-01-01T00:00:00Z", -moment)


def moment_of(written: str | None) -> float:
    """Return a time in seconds since 1970; that of nothing comes never."""
    moment = timestamps.epoch(written)
    return NEVER if moment is None else moment


def ready_since(pod: Object) -> float:
    """Return since when a Pod is ready; a time that never comes if it isn't."""
    said = lenient.conditions(pod.get("status", {})).get("Ready", {})
    return moment_of(said["lastTransitionTime"]) if said.get("status") == "True" else NEVER


def next_of(pod: Object, process: Process, now: float) -> tuple[float, Object | None]:
    """Return when a Pod changes next, and its status then, if that is now; without one it is gone."""
    at, become = _next(pod, process, now)
    return at, become() if at <= now else pod.get("status", {})


def _next(pod: Object, process: Process, now: float) -> tuple[float, Callable[[], Object | None]]:
    """Return when a Pod changes next, and what makes its status then."""
    metadata, own = pod["metadata"], _container(pod)
    has_ended = pod.get("status", {}).get("phase") in ENDED_PHASES
    state, about = next(iter(own["state"].items()))
    if DELETED in metadata:
        asked = moment_of(metadata[DELETED]) - metadata.get("deletionGracePeriodSeconds", 0)
        return (now, lambda: None) if has_ended else (asked + process.grace, lambda: _ended(pod, 137, now))
    if has_ended:
        return NEVER, dict
    if state != "running":
        finished = moment_of(own["lastState"]["terminated"]["finishedAt"]) if own["lastState"] else now
        back_off = min(LONGEST_BACK_OFF, 5.0 * 2 ** min(own["restartCount"], 9)) if own["lastState"] else 0
        return finished + back_off, lambda: _started(pod, own, now)
    ready, ends = (
        NEVER if seconds is None else moment_of(about["startedAt"]) + seconds
        for seconds in (process.ready_after, process.ends_after)
    )
    if not own["ready"] and ready < ends:
        return ready, lambda: _status(pod, {**own, "ready": True}, now)
    return ends, lambda: _crashed(pod, process, now)


def _crashed(pod: Object, process: Process, now: float) -> Object:
    """Return the status of a Pod whose container has just ended: the first time, it starts again at once."""
    ended = _ended(pod, process.exit_code, now)
    if pod["spec"].get("restartPolicy", "Always") != "Always":
        return ended
    own: Object = ended["containerStatuses"][0]
    waits = {**own, "lastState": own["state"], "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    return _status(pod, waits, now) if own["restartCount"] else _started(pod, waits, now)


def _ended(pod: Object, code: int, now: float) -> Object:
    own = _container(pod)
    started = lenient.text(lenient.mapping(own, "state", "running"), "startedAt") or stamp(now)
    said = {"exitCode": code, "reason": "Error" if code else "Completed", "startedAt": started}
    state = {"terminated": {**said, "finishedAt": stamp(now)}}
    about = {"restartCount": max(0, own["restartCount"]), "state": state, "ready": False}
    return {**_status(pod, {**own, **about}, now), "phase": "Failed" if code else "Succeeded"}


def _started(pod: Object, own: Object, now: float) -> Object:
    state = {"running": {"startedAt": stamp(now)}}
    return _status(pod, {**own, "restartCount": own["restartCount"] + 1, "state": state}, now)


def _container(pod: Object) -> Object:
    return next(iter(lenient.items(pod.get("status", {}), "containerStatuses")), UNKNOWN)


def _status(pod: Object, own: Object, now: float) -> Object:
    """Return the status of a Pod that runs, given that of its container."""
    before, container, conditions = pod.get("status", {}), pod["spec"]["containers"][0], []
    for kind in (*SET_UP, "ContainersReady", "Ready"):
        holds = str(kind in SET_UP or own["ready"])
        known = lenient.conditions(before).get(kind, {})
        since = known["lastTransitionTime"] if known.get("status") == holds else stamp(now)
        said = {"type": kind, "status": holds, "lastTransitionTime": since}
        conditions.append(said if holds == "True" else {**said, "reason": "ContainersNotReady"})
    about = {"name": container["name"], "image": container["image"], "imageID": "", **own}
    about["started"] = "running" in own["state"]
    times = {"startTime": before.get("startTime", stamp(now)), "phase": "Running"}
    return {**before, **times, "conditions": conditions, "containerStatuses": [about]}
