"""The reasons and types for programs that a status has: conditions, states of process types, and causes.

`docs/status.md` tells people what to do about each.  Where Kubernetes' own word says it all, such as
FailedMount or Evicted, that one is passed on.
"""

import enum


class ConditionType(enum.StrEnum):
    """The types of the conditions that are ours; others may add more."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    PAUSED = "Paused"
    OVERRIDDEN = "Overridden"
    CONTENDED = "ScalingContended"
    DAEMONIZING = "Daemonizing"
    OUTDATED = "Outdated"
    REVISION_FAILED = "RevisionFailed"
    DISRUPTION_CONTENDED = "DisruptionContended"
    SCHEDULE_FAILING = "ScheduleFailing"
    AUTOSCALER_FAILING = "AutoscalerFailing"


class State(enum.StrEnum):
    """How a process type is."""

    RUNNING = "Running"
    STARTING = "Starting"
    CRASHING = "Crashing"
    UNREADY = "Unready"
    UNSCHEDULABLE = "Unschedulable"
    IDLE = "Idle"
    SUSPENDED = "Suspended"


class ReleaseState(enum.StrEnum):
    """How far a release command is."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    HELD = "Held"
    WAITING = "Waiting"


class CanaryState(enum.StrEnum):
    """How far the canaries of a content are."""

    TRYING = "Trying"
    FAILED = "Failed"


class ScheduleState(enum.StrEnum):
    """How a schedule is."""

    SCHEDULED = "Scheduled"
    RUNNING = "Running"
    FAILING = "Failing"
    SUSPENDED = "Suspended"
    WAITING = "Waiting"


class Reason(enum.StrEnum):
    """Why a type isn't simply running."""

    PROGRESSING = "Progressing"
    # How a process ended.
    EXITED = "Exited"
    EXITED_AT_ONCE = "ExitedAtOnce"
    COMPLETED = "Completed"
    KILLED = "Killed"
    OUT_OF_MEMORY = "OOMKilled"
    BAD_COMMAND = "BadCommand"
    START_ERROR = "StartError"
    LOST = "Lost"
    # What ended it.
    LIVENESS_PROBE_FAILED = "LivenessProbeFailed"
    STARTUP_PROBE_FAILED = "StartupProbeFailed"
    POST_START_HOOK_FAILED = "PostStartHookFailed"
    # What keeps it from starting or from being ready.
    READINESS_PROBE_FAILED = "ReadinessProbeFailed"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    IMAGE_USER_IS_ROOT = "ImageUserIsRoot"
    IMAGE_USER_NOT_NUMERIC = "ImageUserNotNumeric"
    RUNS_AS_ROOT = "RunsAsRoot"
    SECRET_MISSING = "SecretMissing"  # noqa: S105  # no password
    CONFIG_MAP_MISSING = "ConfigMapMissing"
    CONTAINER_CONFIG_ERROR = "ContainerConfigError"
    INITIALIZING = "Initializing"
    VOLUME_PENDING = "VolumePending"
    SCHEDULER_SILENT = "SchedulerSilent"
    NODE_SILENT = "NodeSilent"
    NOT_READY = "NotReady"
    NODE_NOT_READY = "NodeNotReady"
    UNSCHEDULABLE = "Unschedulable"
    SCHEDULING_GATED = "SchedulingGated"
    FAILED = "Failed"
    # What the Deployment's own controller says.
    REPLICA_FAILURE = "ReplicaFailure"
    DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
    DEPLOYMENT_PAUSED = "DeploymentPaused"


BY_KUBELET = frozenset(
    {Reason.LIVENESS_PROBE_FAILED, Reason.STARTUP_PROBE_FAILED, Reason.POST_START_HOOK_FAILED}
)
"""Why kubelet itself ends a process. Only Events have these, and they expire before the Pod's own record."""


class Trouble(enum.StrEnum):
    """What keeps a type, or the Formation as a whole, from being as declared."""

    INVALID_SPEC = "InvalidSpec"
    TOO_LARGE = "TooLarge"
    INTERNAL_ERROR = "InternalError"
    NAME_TAKEN = "NameTaken"
    REFUSED = "Refused"
    RETRYING = "Retrying"
    WAITING = "Waiting"
    CAN_NOT_SUSPEND = "CannotSuspend"
    COUNT_UNDECIDED = "CountUndecided"
    PAUSED = "Paused"
    RELEASING = "Releasing"
    RELEASE_FAILED = "ReleaseFailed"
    RELEASE_HELD = "ReleaseHeld"
    CANARY_TRYING = "CanaryTrying"
    CANARY_FAILED = "CanaryFailed"
    OUTDATED = "Outdated"
