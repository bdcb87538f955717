"""What the operator says of a Formation: the model that the CRD is made from, and by which it is read back.

What an earlier pass wrote is all that outlives the operator: the count to come back to after a suspension,
the last exit of each type, the last transition of each condition.
"""

from typing import Any

from pydantic import ValidationError

from formation_operator.api import fields
from formation_operator.api.fields import Model
from formation_operator.api.reasons import ConditionType

OUR_CONDITIONS = tuple(ConditionType)
MEASURED = ("state", "desiredReplicas", "readyReplicas", "lastSuccessfulTime")
"""What metrics say of a type or a schedule, by its status."""


class Condition(Model):
    """One aspect of the Formation's state, as Kubernetes' own conditions."""

    type: str
    """Ready, Reconciling, Stalled, Paused, Overridden, ScalingContended, Daemonizing, Outdated,
    RevisionFailed, DisruptionContended, ScheduleFailing or AutoscalerFailing.
    """
    status: str
    """True or False."""
    observed_generation: int
    """The generation of the spec that this describes."""
    last_transition_time: str
    """When status last changed."""
    reason: str
    """A word for programs."""
    message: str
    """A sentence for people."""


class LastExit(Model):
    """How a process ended; kept after its Pod is gone."""

    exit_code: int | None = None
    """The exit code."""
    signal: int | None = None
    """The signal that ended it, if any."""
    reason: str | None = None
    """A word for programs: Exited, Killed, OOMKilled, BadCommand, ..."""
    message: str | None = None
    """A sentence for people, with the last line that the process left, if any."""
    finished_at: str | None = None
    """When it ended."""


class ProcessStatus(Model):
    """What runs of one process type."""

    state: str | None = None
    """Running, Starting, Crashing, Unready, Unschedulable, Idle (count 0) or Suspended."""
    reason: str | None = None
    """Why it isn't simply running, as a single word that programs can compare."""
    message: str | None = None
    """Why it isn't simply running; without a reason, what else is worth knowing. A sentence for people."""
    restarts: int | None = None
    """Restarts of the containers in this type's Pods."""
    last_exit: LastExit | None = None
    """How a process of this type last ended without being asked to."""

    desired_replicas: fields.Count | None = None
    """The count that is wanted now."""
    resume_replicas: fields.Count | None = None
    """While the Formation is suspended: the count to come back to."""
    ready_replicas: int | None = None
    """Processes that are ready."""
    updated_replicas: int | None = None
    """Processes that run the latest spec."""
    terminating_replicas: int | None = None
    """Processes that were asked to end and still run, if there are any. From Kubernetes 1.35 on."""
    selector: str | None = None
    """The label selector of this type's Pods, without its canary's."""
    replicas_managed_by: str | None = None
    """The autoscaler that sets the count, as kind/name."""

    @property
    def count(self) -> int | None:
        """The count without a suspension."""
        return self.desired_replicas if self.resume_replicas is None else self.resume_replicas


class Revision(Model):
    """The revision that keeps the content which was rolled out last."""

    name: str
    """The name of its ControllerRevision."""
    number: int
    """Its number: each deploy has the next one."""
    ready: bool | None = None
    """True once it has run well: all its processes were available, and then for a minute no more than a
    quarter of them restarted. Until then false once all were available.
    """


class ReleaseStatus(Model):
    """How far the release command is, and which content was released last."""

    state: str | None = None
    """Running, Succeeded, Failed, Held (spec.suspend is true) or Waiting (the message says what for)."""
    job: str | None = None
    """The Job that runs the release command, or ran it last."""
    released: str | None = None
    """The digest of the content that was released last: its revision is <formation>-<digest>."""
    running: str | None = None
    """The digest of the content that is being released, or whose release has failed."""
    reason: str | None = None
    """Why it isn't done: Releasing, ReleaseFailed, ReleaseHeld, or the reason of its Pod."""
    message: str | None = None
    """Why it isn't done: a sentence for people."""
    started_at: str | None = None
    """When its Job was created."""
    finished_at: str | None = None
    """When its Job succeeded or failed."""


class CanaryStatus(Model):
    """How far the canaries are of what is declared."""

    revision: str | None = None
    """The ControllerRevision that keeps what they try, and says how far they are: this is a copy."""
    state: str | None = None
    """Trying or Failed."""
    since: str | None = None
    """Since when it is in this state."""
    message: str | None = None
    """Which process isn't well and why, or what is waited for: a sentence for people."""


class ScheduleStatus(Model):
    """How a schedule is."""

    state: str | None = None
    """Scheduled, Running, Failing (the last run failed, or one is in trouble), Suspended or Waiting (the
    message says what for).
    """
    message: str | None = None
    """Why it isn't well: a sentence for people."""
    active: int | None = None
    """How many runs are active."""
    last_schedule_time: str | None = None
    """When the last run that started was due."""
    last_successful_time: str | None = None
    """When a run last succeeded."""


class FormationStatus(Model):
    """What the operator saw and did, as of observedGeneration."""

    observed_generation: int | None = None
    """The latest generation of the spec that the operator has handled."""
    summary: str | None = None
    """Ready and wanted processes of each type."""
    image: str | None = None
    """The image that most types run, and how many others there are: ... and 2 more."""
    selector: str | None = None
    """The label selector of web's Pods, without its canary's, for autoscalers."""
    replicas: int | None = None
    """Processes of web, for autoscalers."""
    conditions: list[Condition] | None = None
    """Ready, and the reasons if it isn't True."""
    revision: Revision | None = None
    """The content that was rolled out last, without counts, suspend and paused."""
    release: ReleaseStatus | None = None
    """The release command, where the Formation has one."""
    canary: CanaryStatus | None = None
    """The canaries, while a deploy tries some."""
    processes: dict[str, ProcessStatus] | None = None
    """Each process type by name."""
    schedules: dict[str, ScheduleStatus] | None = None
    """Each schedule by name."""

    def condition(self, type_: str) -> Condition | None:
        """Return a condition, if it is listed."""
        return next((each for each in self.conditions or () if each.type == type_), None)

    def process(self, name: str) -> ProcessStatus:
        """Return the status of a type; an empty one if there is none."""
        return (self.processes or {}).get(name) or UNREPORTED


UNREPORTED = ProcessStatus()


def read(status: dict[str, Any]) -> FormationStatus:
    """Return what a status says; nothing if it doesn't fit.

    A newer operator writes fields that this one doesn't know, and other clients may write anything.
    """
    try:
        return FormationStatus.model_validate(status, strict=True, extra="ignore")
    except ValidationError:
        return FormationStatus()


def is_ours(condition: Any) -> bool:
    """Return whether an item of a status' conditions is one that this operator writes."""
    return isinstance(condition, dict) and condition.get("type") in OUR_CONDITIONS
