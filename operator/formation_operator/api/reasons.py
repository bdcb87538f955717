"""The reasons and types for programs that a status has: conditions, states of process types, and causes.

`docs/reasons.md` is made from this module: the first paragraph below a word says what it means or what
happened, a second one what to do.  Where Kubernetes' own word says it all, such as FailedMount or Evicted,
that one is passed on.
"""

import enum


class ConditionType(enum.StrEnum):
    """The types of the conditions that are ours; others may add more."""

    READY = "Ready"
    """All types run as declared, or the reason [says why not](status.md#ready-reconciling-stalled).

    See the reason.
    """
    RECONCILING = "Reconciling"
    """A change is in progress, or something is broken in a way that time might fix.

    Wait, or see the reason.
    """
    STALLED = "Stalled"
    """Waiting won't help.

    Do what the message says.
    """
    PAUSED = "Paused"
    """`spec.paused` is true.

    Set it to `false`.
    """
    OVERRIDDEN = "Overridden"
    """An admission policy changes the image of a container, or the count of a Deployment. The operator
    compares nothing else.

    If that isn't intended, change the policy.
    """
    CONTENDED = "ScalingContended"
    """An autoscaler and the Formation both set the count, or another autoscaler targets a type that
    declares `autoscaling` or `singleton`.

    Remove `replicas`, or do what the message says.
    """
    DAEMONIZING = "Daemonizing"
    """A command goes into the background. The reason is `CommandLeavesForeground`.

    [Run it in the foreground](foreground.md). The message names the flag.
    """
    OUTDATED = "Outdated"
    """The CRD has lost fields of the Formation, which therefore isn't `Ready`.

    Apply the `crds/` of the newer version, [then the Formation](how-to/upgrade.md#keep-the-newer-crd).
    """
    REVISION_FAILED = "RevisionFailed"
    """The operator couldn't store the current content as a [revision](ownership.md#revisions), so you can't
    go back to it. What runs isn't affected, but the next deploy [waits](ownership.md#revisions). The reason
    is `Refused` (a missing right, or a webhook), `Retrying` (a full quota, or no answer) or `NameTaken`; a
    revision that is left of a deleted Formation with the same name is reported after half a minute.

    Do what the message says. The operator [tries again](limits.md#how-long-things-take).
    """
    DISRUPTION_CONTENDED = "DisruptionContended"
    """Another PodDisruptionBudget selects the Pods of a type that declares one, so the operator makes none:
    Kubernetes evicts no Pod that two budgets select. The reason is `AnotherBudget`.

    Delete the budget that the message names, or [remove
    `disruptionBudget`](how-to/drains.md#another-budget-selects-the-same-processes).
    """
    SCHEDULE_FAILING = "ScheduleFailing"
    """The last run of a [schedule](how-to/schedules.md) failed, or a run is in trouble. The reason is
    `RunFailed`, and the message has the cause.

    Fix it, and start a run: `kubectl formation run NAME --schedule SCHEDULE`. The condition goes when a run
    succeeds.
    """
    AUTOSCALER_FAILING = "AutoscalerFailing"
    """The HPA of a type that declares [`autoscaling`](how-to/autoscale.md) can't scale, although the type
    has run for five minutes. The count stays as it is. The reason is `CanNotScale`, and the message has the
    cause.

    Do what the message says. Usually the type has no CPU request, or the cluster has no metrics-server.
    """


class State(enum.StrEnum):
    """How a process type is."""

    RUNNING = "Running"
    """As declared. If there is a reason, enough processes serve, but something else is unfinished."""
    STARTING = "Starting"
    """Too few processes are ready yet. The reason says why; `Progressing` means that nothing is wrong."""
    CRASHING = "Crashing"
    """Processes exit, or are killed. The state stays until a process has run for [long
    enough](limits.md#how-long-things-take).
    """
    UNREADY = "Unready"
    """Processes run but are no longer ready, so they get no requests."""
    UNSCHEDULABLE = "Unschedulable"
    """No node has room for them, or matches."""
    IDLE = "Idle"
    """The count is 0."""
    SUSPENDED = "Suspended"
    """`spec.suspend` is true."""


class ReleaseState(enum.StrEnum):
    """How far a release command is."""

    RUNNING = "Running"
    """Its Job exists, and hasn't finished."""
    SUCCEEDED = "Succeeded"
    """The declared content is released, with or without a Job."""
    FAILED = "Failed"
    """See `ReleaseFailed`."""
    HELD = "Held"
    """See `ReleaseHeld`."""
    WAITING = "Waiting"
    """Something else must happen first. The message names it."""


class CanaryState(enum.StrEnum):
    """How far the canaries of a content are."""

    WAITING = "Waiting"
    """It was declared while processes ran, and its release comes first. A revision alone says so."""
    TRYING = "Trying"
    """See `CanaryTrying`."""
    FAILED = "Failed"
    """See `CanaryFailed`."""


class ScheduleState(enum.StrEnum):
    """How a schedule is."""

    SCHEDULED = "Scheduled"
    """Its CronJob waits for the next time."""
    RUNNING = "Running"
    """A run is active. If it waits for a node, there is a message."""
    FAILING = "Failing"
    """The last run failed, or an active run is in trouble. The message says why."""
    SUSPENDED = "Suspended"
    """The schedule or the Formation is suspended."""
    WAITING = "Waiting"
    """Its CronJob isn't written yet: a release command must succeed first, or the API server refuses the
    CronJob. If it refuses, the Formation isn't ready.
    """


class Reason(enum.StrEnum):
    """Why a type isn't simply running."""

    PROGRESSING = "Progressing"
    """A rollout or a change of the count is in progress.

    Wait. The message says if the node might still be pulling an image.
    """
    # How a process ended.
    EXITED = "Exited"
    """The process exited with a code other than 0. The message has [the line of its
    log](status.md#lastexit-and-restarts) that explains it.

    `kubectl logs deployment/shop-worker --previous`.
    """
    EXITED_AT_ONCE = "ExitedAtOnce"
    """It exited with code 0 within 10 s of its start.

    It might have put itself into the background: [run it in the foreground](foreground.md). If its work was
    done, make it a Job. If the type has no `command` and `args`, it ran the command of its image.
    """
    COMPLETED = "Completed"
    """It exited with code 0 after a while.

    Keep it running, or make it a Job. If a second container in the Pod has finished its work, move it to
    `initContainers`.
    """
    KILLED = "Killed"
    """A signal ended it.

    SIGSEGV and similar signals: fix the app. SIGKILL: the kernel or a person on the node killed it.
    """
    OUT_OF_MEMORY = "OOMKilled"
    """It needed more memory than its limit, or than its node had.

    Raise `resources.limits.memory`, or fix the leak. The message says if it had no limit.
    """
    BAD_COMMAND = "BadCommand"
    """The program can't be started, or neither the type nor its image names one.

    Correct `command` and `args`, or the image.
    """
    START_ERROR = "StartError"
    """The node couldn't start it for another reason.

    Read the message.
    """
    LOST = "Lost"
    """Its node was lost or restarted, or no longer knows how the process ended.

    Nothing: Kubernetes starts it again, there or on another node.
    """
    # What ended it.
    LIVENESS_PROBE_FAILED = "LivenessProbeFailed"
    """kubelet restarted it, because the probe failed.

    Find out why it hung. A probe that checks a database restarts your app when the database is down.
    """
    STARTUP_PROBE_FAILED = "StartupProbeFailed"
    """kubelet restarted it, because the probe failed, or it is still starting.

    Give it more time: raise `failureThreshold` or `periodSeconds`.
    """
    POST_START_HOOK_FAILED = "PostStartHookFailed"
    """kubelet killed it, because the hook in `podTemplate` failed.

    Fix the hook.
    """
    # What keeps it from starting or from being ready.
    READINESS_PROBE_FAILED = "ReadinessProbeFailed"
    """It runs, but its probe fails. If you set no probe, the probe is a connection to `port`.

    Listen on `$PORT`, on all addresses.
    """
    IMAGE_PULL_FAILED = "ImagePullFailed"
    """The image or its registry doesn't exist, or denies access.

    Correct `image`, or add `imagePullSecrets` in `podTemplate`. The message says which, and names a missing
    Secret.
    """
    IMAGE_USER_IS_ROOT = "ImageUserIsRoot"
    """The image runs as root, and processes must run as another user.

    Add the line that the message shows.
    """
    IMAGE_USER_NOT_NUMERIC = "ImageUserNotNumeric"
    """The image's user has a name and no number, so kubelet can't check that it isn't root.

    Add the line that the message shows.
    """
    RUNS_AS_ROOT = "RunsAsRoot"
    """`podTemplate` sets root as the user, and processes must run as another user.

    Set another user.
    """
    SECRET_MISSING = "SecretMissing"  # noqa: S105  # no password
    """`env` or `envFrom` names a Secret that doesn't exist.

    Create it. The process then starts without further action.
    """
    CONFIG_MAP_MISSING = "ConfigMapMissing"
    """`env` or `envFrom` names a ConfigMap that doesn't exist.

    Create it. The process then starts without further action.
    """
    CONTAINER_CONFIG_ERROR = "ContainerConfigError"
    """Something else in `env` is missing, such as a key of a Secret.

    Add what the message names.
    """
    INITIALIZING = "Initializing"
    """An init container of `podTemplate` still runs.

    Wait, or read its log.
    """
    VOLUME_PENDING = "VolumePending"
    """A node is chosen, and the scheduler waits for a volume there.

    Find out why nothing provides it: `kubectl describe pvc`.
    """
    SCHEDULER_SILENT = "SchedulerSilent"
    """No scheduler looks for a node for it. Before Kubernetes 1.35, it might also wait for a volume.

    Check whether a scheduler runs, and which one `schedulerName` in `podTemplate` names.
    """
    NODE_SILENT = "NodeSilent"
    """Its node doesn't start it.

    Check whether the node exists and is healthy.
    """
    NOT_READY = "NotReady"
    """A condition of the Pod isn't met, and has no reason.

    Read the message.
    """
    NODE_NOT_READY = "NodeNotReady"
    """Its node can't be reached.

    Check the node that the message names. Kubernetes replaces its processes after five minutes.
    """
    UNSCHEDULABLE = "Unschedulable"
    """No node has room, or matches.

    Request less, or add nodes. The message says how many nodes lack what.
    """
    SCHEDULING_GATED = "SchedulingGated"
    """`podTemplate` has scheduling gates.

    The message names them. The client that set them must remove them.
    """
    FAILED = "Failed"
    """The whole Pod failed, without a reason.

    `kubectl get pod`.
    """
    # What the Deployment's own controller says.
    REPLICA_FAILURE = "ReplicaFailure"
    """Pods can't be created: quota, Pod Security, a missing service account, a webhook.

    Fix what the message says. Once a quota has room again, Pods are created without further action.
    """
    DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"
    """The rollout made no progress for ten minutes, or the type's `progressDeadlineSeconds`.

    Deploy a version that works. The old one keeps serving.
    """
    DEPLOYMENT_PAUSED = "DeploymentPaused"
    """Someone paused the Deployment, and a version waits.

    Use the command in the message, which resumes it.
    """


BY_KUBELET = frozenset(
    {Reason.LIVENESS_PROBE_FAILED, Reason.STARTUP_PROBE_FAILED, Reason.POST_START_HOOK_FAILED}
)
"""Why kubelet itself ends a process. Only Events have these, and they expire before the Pod's own record."""


class Trouble(enum.StrEnum):
    """What keeps a type, or the Formation as a whole, from being as declared."""

    INVALID_SPEC = "InvalidSpec"
    """The spec, or one type in it, is invalid. The operator changed nothing of it.

    Correct the field that the message names, and apply again.
    """
    TOO_LARGE = "TooLarge"
    """The spec is [too large](limits.md#how-large-a-formation-may-be). The operator changes nothing.

    Make the spec smaller.
    """
    INTERNAL_ERROR = "InternalError"
    """A bug in the operator stopped the work on one type, or on the Formation. The rest continues.

    Please report it. The operator's log says where it is.
    """
    NAME_TAKEN = "NameTaken"
    """An object that the operator would make, such as a Deployment, has a name that a foreign object
    already uses.

    Rename one of the two. The message names it.
    """
    REFUSED = "Refused"
    """The API server refuses the change, and will refuse it until the spec changes.

    Change what the message says.
    """
    RETRYING = "Retrying"
    """The API server couldn't answer.

    Wait: the operator tries again.
    """
    WAITING = "Waiting"
    """Something else must happen first: something is deleted, a content is released, or another client
    stops undoing the operator's changes.

    Read the message, which says what.
    """
    CAN_NOT_SUSPEND = "CannotSuspend"
    """KEDA, or an HPA that scales to zero, might start processes of a suspended Formation, or has done so.

    Prevent it as the message says.
    """
    COUNT_UNDECIDED = "CountUndecided"
    """A Deployment's count was changed, and stays as it is. The operator can't tell whether an autoscaler
    changed it, because it can't list autoscalers, or it can't write the count to the Formation.

    Do what the API server's answer in the message needs, for example fix KEDA or a webhook.
    """
    PAUSED = "Paused"
    """`spec.paused` is true, and what runs differs from the spec.

    Set it to `false`.
    """
    RELEASING = "Releasing"
    """The [release command](status.md#the-release) runs, or is next. The last release keeps running.

    Wait, or read its log: `kubectl formation release shop`.
    """
    RELEASE_FAILED = "ReleaseFailed"
    """The release command has failed, and nothing has changed. The message has the cause and the last line
    of its log.

    Correct it and deploy, go back, or delete its Job to try again.
    """
    RELEASE_HELD = "ReleaseHeld"
    """The release command waits, because `spec.suspend` is true.

    `kubectl formation start shop`: the command runs before any process.
    """
    CANARY_TRYING = "CanaryTrying"
    """The [canaries](how-to/canary.md) start, or haven't been ready for long enough. Everything else is as
    before the deploy. If one has no room, or can't pull its image, the reason is that of its Pod.

    Wait.
    """
    CANARY_FAILED = "CanaryFailed"
    """A canary crashes, is killed, or isn't ready in time. Everything else is as before. The message has the
    cause.

    Correct it and deploy, go back, or remove the cause: the deploy continues if all canaries become
    ready. [A new try](how-to/canary.md#if-one-fails): `kubectl formation deploy NAME --retry`.
    """
    OUTDATED = "Outdated"
    """The cluster's CRD is older than the Formation, and has lost fields of it. So the operator doesn't
    know what was meant, and changes nothing but counts.

    [Apply the newer CRD, and then the Formation](how-to/upgrade.md#keep-the-newer-crd).
    """
