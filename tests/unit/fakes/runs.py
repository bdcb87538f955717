"""One pass of Kubernetes' Job controller over a Job, as ``pkg/controller/job`` has it."""

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Object
from tests.unit.fakes.kubelet import is_ready, moment_of
from tests.unit.fakes.world import DELETED, MANAGER, World, is_active, is_terminating, met, say

UNCOUNTED = "batch.kubernetes.io/job-tracking"
"""The finalizer of a Pod that isn't in the Job's figures yet."""
FIRST_BACK_OFF, LONGEST_BACK_OFF = 10.0, 600.0
TARGET, SUCCESS = "FailureTarget", "SuccessCriteriaMet"
WHY = {
    "BackoffLimitExceeded": "Job has reached the specified backoff limit",
    "DeadlineExceeded": "Job was active longer than specified deadline",
}


class Run:
    """A Job with its Pods."""

    def __init__(self, world: World, raw: Object) -> None:
        self.world, self.raw, self.spec = world, raw, raw["spec"]
        self.status = {**raw.get("status", {})}
        self.suspended = self.spec.get("suspend") is True
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
        at = self.world.stamp()
        if not self.suspended:
            self.status.setdefault("startTime", at)
        reason = "" if met(self.status, SUCCESS) else self._failure()
        if reason:
            self._delete(self.active)
            self.active = []
            say(self.status, TARGET, "True", reason, WHY[reason], at, timed="lastProbeTime")
        elif DELETED not in self.raw["metadata"]:
            self._manage()
        if not reason and self.succeeded >= self.spec.get("completions", 1) and not self.active:
            say(
                self.status,
                SUCCESS,
                "True",
                "CompletionsReached",
                "Reached expected number of succeeded pods",
                at,
                timed="lastProbeTime",
            )
        self._count(failing=bool(reason))
        self._finish(at)
        figures = {
            "active": len(self.active),
            "ready": sum(map(is_ready, self.active)),
            "terminating": self.ending,
        }
        self.world.report(self.raw, {**self.status, **figures})

    def _has_failed(self, pod: Object) -> bool:
        phase = pod.get("status", {}).get("phase")
        by_default = "Failed" if "podFailurePolicy" in self.spec else "TerminatingOrFailed"
        waits = self.spec.get("podReplacementPolicy", by_default) == "Failed"
        return phase == "Failed" or (not waits and DELETED in pod["metadata"] and phase != "Succeeded")

    def _failure(self) -> str:
        """Return why it has failed, or nothing."""
        if said := met(self.status, TARGET):
            return str(said["reason"])
        if self.failed > self.spec.get("backoffLimit", 6):
            return "BackoffLimitExceeded"
        seconds = self.spec.get("activeDeadlineSeconds")
        if seconds is None or self.suspended:
            return ""
        is_late = self.world.has_come(moment_of(self.status["startTime"]) + seconds)
        return "DeadlineExceeded" if is_late else ""

    def _manage(self) -> None:
        """Make the Pod that is missing, once it may be; delete what is too much."""
        wanted = min(self.spec.get("parallelism", 1), self.spec.get("completions", 1) - self.succeeded)
        excess = self.active[max(0, 0 if self.suspended else wanted) :]
        for pod in excess:
            self._uncounted(pod, still=False)
        self._delete(excess)
        self.active = [pod for pod in self.active if pod not in excess]
        at = self.world.stamp()
        if self.suspended:
            say(self.status, "Suspended", "True", "JobSuspended", "Job suspended", at, timed="lastProbeTime")
            self.status.pop("startTime", None)
        elif met(self.status, "Suspended"):
            say(self.status, "Suspended", "False", "JobResumed", "Job resumed", at, timed="lastProbeTime")
            self.status["startTime"] = at
        if (
            not self.suspended
            and not excess
            and wanted > self.ending + len(self.active)
            and self._may_start()
        ):
            try:
                self.world.make_pod(self.raw, finalizers=[UNCOUNTED])
            except errors.ClusterError:
                return
            self.active = [pod for pod in self.world.owned(kinds.POD, self.raw) if is_active(pod)]

    def _may_start(self) -> bool:
        """Return whether it is late enough after the last failure."""
        ends = [_end_of(pod) for pod in self.pods if self._has_failed(pod)]
        seconds = min(FIRST_BACK_OFF * 2 ** (self.failed - 1), LONGEST_BACK_OFF)
        return not ends or not self.failed or self.world.has_come(max(ends) + seconds)

    def _delete(self, pods: list[Object]) -> None:
        for pod in pods:
            self.world.delete(
                self.world.objects.read(kinds.POD, pod["metadata"]["namespace"], pod["metadata"]["name"])
            )
        self.ending += len(pods)

    def _count(self, *, failing: bool) -> None:
        """Count the Pods that have ended, and those that are given up."""
        given_up = failing or DELETED in self.raw["metadata"]
        for pod in self.world.owned(kinds.POD, self.raw):
            has_ended = _has_succeeded(pod) or self._has_failed(pod)
            if pod["metadata"].get("finalizers") and (given_up or has_ended):
                figure = "succeeded" if _has_succeeded(pod) else "failed"
                if has_ended or failing:
                    self.status[figure] = self.status.get(figure, 0) + 1
                self._uncounted(pod, still=False)

    def _uncounted(self, pod: Object, *, still: bool) -> None:
        self.world.objects.replace({**pod, "metadata": {**pod["metadata"], "finalizers": []}}, by=MANAGER)

    def _finish(self, at: str) -> None:
        """Say that it is over, once no Pod of it is left."""
        for target, over in ((TARGET, "Failed"), (SUCCESS, "Complete")):
            said = met(self.status, target)
            if said and not self.ending and not self.active:
                say(self.status, over, "True", said["reason"], said["message"], at, timed="lastProbeTime")
                if over == "Complete":
                    self.status["completionTime"] = at


def _has_succeeded(pod: Object) -> bool:
    return bool(pod.get("status", {}).get("phase") == "Succeeded")


def _end_of(pod: Object) -> float:
    """Return when a Pod ended, or began to."""
    found = lenient.items(pod.get("status", {}), "containerStatuses")
    ends = [lenient.text(lenient.mapping(each, "state", "terminated"), "finishedAt") for each in found]
    return moment_of(
        max(ends, default="") or pod["metadata"].get(DELETED) or pod["metadata"]["creationTimestamp"]
    )
