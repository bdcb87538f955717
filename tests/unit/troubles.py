"""The troubles that a Pod can be in, and what must be found of each: its state, its reason and its words."""

import dataclasses
from typing import Any

from formation_operator.api.reasons import State
from formation_operator.diagnose.pod_events import PodEvent
from tests.builders import NOW, Manifest, a_container, a_pod, condition, ended, running, waiting

PROBE = {"exec": {"command": ["false"]}}
SLOW = {**PROBE, "initialDelaySeconds": 60, "periodSeconds": 5, "failureThreshold": 2}
BACK_OFF = waiting("CrashLoopBackOff", "back-off 10s restarting failed container")
UNREADY = (condition("Ready", status=False, reason="ContainersNotReady", message="containers not ready"),)


def an_event(reason: str, message: str, before: float = 5, container: str = "") -> PodEvent:
    return PodEvent(reason, message, NOW - before, container)


def killed(kind: str, container: str = "worker", before: float = 5) -> PodEvent:
    return an_event("Killing", f"Container {container} failed {kind} probe, will be restarted", before)


def a_crash(again: Manifest = BACK_OFF, *, code: int = 1, restarts: int = 2, **more: Any) -> Manifest:
    """Return a container whose process ran for 30 seconds, until 5 seconds ago."""
    last = more.pop("last", ended(code))
    return a_container(again, last=last, restarts=restarts, **{"ready": False, **more})


OCI = "failed to create shim task: runc create failed: unable to start container process: "
STILL_WAITS = "Unable to attach or mount volumes: unmounted volumes=[it]: context deadline exceeded"
ABSENT = 'secret "shop" not found'
CREATE_IT = "create it, or correct volumes in podTemplate"
MISSING_PROGRAM = (
    "rpc error: code = Unknown desc = failed to exec in container: failed to start exec: "
    "OCI runtime exec failed: exec failed: unable to start container process: "
    'exec: "curl": executable file not found in $PATH: unknown'
)


def with_spec(raw: Manifest, **spec: Any) -> Manifest:
    return {**raw, "spec": {**raw["spec"], **spec}}


def unscheduled(message: str, **spec: Any) -> Manifest:
    """Return a Pod that the scheduler has no node for."""
    said = condition("PodScheduled", status=False, reason="Unschedulable", message=message)
    return with_spec(a_pod(conditions=(said,), status={"containerStatuses": []}), **spec)


def unready(since: float) -> Manifest:
    return condition("Ready", status=False, since=since)


def claiming(*claims: str) -> list[Manifest]:
    return [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]


def failing(message: str, *, reason: str = "", container: Manifest | None = None) -> Manifest:
    """Return a Pod that failed as a whole just now."""
    status = {"phase": "Failed", "reason": reason, "message": message}
    since = (condition("Ready", status=False, since=9),)
    return a_pod(*([container] if container else []), conditions=since, status=status)


def refused(message: str) -> Manifest:
    return a_pod(a_container(waiting("CreateContainerConfigError", message)))


@dataclasses.dataclass(frozen=True)
class Case:
    """A Pod, what was recorded about it, and what must be found."""

    raw: Manifest
    state: State
    reason: str
    message: str
    events: tuple[PodEvent, ...] = ()
    lasting: bool = False


ON_ITS_NODE = (*UNREADY, condition("PodScheduled"))
MADE = condition("PodReadyToStartContainers")
MAKING = (*ON_ITS_NODE, MADE)
STARTING, CRASHING = State.STARTING, State.CRASHING
FIX = (
    "or podTemplate: {spec: {securityContext: {runAsUser: 1000}}}, "
    "or spec.securityDefaults: none to run it as it is"
)
CASES = {
    # It ends
    "it crashes": Case(
        a_pod(a_crash(last=ended(3, "no database"))), CRASHING, "Exited", "exited with code 3: no database"
    ),
    "it has ended just now": Case(a_pod(a_container(ended(1))), CRASHING, "Exited", "exited with code 1"),
    "it runs again, but not for long enough": Case(
        a_pod(a_crash(running(59), ready=True)), CRASHING, "Exited", "exited with code 1"
    ),
    "it crashed once and has begun again": Case(
        a_pod(a_crash(running(59), ready=True, restarts=1)), CRASHING, "Exited", "exited with code 1"
    ),
    "it puts itself into the background": Case(
        a_pod(a_crash(last=ended(0, ran=1))),
        CRASHING,
        "ExitedAtOnce",
        "exited with code 0 right after its start: a process type has to keep running. If it goes "
        "into the background, run it in the foreground; if its work was done, make it a Job",
    ),
    "its program isn't there": Case(
        a_pod(a_crash(last=ended(128, 'exec: "gunicorm": not found', reason="StartError"))),
        CRASHING,
        "BadCommand",
        "couldn't be started: gunicorm: not found: check command, args and the image",
        lasting=True,
    ),
    "its program isn't there, as another runtime says": Case(
        a_pod(a_container(waiting("CreateContainerError", 'exec: "gunicorm": not found'))),
        CRASHING,
        "BadCommand",
        "couldn't be started: gunicorm: not found: check command, args and the image",
        lasting=True,
    ),
    "another container of its crashes": Case(
        a_pod(a_container(running()), a_container(BACK_OFF, "helper", last=ended(4), restarts=1)),
        CRASHING,
        "Exited",
        "container helper exited with code 4",
    ),
    "an init container crashes": Case(
        a_pod(
            a_container(waiting("PodInitializing")),
            init=(a_container(BACK_OFF, "migrate", last=ended(9), restarts=1),),
        ),
        CRASHING,
        "Exited",
        "container migrate exited with code 9",
    ),
    "its node ended it": Case(
        a_pod(
            conditions=(condition("Ready", status=False, since=9),),
            status={"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."},
        ),
        CRASHING,
        "Evicted",
        "was ended by its node: Evicted: The node was low on memory.",
    ),
    "its node ended it and doesn't say why": Case(
        a_pod(conditions=(condition("Ready", status=False, since=9),), status={"phase": "Failed"}),
        CRASHING,
        "Failed",
        "was ended by its node: Failed",
    ),
    # kubelet ends it
    "its liveness probe failed": Case(
        a_pod(a_crash(livenessProbe=PROBE, code=137)),
        CRASHING,
        "LivenessProbeFailed",
        "was restarted because its liveness probe failed: HTTP 500",
        (killed("liveness"), an_event("Unhealthy", "Liveness probe failed: HTTP 500", 7)),
    ),
    "its startup probe failed": Case(
        a_pod(a_crash(startupProbe=PROBE, code=137)),
        CRASHING,
        "StartupProbeFailed",
        "was restarted because its startup probe failed",
        (killed("startup"),),
    ),
    "its liveness probe failed, and kubelet records no more of it": Case(
        a_pod(a_crash(livenessProbe=PROBE, code=143)),
        CRASHING,
        "LivenessProbeFailed",
        "was restarted because its liveness probe failed",
        (killed("liveness", before=300),),
    ),
    "its liveness probe failed before, but now it crashed by itself": Case(
        a_pod(a_crash(livenessProbe=PROBE, code=1)),
        CRASHING,
        "Exited",
        "exited with code 1",
        (killed("liveness", before=300),),
    ),
    "its liveness probe failed before, but now it ended sooner than that can be": Case(
        a_pod(a_crash(livenessProbe={**PROBE, "initialDelaySeconds": 60}, code=143)),
        CRASHING,
        "Killed",
        "was ended by signal 15 (SIGTERM): a client asked it to end",
        (killed("liveness", before=300),),
    ),
    "a probe of another container failed": Case(
        a_pod(a_crash(livenessProbe=PROBE, code=1)),
        CRASHING,
        "Exited",
        "exited with code 1",
        (killed("liveness", "helper"),),
    ),
    "it ran out of memory while its probe failed": Case(
        a_pod(a_crash(livenessProbe=PROBE, last=ended(137, reason="OOMKilled"))),
        CRASHING,
        "OOMKilled",
        "was killed because its node, or its Pod as a whole, ran out of memory: "
        "set resources.requests.memory and resources.limits.memory",
        (killed("liveness"),),
    ),
    "its hook failed": Case(
        a_pod(a_container(waiting("PostStartHookError", "exit status 1"))),
        CRASHING,
        "PostStartHookFailed",
        "was killed because its postStart hook failed: exit status 1",
    ),
    "its hook failed, as only an Event tells": Case(
        a_pod(a_crash(lifecycle={"postStart": PROBE})),
        CRASHING,
        "PostStartHookFailed",
        "was killed because its postStart hook failed",
        (an_event("FailedPostStartHook", "PostStartHook failed", 6),),
    ),
    "its hook failed before, but now it crashed by itself": Case(
        a_pod(a_crash(lifecycle={"postStart": PROBE})),
        CRASHING,
        "Exited",
        "exited with code 1",
        (an_event("FailedPostStartHook", "PostStartHook failed", 300),),
    ),
    # It doesn't start
    "its image can't be pulled": Case(
        a_pod(
            a_container(
                waiting("ImagePullBackOff", 'Back-off pulling image "shop:v9": ErrImagePull: no such host')
            )
        ),
        STARTING,
        "ImagePullFailed",
        "can't pull its image: no such host",
    ),
    "its image can't be pulled, and a Secret for its registry isn't there": Case(
        a_pod(a_container(waiting("ErrImagePull", "pull access denied"))),
        STARTING,
        "ImagePullFailed",
        "can't pull its image: pull access denied: there is no Secret key, which imagePullSecrets name",
        (
            an_event(
                "FailedToRetrieveImagePullSecret",
                "Unable to retrieve some image pull secrets (key); attempting to pull the image may fail.",
            ),
        ),
    ),
    "its image can't be pulled and nobody says why": Case(
        a_pod(a_container(waiting("ErrImagePull"))), STARTING, "ImagePullFailed", "can't pull its image"
    ),
    "its image's name is none": Case(
        a_pod(a_container(waiting("InvalidImageName", "couldn't parse Shop:v9"))),
        STARTING,
        "ImagePullFailed",
        "can't pull its image: couldn't parse Shop:v9",
        lasting=True,
    ),
    "its image runs as root": Case(
        refused("container has runAsNonRoot and image will run as root (pod: x)"),
        STARTING,
        "ImageUserIsRoot",
        f"can't start: its image runs as root: set USER 1000 in the Dockerfile, {FIX}",
        lasting=True,
    ),
    "its image names a user": Case(
        refused("container has runAsNonRoot and image has non-numeric user (app), cannot verify"),
        STARTING,
        "ImageUserNotNumeric",
        f"can't start: its image names its user with a word: set USER to a number in the Dockerfile, {FIX}",
        lasting=True,
    ),
    "its Secret is missing": Case(
        refused('secret "shop" not found'),
        STARTING,
        "SecretMissing",
        "can't start: there is no Secret shop: create it, or correct env and envFrom",
    ),
    "its ConfigMap is missing": Case(
        refused('configmap "shop" not found'),
        STARTING,
        "ConfigMapMissing",
        "can't start: there is no ConfigMap shop: create it, or correct env and envFrom",
    ),
    "a key of its Secret is missing": Case(
        refused("couldn't find key url in Secret default/shop"),
        STARTING,
        "ContainerConfigError",
        "can't start: couldn't find key url in Secret default/shop",
    ),
    "the runtime refuses it": Case(
        a_pod(a_container(waiting("CreateContainerError", "no device"))),
        STARTING,
        "CreateContainerError",
        "can't start: no device",
    ),
    "kubelet has an error of its own": Case(
        a_pod(a_container(waiting("PreStartHookError", "no device"))),
        STARTING,
        "PreStartHookError",
        "can't start: no device",
    ),
    "its init container goes on and on": Case(
        a_pod(a_container(waiting("PodInitializing")), init=(a_container(running(), "migrate"),)),
        STARTING,
        "Initializing",
        "container migrate still runs: the process starts when it has ended",
    ),
    "its volume can't be mounted": Case(
        a_pod(a_container(waiting("ContainerCreating"))),
        STARTING,
        "FailedMount",
        f"can't start: {ABSENT}: {CREATE_IT}",
        (an_event("FailedMount", ABSENT, 8), an_event("Pulling", "Pulling image", 7)),
    ),
    "the network of its Pod can't be made": Case(
        a_pod(a_container(waiting("ContainerCreating"))),
        STARTING,
        "FailedCreatePodSandBox",
        "can't start: Failed to create pod sandbox: no address is left",
        (
            an_event(
                "FailedCreatePodSandBox",
                "Failed to create pod sandbox: rpc error: code = Unknown desc = no address is left",
            ),
        ),
    ),
    "kubelet still waits for its volume": Case(
        a_pod(a_container(waiting("ContainerCreating"))),
        STARTING,
        "FailedMount",
        "can't start: no such claim",
        (an_event("FailedMount", "no such claim", 60), an_event("FailedMount", STILL_WAITS, 5)),
    ),
    "kubelet only says that it still waits for its volume": Case(
        a_pod(a_container(waiting("ContainerCreating"))),
        STARTING,
        "FailedMount",
        f"can't start: {STILL_WAITS}",
        (an_event("Other", "x", 1), an_event("FailedMount", STILL_WAITS, 5)),
    ),
    "something else holds it up": Case(
        a_pod(a_container(waiting("ContainerCreating"))),
        STARTING,
        "NetworkNotReady",
        "can't start: network is not ready",
        (an_event("NetworkNotReady", "network is not ready"),),
    ),
    # It finds no node
    "no node has room": Case(
        a_pod(
            conditions=(
                condition(
                    "PodScheduled",
                    status=False,
                    reason="Unschedulable",
                    message="0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, "
                    "preemption: 0/3 nodes are available: 3 Preemption is not helpful.",
                ),
            ),
            status={"containerStatuses": []},
        ),
        State.UNSCHEDULABLE,
        "Unschedulable",
        "no node can take it: 0/3 nodes are available: 3 Insufficient cpu",
    ),
    "it is held back": Case(
        a_pod(conditions=(condition("PodScheduled", status=False, reason="SchedulingGated"),)),
        STARTING,
        "SchedulingGated",
        "waits for its scheduling gates to be removed",
    ),
    "somebody holds it back": Case(
        with_spec(
            a_pod(conditions=(condition("PodScheduled", status=False, reason="SchedulingGated"),)),
            schedulingGates=[{"name": "example.com/one"}, {"name": "example.com/two"}],
        ),
        STARTING,
        "SchedulingGated",
        "waits for its scheduling gates to be removed: example.com/one, example.com/two",
    ),
    # It isn't ready
    "its node doesn't take it up": Case(
        {**a_pod(), "spec": {"nodeName": "n1"}, "status": {}},
        STARTING,
        "NodeSilent",
        "waits for its node n1, which hasn't started it: check that the node exists and is healthy",
    ),
    "no scheduler looks at it": Case(
        {**a_pod(), "spec": {"schedulerName": "absent"}, "status": {}},
        State.UNSCHEDULABLE,
        "SchedulerSilent",
        "no scheduler has looked at it: check that one runs, and that podTemplate names the right one",
    ),
    "podTemplate makes it root": Case(
        refused('container\'s runAsUser breaks non-root policy (pod: "shop_default(1)", container: worker)'),
        STARTING,
        "RunsAsRoot",
        "can't start: podTemplate makes it run as root: "
        "set another runAsUser, or spec.securityDefaults: none",
        lasting=True,
    ),
    "its command is one string": Case(
        a_pod(a_crash(last=ended(128, 'exec: "python3 -m shop": not found', reason="StartError"))),
        CRASHING,
        "BadCommand",
        "couldn't be started: python3 -m shop: not found: "
        "write each word of a command as its own item of the list",
        lasting=True,
    ),
    "its working directory isn't one": Case(
        a_pod(
            a_crash(
                last=ended(
                    128, OCI + "error during container init: mkdir /a: not a directory", reason="StartError"
                )
            )
        ),
        CRASHING,
        "StartError",
        "couldn't be started: mkdir /a: not a directory",
    ),
    "it never became ready": Case(
        a_pod(a_container(running(60), ready=False, started=True, readinessProbe=PROBE)),
        STARTING,
        "ReadinessProbeFailed",
        "runs, but its readiness probe fails: connection refused: check that it listens on that port, "
        "and on all addresses",
        (an_event("Unhealthy", "Readiness probe failed: connection refused"),),
    ),
    "its probe can't be carried out": Case(
        a_pod(a_container(running(60), ready=False, started=True, readinessProbe=PROBE)),
        STARTING,
        "ReadinessProbeFailed",
        "runs, but its readiness probe fails: no such program",
        (an_event("Unhealthy", "Readiness probe errored and resulted in unknown state: no such program"),),
    ),
    "it is ready no more": Case(
        a_pod(a_container(running(600), ready=False, started=True, readinessProbe=PROBE)),
        State.UNREADY,
        "ReadinessProbeFailed",
        "runs, but its readiness probe fails",
    ),
    "its startup probe goes on failing": Case(
        a_pod(a_container(running(60), ready=False, startupProbe=PROBE, readinessProbe=PROBE)),
        STARTING,
        "StartupProbeFailed",
        "runs, but its startup probe fails",
    ),
    "its readiness gate is closed": Case(
        a_pod(
            conditions=(
                condition("Ready", status=False, reason="ReadinessGatesNotReady", message="gate x is closed"),
            )
        ),
        State.UNREADY,
        "ReadinessGatesNotReady",
        "runs, but isn't ready: gate x is closed",
    ),
    "somebody says that it isn't ready, but no word for it": Case(
        a_pod(conditions=(condition("Ready", status=False, message="by order"),)),
        State.UNREADY,
        "NotReady",
        "runs, but isn't ready: by order",
    ),
    "more hold it back than anybody reads": Case(
        with_spec(
            a_pod(conditions=(condition("PodScheduled", status=False, reason="SchedulingGated"),)),
            schedulingGates=[{"name": f"g{number}"} for number in range(300)],
        ),
        STARTING,
        "SchedulingGated",
        "waits for its scheduling gates to be removed: g0, g1, g2, g3, g4 and 295 more",
    ),
    "its node is out of reach": Case(
        with_spec(a_pod(conditions=(condition("Ready", status=False),)), nodeName="n1"),
        State.UNREADY,
        "NodeNotReady",
        "its node n1 can't be reached, so the process may or may not still run",
    ),
    "it crashes, and so a sidecar that asks it isn't ready": Case(
        a_pod(
            a_container(running(60), "nginx", ready=False, started=True, readinessProbe=PROBE),
            a_crash(last=ended(1, "no database")),
        ),
        CRASHING,
        "Exited",
        "exited with code 1: no database",
        (an_event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 502"),),
    ),
    "the liveness probe of a sidecar among the init containers failed": Case(
        a_pod(
            a_container(running()),
            init=(a_crash(name="proxy", code=143, restartPolicy="Always", livenessProbe=PROBE),),
        ),
        CRASHING,
        "LivenessProbeFailed",
        "container proxy was restarted because its liveness probe failed",
        (an_event("Killing", "Init container proxy failed liveness probe"),),
    ),
    "nobody provides its volume, which the scheduler waits for": Case(
        {**a_pod(), "spec": {"volumes": claiming("data")}, "status": {"nominatedNodeName": "n1"}},
        State.UNSCHEDULABLE,
        "VolumePending",
        "node n1 has room for it, and the scheduler waits for its volume: see kubectl describe pvc data",
    ),
    "the scheduler waits for something that has no name": Case(
        {**a_pod(), "spec": {}, "status": {"nominatedNodeName": "n1"}},
        State.UNSCHEDULABLE,
        "VolumePending",
        "node n1 has room for it, and the scheduler waits for what it needs there, such as a volume",
    ),
    "no volume suits its claims": Case(
        unscheduled(
            "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            volumes=claiming("data", "more"),
        ),
        State.UNSCHEDULABLE,
        "Unschedulable",
        "no node can take it: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims: "
        "see kubectl describe pvc data more",
    ),
    "its claim isn't there": Case(
        unscheduled('0/1 nodes are available: persistentvolumeclaim "data" not found'),
        State.UNSCHEDULABLE,
        "Unschedulable",
        f'no node can take it: 0/1 nodes are available: persistentvolumeclaim "data" not found: {CREATE_IT}',
    ),
    "the nodes are lost": Case(
        unscheduled("0/1 nodes are available: 1 node(s) had untolerated taint(s). preemption: none"),
        State.UNSCHEDULABLE,
        "Unschedulable",
        "no node can take it: 0/1 nodes are available: 1 node(s) had untolerated taint(s): "
        "such a node is lost, short of memory or disk, or reserved",
    ),
    "its node refuses it": Case(
        failing("Pod was rejected: no disk", reason="Evicted"),
        CRASHING,
        "Evicted",
        "was refused by its node: Evicted: no disk",
    ),
    "it failed because of a container that is never started again": Case(
        failing("", container=a_container(ended(1, "no database"))),
        CRASHING,
        "Exited",
        "exited with code 1: no database",
    ),
    "it failed although its work was done": Case(
        failing("", container=a_container(ended(0))), CRASHING, "Failed", "was ended by its node: Failed"
    ),
    "the program of its probe isn't in the image": Case(
        a_pod(a_container(running(60), ready=False, started=True, readinessProbe=PROBE)),
        STARTING,
        "ReadinessProbeFailed",
        'runs, but its readiness probe fails: exec: "curl": executable file not found in $PATH: '
        "check that the image has that program",
        (an_event("Unhealthy", f"Readiness probe errored and resulted in unknown state: {MISSING_PROGRAM}"),),
    ),
    "its probe failed, and then that of another container": Case(
        a_pod(a_container(running(600), ready=False, started=True, readinessProbe=PROBE)),
        State.UNREADY,
        "ReadinessProbeFailed",
        "runs, but its readiness probe fails: HTTP 500",
        (
            an_event("Unhealthy", "Readiness probe failed: HTTP 500", 9, "worker"),
            an_event("Unhealthy", "Readiness probe failed: HTTP 404", 5, "helper"),
        ),
    ),
    "the hook of another container failed": Case(
        a_pod(a_crash(lifecycle={"postStart": PROBE})),
        CRASHING,
        "Exited",
        "exited with code 1",
        (an_event("FailedPostStartHook", "PostStart hook failed", 6, "helper"),),
    ),
    # What stands beside it
    "a container beside it puts itself into the background": Case(
        a_pod(a_container(running()), a_crash(name="helper", last=ended(0, ran=1))),
        CRASHING,
        "ExitedAtOnce",
        "container helper exited with code 0 right after its start: a container beside the process has to "
        "keep running. If it goes into the background, run it in the foreground; if its work was "
        "done, move it to initContainers, without a restartPolicy",
    ),
    "a container beside it needs more memory": Case(
        a_pod(a_container(running()), a_crash(name="helper", last=ended(137, reason="OOMKilled"))),
        CRASHING,
        "OOMKilled",
        "container helper was killed because its node, or its Pod as a whole, ran out of memory: set "
        "resources.requests.memory and resources.limits.memory of it in podTemplate",
    ),
    "the image of a container beside it runs as root": Case(
        a_pod(
            a_container(running()),
            a_container(
                waiting("CreateContainerConfigError", "runAsNonRoot and image will run as root"), "helper"
            ),
        ),
        STARTING,
        "ImageUserIsRoot",
        f"container helper can't start: its image runs as root: set USER 1000 in the Dockerfile, {FIX}",
        lasting=True,
    ),
    # Others
    "its image isn't there yet": Case(
        a_pod(a_container(waiting("ContainerCreating")), conditions=MAKING),
        STARTING,
        "Progressing",
        "the node may still be pulling an image",
    ),
    "its image isn't there yet, or its hook hangs": Case(
        a_pod(a_container(waiting("ContainerCreating"), lifecycle={"postStart": PROBE}), conditions=MAKING),
        STARTING,
        "Progressing",
        "the node may still be pulling an image, or a postStart hook still runs",
    ),
    "it has a claim, and no scheduler says anything": Case(
        {**a_pod(), "spec": {"volumes": claiming("data")}, "status": {}},
        State.UNSCHEDULABLE,
        "SchedulerSilent",
        "no scheduler has looked at it, or it waits for its volume (see kubectl describe pvc data): "
        "check that one runs, and that podTemplate names the right one",
    ),
    "nobody names a command": Case(
        a_pod(a_container(waiting("CreateContainerError", "failed to generate spec: no command specified"))),
        CRASHING,
        "BadCommand",
        "couldn't be started: neither it nor its image names a command: set command",
        lasting=True,
    ),
    "it ends again and again, and nobody knows how": Case(
        a_pod(a_container(BACK_OFF)),
        CRASHING,
        "Lost",
        "ended, and will be started again; its exit isn't known any more",
    ),
}
