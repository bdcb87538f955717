"""How far the rollout of a Deployment has got, and how the runs of a CronJob go, by their own controllers."""

import dataclasses
import operator
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.objects import containers as of_pods
from formation_operator.kube.objects import lenient
from formation_operator.observe import managed_fields

LONGEST_IMAGE = 1024
"""Characters of an image's name. No runtime takes as many."""
MOST_IMAGES = 16384
"""Characters of the images that are kept of a Deployment."""
ROLLOUT_ANNOTATION = "deployment.kubernetes.io/revision"


@dataclasses.dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """How far a Deployment has got, as its own controller reports."""

    current: bool = False
    """Whether these figures are about the Deployment's latest spec."""
    total: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    ending: int = 0
    """Processes that were asked to end: Kubernetes counts them from 1.35 on."""
    serving: bool = False
    """Whether enough Pods are available (the Deployment's own condition Available)."""
    serving_since: str = ""
    """Since when, as a time in RFC 3339."""
    stuck: str | None = None
    """The controller's message that the rollout is past its deadline, if it is."""
    blocked: str | None = None
    """Why Pods can't be created (quota, Pod Security, ...)."""
    refused: str | None = None
    """Why the ReplicaSet of the latest spec can't be created; no figure is about that spec until it is."""
    paused: bool = False
    """Whether the Deployment's rollouts are paused (``kubectl rollout pause``)."""
    terminating: bool = False
    """Whether new processes wait until the old ones have terminated."""
    revision: str = ""
    """The Deployment's revision: its controller counts the versions of the pod template."""

    @property
    def is_over(self) -> bool:
        """Whether no process of an older pod template runs."""
        return self.current and self.updated == self.total and not self.terminating


@dataclasses.dataclass(frozen=True, slots=True)
class CronJobStatus:
    """How the runs of a CronJob go, as its own controller reports."""

    suspended: bool = False
    active: int = 0
    last_schedule_time: str = ""
    last_successful_time: str = ""


NO_STATUS = DeploymentStatus()
NO_CRON_JOB_STATUS = CronJobStatus()


def rollout(raw: dict[str, Any]) -> DeploymentStatus:
    """Return how far a Deployment has got."""
    status, spec = lenient.mapping(raw, "status"), raw["spec"]
    conditions = lenient.conditions(status)
    progressing = conditions.get("Progressing", {})
    failure = conditions.get("ReplicaFailure", {})
    available = conditions.get("Available", {})
    given_up = lenient.text(progressing, "message") if progressing.get("status") == "False" else None
    refused = progressing.get("reason") == "ReplicaSetCreateError"
    stuck = None if refused else given_up
    found = DeploymentStatus(
        current=status.get("observedGeneration", 0) >= raw["metadata"].get("generation", 0),
        total=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        available=status.get("availableReplicas", 0),
        ending=lenient.number(status, "terminatingReplicas"),
        serving=available.get("status") == "True",
        serving_since=lenient.word(available, "lastTransitionTime"),
        stuck=stuck,
        refused=given_up if refused else None,
        blocked=lenient.text(failure, "message") if failure.get("status") == "True" else None,
        paused=spec.get("paused") is True,
        terminating=_is_terminating(spec, status, late=stuck is not None),
        revision=lenient.text(lenient.mapping(raw, "metadata", "annotations"), ROLLOUT_ANNOTATION),
    )
    return lenient.same(found)


def _is_terminating(spec: dict[str, Any], status: dict[str, Any], *, late: bool) -> bool:
    if not recreates(spec) or status.get("updatedReplicas"):
        return False
    # Kubernetes before 1.35 doesn't count terminating Pods; nothing else makes it late without a Pod.
    return bool(status.get("replicas") or status.get("terminatingReplicas", late))


def recreates(spec: dict[str, Any]) -> bool:
    """Return whether the old processes of a Deployment end before new ones start, as a singleton's do."""
    return lenient.mapping(spec, "strategy").get("type") == "Recreate"


def images(containers: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return the image of each container by its name, as far as these may be images."""
    remaining, found = MOST_IMAGES, list[tuple[str, str]]()
    for item in containers[: of_pods.MOST]:
        image = item.get("image", "")
        # Others are left out: no image has such letters, and a shortened name would be another image.
        if len(image) <= min(remaining, LONGEST_IMAGE) and image.isascii():
            remaining -= len(image)
            found.append((item["name"], lenient.shared(image)))
    return lenient.same(tuple(found))


def setter(managed: list[dict[str, Any]]) -> dict[str, Any]:
    """Return which other client owns the count, and how it set that; one that used ``scale`` comes first.

    After a scale request from or to zero the count has no owner, because the subresource drops a zero before
    its fields are noted (seen on Kubernetes 1.37.2). After every other write it has one.
    """
    others = [
        {"count_set_by": entry["manager"], "scaled": entry.get("subresource") == "scale"}
        for entry in managed
        if entry.get("manager", naming.FIELD_MANAGER) not in (naming.FIELD_MANAGER, naming.COUNT_MANAGER)
        and managed_fields.holds_count(entry)
    ]
    return max(others, key=operator.itemgetter("scaled"), default={})


def cron_job(raw: dict[str, Any]) -> CronJobStatus:
    """Return how the runs of a CronJob go."""
    status = lenient.mapping(raw, "status")
    return CronJobStatus(
        suspended=lenient.mapping(raw, "spec").get("suspend") is True,
        active=len(lenient.items(status, "active")),
        last_schedule_time=lenient.word(status, "lastScheduleTime"),
        last_successful_time=lenient.word(status, "lastSuccessfulTime"),
    )
