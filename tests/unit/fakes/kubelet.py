"""What a node makes of a Pod: how its one process starts, becomes ready, ends, and is started again.

A Pod alone says what comes next and when, so a thread can play the node of a real cluster by the same words.
"""

import math
from typing import NamedTuple

from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.port import Object

NEVER = math.inf
FIRST_BACK_OFF, LONGEST_BACK_OFF = 10.0, 300.0
"""Seconds until a container that crashed for the second time starts again, and at the most."""
ENDED_PHASES = ("Succeeded", "Failed")
SET_UP = ("PodReadyToStartContainers", "Initialized", "PodScheduled")


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


def is_ready(pod: Object) -> bool:
    """Return whether a Pod says that it is ready."""
    return bool(ready_since(pod) < NEVER)


def ready_since(pod: Object) -> float:
    """Return since when a Pod is ready; a time that never comes if it isn't."""
    said = lenient.conditions(pod.get("status", {})).get("Ready", {})
    return moment_of(said["lastTransitionTime"]) if said.get("status") == "True" else NEVER


def next_of(  # noqa: PLR0911  # one for each state
    pod: Object, process: Process, now: float
) -> tuple[float, Object | None]:
    """Return when a Pod changes next, and its status then, if that is now; without one it is gone."""
    metadata, status = pod["metadata"], pod.get("status", {})
    if "deletionTimestamp" in metadata:
        asked = moment_of(metadata["deletionTimestamp"]) - metadata.get("deletionGracePeriodSeconds", 0)
        if status.get("phase") in ENDED_PHASES:
            return now, None
        return asked + process.grace, _ended(pod, process._replace(exit_code=137), now)
    if status.get("phase") in ENDED_PHASES:
        return NEVER, status
    own: Object = next(iter(lenient.items(status, "containerStatuses")), {})
    if not own:
        return now, _running(pod, {"restartCount": 0, "lastState": {}}, now)
    if "waiting" in own["state"]:
        finished = moment_of(own["lastState"]["terminated"]["finishedAt"])
        back_off = min(FIRST_BACK_OFF * 2 ** min(own["restartCount"] - 1, 9), LONGEST_BACK_OFF)
        return finished + back_off, _running(pod, {**own, "restartCount": own["restartCount"] + 1}, now)
    started = moment_of(own["state"]["running"]["startedAt"])
    ends = NEVER if process.ends_after is None else started + process.ends_after
    ready = NEVER if process.ready_after is None or own["ready"] else started + process.ready_after
    if ready < ends:
        return ready, _status(pod, {**own, "ready": True}, now)
    return ends, _crashed(pod, own, process, now) if ends < NEVER else status


def _crashed(pod: Object, own: Object, process: Process, now: float) -> Object:
    """Return the status of a Pod whose container has just ended: the first time, it starts again at once."""
    policy = pod["spec"].get("restartPolicy", "Always")
    if policy == "Never" or (policy == "OnFailure" and process.exit_code == 0):
        return _ended(pod, process, now)
    after = {**own, "lastState": _terminated(own, process.exit_code, now)}
    if not own["restartCount"]:
        return _running(pod, {**after, "restartCount": 1}, now)
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off restarting failed container"}}
    return _status(pod, {**after, "state": waiting, "ready": False, "started": False}, now)


def _ended(pod: Object, process: Process, now: float) -> Object:
    """Return the status of a Pod that has ended for good."""
    own: Object = next(iter(lenient.items(pod.get("status", {}), "containerStatuses")), {})
    about = {"restartCount": 0, "lastState": {}, **own, "ready": False, "started": False}
    state = _terminated(own, process.exit_code, now)
    phase = "Failed" if process.exit_code else "Succeeded"
    return {**_status(pod, {**about, "state": state}, now), "phase": phase}


def _running(pod: Object, own: Object, now: float) -> Object:
    state = {"running": {"startedAt": stamp(now)}}
    return _status(pod, {**own, "state": state, "ready": False, "started": True}, now)


def _terminated(own: Object, code: int, now: float) -> Object:
    started = lenient.text(lenient.mapping(own, "state", "running"), "startedAt") or stamp(now)
    times = {"startedAt": started, "finishedAt": stamp(now)}
    return {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed", **times}}


def _status(pod: Object, own: Object, now: float) -> Object:
    """Return a Pod's status, given that of its container."""
    before, container = pod.get("status", {}), pod["spec"]["containers"][0]
    known = lenient.conditions(before)
    said = {**dict.fromkeys(SET_UP, True), "ContainersReady": own["ready"], "Ready": own["ready"]}
    conditions = []
    for kind, holds in said.items():
        is_new = known.get(kind, {}).get("status") != str(holds)
        since = stamp(now) if is_new else known[kind]["lastTransitionTime"]
        why = {} if holds else {"reason": "ContainersNotReady", "message": "containers with unready status"}
        conditions.append({"type": kind, "status": str(holds), "lastTransitionTime": since, **why})
    of_container = {"name": container["name"], "image": container["image"], "imageID": "", **own}
    times = {"startTime": before.get("startTime", stamp(now)), "phase": "Running"}
    return {**before, **times, "conditions": conditions, "containerStatuses": [of_container]}
