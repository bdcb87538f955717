"""One pass of Kubernetes' Job controller over a Job, as ``pkg/controller/job`` has it."""

import contextlib

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Object
from tests.unit.fakes.kubelet import DELETED, NEVER, moment_of, ready_since
from tests.unit.fakes.world import World, get, is_active, is_terminating, met

UNCOUNTED = "batch.kubernetes.io/job-tracking"
"""The finalizer of a Pod that isn't in the Job's figures yet."""
LONGEST_BACK_OFF = 600.0
TARGET, SUCCESS, SUSPENDED = "FailureTarget", "SuccessCriteriaMet", "Suspended"


class Run:
    """A Job with its Pods."""

    def __init__(self, world: World, raw: Object) -> None:
        self.world, self.raw, self.spec, self.status = world, raw, raw["spec"], {**raw.get("status", {})}
        self.suspended, self.lives = self.spec.get("suspend") is True, DELETED not in raw["metadata"]
        self.pods = world.owned(kinds.POD, raw)
        self.active = [pod for pod in self.pods if is_active(pod)]
        self.ending = sum(map(is_terminating, self.pods))
        uncounted = [pod for pod in self.pods if pod["metadata"].get("finalizers")]
        self.succeeded = self.status.get("succeeded", 0) + sum(map(_has_succeeded, uncounted))
        self.failed = self.status.get("failed", 0) + sum(map(self._has_failed, uncounted))

    def sync(self) -> None:
        """Do what is to be done now."""
        if met(self.status, "Complete") or met(self.status, "Failed"):
            return
        if not self.suspended:
            self.status.setdefault("startTime", self.world.stamp())
        reason = "" if met(self.status, SUCCESS) else self._failure()
        if reason:
            self._delete(self.active)
            self.world.say(self.status, TARGET, "True", reason)
        elif self.lives:
            self._manage()
        if not reason and not self.active and self.succeeded >= self.spec.get("completions", 1):
            self.world.say(self.status, SUCCESS, "True", "CompletionsReached")
        self._count(failing=bool(reason))
        for target, over in ((TARGET, "Failed"), (SUCCESS, "Complete")):
            if (said := met(self.status, target)) and not self.ending and not self.active:
                self.world.say(self.status, over, "True", said["reason"])
                self.status |= {"completionTime": self.world.stamp()} if over == "Complete" else {}
        ready = sum(ready_since(pod) < NEVER for pod in self.active)
        figures = {"active": len(self.active), "ready": ready, "terminating": self.ending}
        self.world.change(self.raw, {**self.status, **figures})

    def _has_failed(self, pod: Object) -> bool:
        phase, by_default = get(pod, "status.phase"), "podFailurePolicy" in self.spec and "Failed"
        waits = self.spec.get("podReplacementPolicy", by_default) == "Failed"
        return phase == "Failed" or (not waits and DELETED in pod["metadata"] and phase != "Succeeded")

    def _failure(self) -> str:
        """Return why it has failed, or nothing."""
        if said := met(self.status, TARGET):
            return str(said["reason"])
        if self.failed > self.spec.get("backoffLimit", 6):
            return "BackoffLimitExceeded"
        seconds = NEVER if self.suspended else self.spec.get("activeDeadlineSeconds", NEVER)
        is_late = self.world.has_come(moment_of(self.status.get("startTime")) + seconds)
        return "DeadlineExceeded" if is_late else ""

    def _manage(self) -> None:
        """Make the Pod that is missing, once it may be; delete what is too much."""
        wanted = min(self.spec.get("parallelism", 1), self.spec.get("completions", 1) - self.succeeded)
        excess = self.active[0 if self.suspended else max(0, wanted) :]
        self._delete([self.world.change(pod, finalizers=[]) for pod in excess])
        if self.suspended:
            self.world.say(self.status, SUSPENDED, "True", "JobSuspended")
            self.status.pop("startTime", None)
        elif met(self.status, SUSPENDED):
            self.world.say(self.status, SUSPENDED, "False", "JobResumed")
        elif not excess and wanted > self.ending + len(self.active) and self._may_start():
            with contextlib.suppress(errors.ClusterError):
                made = self.world.make(kinds.POD, self.raw, self.spec["template"], finalizers=[UNCOUNTED])
                self.active.append(made)

    def _may_start(self) -> bool:
        """Return whether it is late enough after the last failure."""
        ends = [_end_of(pod) for pod in self.pods if self._has_failed(pod)]
        back_off = min(5.0 * 2 ** min(self.failed, 9), LONGEST_BACK_OFF)
        return not ends or not self.failed or self.world.has_come(max(ends) + back_off)

    def _delete(self, pods: list[Object]) -> None:
        for pod in pods:
            self.world.delete(pod)
        self.ending += len(pods)
        self.active = self.active[: len(self.active) - len(pods)]

    def _count(self, *, failing: bool) -> None:
        """Count the Pods that have ended, and those that are given up."""
        for pod in self.world.owned(kinds.POD, self.raw):
            has_ended = _has_succeeded(pod) or self._has_failed(pod)
            if pod["metadata"].get("finalizers") and (failing or has_ended or not self.lives):
                figure = "succeeded" if _has_succeeded(pod) else "failed"
                self.status[figure] = self.status.get(figure, 0) + (has_ended or failing)
                self.world.change(pod, finalizers=[])


def _has_succeeded(pod: Object) -> bool:
    return bool(get(pod, "status.phase") == "Succeeded")


def _end_of(pod: Object) -> float:
    """Return when a Pod ended, or began to."""
    found = lenient.items(pod.get("status", {}), "containerStatuses")
    ends = [lenient.text(lenient.mapping(each, "state", "terminated"), "finishedAt") for each in found]
    about = pod["metadata"]
    return moment_of(max(ends, default="") or about.get(DELETED) or about["creationTimestamp"])
