"""What is known of a Job of ours, a release's or a schedule's: whether it is over, and how it ended.

Anyone who may create Jobs may give one our labels, so its owner counts, too.
"""

import dataclasses
import heapq
from collections.abc import Iterable
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.objects.lenient import Condition
from formation_operator.observe import children
from formation_operator.observe.children import Owner
from formation_operator.requeue import Lane

CRON_JOB = (ChildKind.CRON_JOB.traits.api_version, ChildKind.CRON_JOB)
MOST_JOBS = 256
"""How many releases of a Formation are looked at, and how many runs: anyone may make any number."""
COMPLETE = "Complete"
FAILED = "Failed"
FAILURE_TARGET = "FailureTarget"
"""It has failed, but Pods of it are still there: one on a lost node may be there for ever."""


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """The Job of a release, or of a run of a schedule."""

    namespace: str
    name: str
    uid: str
    resource_version: str = dataclasses.field(compare=False)
    formation: str
    """Its Formation by its label; `owner` says whether that is true."""
    owner: str
    """The uid of the Formation, or of the CronJob, that controls it; empty if none does."""
    digest: str
    """The digest of the content that it releases (label formations.dev/release); empty if it is a run."""
    key: str
    """The release key of that content (annotation formations.dev/release-key)."""
    created: float
    """Seconds since 1970."""
    created_at: str
    """The same in RFC 3339."""
    finished_at: str
    """When it was decided how it ends, in RFC 3339; empty as long as it isn't."""
    complete: bool
    """Whether it has succeeded."""
    failed: Condition | None
    """Why it has failed if it has, even if a Pod of it is still there."""
    over: bool
    """Whether no Pod of it is there or will come."""
    suspended: bool
    deleting: bool
    left: bool
    """Whether its content was given up after it had ended (label formations.dev/release-left)."""
    active: int
    """How many Pods of it are there and haven't ended."""
    pods_failed: int
    schedule: str = ""
    """The schedule that it is a run of (label formations.dev/schedule); empty if it is a release."""

    @property
    def is_under_way(self) -> bool:
        """Whether it has neither succeeded nor failed."""
        return not self.complete and self.failed is None

    @property
    def weight(self) -> tuple[object, ...]:
        """What decides about what is rendered."""
        return self.uid, self.complete, self.failed is None, self.over, self.deleting


def job(raw: dict[str, Any]) -> Job | None:
    """Return the facts of a Job as the API server sent it.

    Returns nothing if its labels name neither a release nor a schedule.
    """
    metadata, status = raw["metadata"], lenient.mapping(raw, "status")
    labels = lenient.mapping(metadata, "labels")
    formation = lenient.text(labels, naming.FORMATION_LABEL)
    digest = lenient.text(labels, naming.RELEASE_LABEL)
    schedule = lenient.text(labels, naming.SCHEDULE_LABEL)
    if not formation or not (digest or schedule):
        return None
    met = {
        lenient.word(each, "type"): each
        for each in lenient.items(status, "conditions")
        if each.get("status") == "True"
    }
    # What comes first has decided: Failed follows FailureTarget when its Pods are gone.
    failed = met.get(FAILURE_TARGET) or met.get(FAILED)
    owner = children.controller(metadata)
    return Job(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        formation=formation,
        owner=owner.uid if owner is not None and _is_owner(owner, digest) else "",
        digest=digest,
        schedule="" if digest else schedule,
        key=lenient.word(lenient.mapping(metadata, "annotations"), naming.RELEASE_KEY_ANNOTATION),
        created=timestamps.epoch(lenient.text(metadata, "creationTimestamp")) or 0.0,
        created_at=lenient.text(metadata, "creationTimestamp"),
        finished_at=lenient.word(met.get(COMPLETE) or failed or {}, "lastTransitionTime"),
        complete=COMPLETE in met,
        failed=lenient.condition(failed) if failed else None,
        over=COMPLETE in met or FAILED in met,
        suspended=lenient.mapping(raw, "spec").get("suspend") is True,
        deleting="deletionTimestamp" in metadata,
        left=naming.RELEASE_LEFT_LABEL in labels,
        active=lenient.number(status, "active"),
        pods_failed=lenient.number(status, "failed"),
    )


def foremost(found: Iterable[Job]) -> list[Job]:
    """Return the Jobs that are looked at of many: those under way, and the newest."""
    return heapq.nlargest(MOST_JOBS, found, key=lambda each: (each.is_under_way, each.created, each.name))


def in_order(jobs: Iterable[Job], owner: str) -> list[Job]:
    """Return the Jobs of an owner, the oldest first.

    Times are whole seconds, but one ends before the next starts.
    """
    own = (each for each in jobs if each.owner == owner)
    return sorted(own, key=lambda each: (each.created, each.finished_at or "later", each.name))


def _is_owner(owner: Owner, digest: str) -> bool:
    return owner.is_formation if digest else (owner.api_version, owner.kind) == CRON_JOB


def lane_of(before: Job | None, now: Job | None) -> Lane | None:
    """Return the lane for a Job that came, went or changed; nothing if its facts are the same."""
    if before == now:
        return None
    has_weight = before is None or now is None or before.weight != now.weight
    is_release = any(each is not None and not each.schedule for each in (before, now))
    return Lane.CHANGE if is_release and has_weight else Lane.REPORT
