"""What a Pod says of one of its containers: how far it is, and how it ended."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from formation_operator.kube.objects import lenient, timestamps

SIGNAL_NUMBERS = range(1, 32)
LONGEST_START = 86400.0
"""Seconds: the longest time that is granted to a probe, whatever it allows."""
KINDS_OF_PROBE = ("startup", "readiness", "liveness")
POST_START = "postStart"
MOST = 64
"""How many containers of a Pod are looked at: a process type can't have more."""
LONGEST_COMMAND = 2048
"""Characters of a command that is kept: a longer one is most likely a script."""


@dataclasses.dataclass(frozen=True, slots=True)
class Exit:
    """How a container ended."""

    code: int
    reason: str
    """Kubernetes' reason, such as Error, Completed, OOMKilled or StartError."""
    message: str
    """The termination message: what the process wrote there, or else the end of its log."""
    started_at: str
    finished_at: str
    memory_limit: str
    command: tuple[str, ...] = ()
    """The command as far as the Pod has it: the image's own part isn't known. Empty if it is long."""
    once: bool = False
    """Whether it was to end: it is an init container, or its Pod is a Job's."""

    @property
    def succeeded(self) -> bool:
        """Whether it has done its work."""
        return self.once and self.code == 0

    @property
    def signal(self) -> int | None:
        """The signal that ended the process, by the convention that the exit code is 128 more."""
        return self.code - 128 if self.code - 128 in SIGNAL_NUMBERS and self.reason != "StartError" else None

    @property
    def seconds(self) -> float:
        """How long the process ran; 0 if that isn't known.

        containerd reports 1970 for a process that it couldn't start.
        """
        started, finished = timestamps.epoch(self.started_at), timestamps.epoch(self.finished_at)
        return max(0.0, finished - started) if started and finished else 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Container:
    """One container of a Pod, an init container included."""

    name: str
    init: bool
    """Whether it has to end before the others start."""
    sidecar: bool
    """Whether it is an init container that runs beside the others and is ended after them."""
    ready: bool
    started: bool
    """Whether its startup probe, if it has one, has succeeded."""
    restarts: int
    running_since: float | None
    waiting: str
    """Kubernetes' reason why it isn't started; empty if it doesn't wait."""
    message: str
    """Kubernetes' message about that."""
    ended: bool
    """Whether it has ended and nothing has been started in its place yet."""
    exit: Exit | None
    """How it ended last."""
    probing: tuple[tuple[str, float, float], ...]
    """Why kubelet may end it: each of its probes by its kind, and `POST_START`; with the earliest and the
    latest second after which its failures count."""

    @property
    def checks(self) -> tuple[str, ...]:
        """The kinds of its probes, and `POST_START`."""
        return tuple(kind for kind, _, _ in self.probing)

    @property
    def failure(self) -> Exit | None:
        """How it ended, if with an error, and nothing has been started in its place yet."""
        return self.exit if self.ended and self.exit is not None and self.exit.code != 0 else None

    @property
    def done(self) -> bool:
        """Whether it was to end, and has ended well."""
        return self.ended and self.exit is not None and self.exit.succeeded

    @property
    def well(self) -> bool:
        """Whether it never restarted and is ready; an init container is well if it has ended with code 0."""
        well = self.done if self.init else self.ready and self.running_since is not None
        return well and self.restarts == 0


def containers(raw: dict[str, Any], *, of_job: bool) -> tuple[Container, ...]:
    """Return the containers of a Pod that have a status; a Job's are to end."""
    found = list[Container]()
    spec, status = lenient.mapping(raw, "spec"), lenient.mapping(raw, "status")
    for part in ("initContainer", "container"):
        specs = {lenient.text(item, "name"): item for item in lenient.items(spec, f"{part}s")}
        for item in lenient.items(status, f"{part}Statuses")[: MOST - len(found)]:
            own = specs.get(lenient.text(item, "name"), {})
            found.append(_container(item, own, before=part == "initContainer", of_job=of_job))
    return tuple(found)


def _container(status: dict[str, Any], spec: dict[str, Any], *, before: bool, of_job: bool) -> Container:
    """Return one container, which comes ``before`` the others if it is an init container."""
    states = ("waiting", "running", "terminated")
    waiting, running, ended = (lenient.mapping(status, "state", each) for each in states)
    last = ended or lenient.mapping(status, "lastState", "terminated")
    sidecar = before and spec.get("restartPolicy") == "Always"
    init = before and not sidecar
    return Container(
        name=lenient.shared(lenient.word(status, "name")),
        init=init,
        sidecar=sidecar,
        ready=status.get("ready") is True,
        started=status.get("started") is not False,
        restarts=lenient.number(status, "restartCount"),
        running_since=timestamps.epoch(lenient.text(running, "startedAt")),
        waiting=lenient.shared(lenient.word(waiting, "reason")),
        message=lenient.text(waiting, "message"),
        ended=bool(ended),
        exit=exit_of(last, spec, once=init or (of_job and not sidecar)) if last else None,
        probing=tuple(_probing(spec)),
    )


def _probing(spec: dict[str, Any]) -> Iterator[tuple[str, float, float]]:
    for kind in KINDS_OF_PROBE:
        if probe := lenient.mapping(spec, f"{kind}Probe"):
            delay = lenient.number(probe, "initialDelaySeconds")
            period = lenient.number(probe, "periodSeconds") or 10
            tries = lenient.number(probe, "failureThreshold") or 3
            yield kind, delay + (tries - 1) * period, min(LONGEST_START, delay + tries * period)
    if lenient.mapping(spec, "lifecycle", POST_START):
        yield POST_START, 0.0, 0.0


def exit_of(terminated: dict[str, Any], spec: dict[str, Any], *, once: bool) -> Exit:
    """Return how a container ended, given its terminated state and its part of the Pod's spec."""
    return Exit(
        code=lenient.number(terminated, "exitCode"),
        reason=lenient.shared(lenient.word(terminated, "reason")),
        message=lenient.last_lines(terminated, "message"),
        started_at=lenient.text(terminated, "startedAt"),
        finished_at=lenient.text(terminated, "finishedAt"),
        memory_limit=lenient.text(lenient.mapping(spec, "resources", "limits"), "memory"),
        command=_command(spec),
        once=once,
    )


def _command(spec: dict[str, Any]) -> tuple[str, ...]:
    parts = (*lenient.texts(spec, "command"), *lenient.texts(spec, "args"))
    # A shortened command would be another one. All processes of a type have the same, so it is interned.
    return tuple(map(lenient.shared, parts)) if sum(map(len, parts)) + len(parts) <= LONGEST_COMMAND else ()
