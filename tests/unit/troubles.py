"""The troubles that a Pod can be in, and what must be found of each: its state and its reason."""

from typing import Any

from formation_operator.api.reasons import State
from formation_operator.diagnose.pod_events import PodEvent
from tests.shared.builders import NOW, Manifest, a_container, a_pod, condition, ended, running, waiting

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


def held_back(*gates: str) -> Manifest:
    """Return a Pod that is no scheduler's matter yet, and whose gates may be known."""
    said = condition("PodScheduled", status=False, reason="SchedulingGated")
    return with_spec(a_pod(conditions=(said,)), schedulingGates=[{"name": gate} for gate in gates])


def unready_for(reason: str = "", message: str = "") -> Manifest:
    """Return a Pod that isn't ready for a reason that is no probe's."""
    return a_pod(conditions=(condition("Ready", status=False, reason=reason, message=message),))


def beside(container: Manifest) -> Manifest:
    """Return a Pod whose process runs, beside another container."""
    return a_pod(a_container(running()), container)


def failing(container: Manifest | None = None, **said: str) -> Manifest:
    """Return a Pod that failed as a whole just now."""
    status = {"phase": "Failed", **said}
    since = (condition("Ready", status=False, since=9),)
    return a_pod(*([container] if container else []), conditions=since, status=status)


def waits(reason: str, message: str = "") -> Manifest:
    """Return a Pod whose process waits."""
    return a_pod(a_container(waiting(reason, message)))


def refused(message: str) -> Manifest:
    return waits("CreateContainerConfigError", message)


def crashes(again: Manifest = BACK_OFF, **how: Any) -> Manifest:
    """Return a Pod whose process crashes."""
    return a_pod(a_crash(again, **how))


def fails_its_probe(kind: str = "readinessProbe", seconds: float = 600, **more: Any) -> Manifest:
    """Return a Pod whose process runs and isn't ready."""
    probe = {"started": kind != "startupProbe", kind: PROBE}
    return a_pod(a_container(running(seconds), ready=False, **{**probe, **more}))


class Case:
    """A Pod, what was recorded about it, and what must be found: its state, its reason, and if that lasts."""

    def __init__(self, raw: Manifest, found: str, *events: PodEvent) -> None:
        self.raw, self.events = raw, events
        self.state, self.reason, *lasting = found.split()
        self.lasting = lasting == ["lasting"]


ON_ITS_NODE = (*UNREADY, condition("PodScheduled"))
MADE = condition("PodReadyToStartContainers")
MAKING = (*ON_ITS_NODE, MADE)
STARTING = State.STARTING
CASES = {
    # It ends
    "it runs again, but not for long enough": Case(crashes(running(59), ready=True), "Crashing Exited"),
    "its node ended it and doesn't say why": Case(failing(), "Crashing Failed"),
    # kubelet ends it
    "its startup probe failed": Case(
        crashes(startupProbe=PROBE, code=137), "Crashing StartupProbeFailed", killed("startup")
    ),
    "its liveness probe failed, and kubelet records no more of it": Case(
        crashes(livenessProbe=PROBE, code=143), "Crashing LivenessProbeFailed", killed("liveness", before=300)
    ),
    "its liveness probe failed before, but now it ended sooner than that can be": Case(
        crashes(livenessProbe={**PROBE, "initialDelaySeconds": 60}, code=143),
        "Crashing Killed",
        killed("liveness", before=300),
    ),
    "a probe of another container failed": Case(
        crashes(livenessProbe=PROBE, code=1), "Crashing Exited", killed("liveness", "helper")
    ),
    "it ran out of memory while its probe failed": Case(
        crashes(livenessProbe=PROBE, last=ended(137, reason="OOMKilled")),
        "Crashing OOMKilled",
        killed("liveness"),
    ),
    "its hook failed": Case(waits("PostStartHookError", "exit status 1"), "Crashing PostStartHookFailed"),
    "its hook failed, as only an Event tells": Case(
        crashes(lifecycle={"postStart": PROBE}),
        "Crashing PostStartHookFailed",
        an_event("FailedPostStartHook", "PostStartHook failed", 6),
    ),
    "its hook failed before, but now it crashed by itself": Case(
        crashes(lifecycle={"postStart": PROBE}),
        "Crashing Exited",
        an_event("FailedPostStartHook", "PostStartHook failed", 300),
    ),
    # It doesn't start
    "its image can't be pulled, and a Secret for its registry isn't there": Case(
        waits("ErrImagePull", "pull access denied"),
        "Starting ImagePullFailed",
        an_event(
            "FailedToRetrieveImagePullSecret",
            "Unable to retrieve some image pull secrets (key); attempting to pull the image may fail.",
        ),
    ),
    "its image runs as root": Case(
        refused("container has runAsNonRoot and image will run as root (pod: x)"),
        "Starting ImageUserIsRoot lasting",
    ),
    "its image names a user": Case(
        refused("container has runAsNonRoot and image has non-numeric user (app), cannot verify"),
        "Starting ImageUserNotNumeric lasting",
    ),
    "its Secret is missing": Case(refused('secret "shop" not found'), "Starting SecretMissing"),
    "its ConfigMap is missing": Case(refused('configmap "shop" not found'), "Starting ConfigMapMissing"),
    "a key of its Secret is missing": Case(
        refused("couldn't find key url in Secret default/shop"), "Starting ContainerConfigError"
    ),
    "the runtime refuses it": Case(
        waits("CreateContainerError", "no device"), "Starting CreateContainerError"
    ),
    "its init container goes on and on": Case(
        a_pod(a_container(waiting("PodInitializing")), init=(a_container(running(), "migrate"),)),
        "Starting Initializing",
    ),
    "the network of its Pod can't be made": Case(
        waits("ContainerCreating"),
        "Starting FailedCreatePodSandBox",
        an_event(
            "FailedCreatePodSandBox",
            "Failed to create pod sandbox: rpc error: code = Unknown desc = no address is left",
        ),
    ),
    "kubelet still waits for its volume": Case(
        waits("ContainerCreating"),
        "Starting FailedMount",
        an_event("FailedMount", "no such claim", 60),
        an_event("FailedMount", STILL_WAITS, 5),
    ),
    "kubelet only says that it still waits for its volume": Case(
        waits("ContainerCreating"),
        "Starting FailedMount",
        an_event("Other", "x", 1),
        an_event("FailedMount", STILL_WAITS, 5),
    ),
    "something else holds it up": Case(
        waits("ContainerCreating"),
        "Starting NetworkNotReady",
        an_event("NetworkNotReady", "network is not ready"),
    ),
    # It finds no node
    "no node has room": Case(
        unscheduled(
            "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, "
            "preemption: 0/3 nodes are available: 3 Preemption is not helpful."
        ),
        "Unschedulable Unschedulable",
    ),
    "somebody holds it back": Case(
        held_back("example.com/one", "example.com/two"), "Starting SchedulingGated"
    ),
    # It isn't ready
    "its node doesn't take it up": Case(
        {**a_pod(), "spec": {"nodeName": "n1"}, "status": {}}, "Starting NodeSilent"
    ),
    "no scheduler looks at it": Case(
        {**a_pod(), "spec": {"schedulerName": "absent"}, "status": {}}, "Unschedulable SchedulerSilent"
    ),
    "podTemplate makes it root": Case(
        refused('container\'s runAsUser breaks non-root policy (pod: "shop_default(1)", container: worker)'),
        "Starting RunsAsRoot lasting",
    ),
    "its command is one string": Case(
        crashes(last=ended(128, 'exec: "python3 -m shop": not found', reason="StartError")),
        "Crashing BadCommand lasting",
    ),
    "it never became ready": Case(
        fails_its_probe(seconds=60),
        "Starting ReadinessProbeFailed",
        an_event("Unhealthy", "Readiness probe failed: connection refused"),
    ),
    "its startup probe goes on failing": Case(
        fails_its_probe("startupProbe", 60, readinessProbe=PROBE), "Starting StartupProbeFailed"
    ),
    "its readiness gate is closed": Case(
        unready_for("ReadinessGatesNotReady", "gate x is closed"), "Unready ReadinessGatesNotReady"
    ),
    "somebody says that it isn't ready, but no word for it": Case(
        unready_for(message="by order"), "Unready NotReady"
    ),
    "its node is out of reach": Case(with_spec(unready_for(), nodeName="n1"), "Unready NodeNotReady"),
    "the liveness probe of a sidecar among the init containers failed": Case(
        a_pod(
            a_container(running()),
            init=(a_crash(name="proxy", code=143, restartPolicy="Always", livenessProbe=PROBE),),
        ),
        "Crashing LivenessProbeFailed",
        an_event("Killing", "Init container proxy failed liveness probe"),
    ),
    "nobody provides its volume, which the scheduler waits for": Case(
        {**a_pod(), "spec": {"volumes": claiming("data")}, "status": {"nominatedNodeName": "n1"}},
        "Unschedulable VolumePending",
    ),
    "the scheduler waits for something that has no name": Case(
        {**a_pod(), "spec": {}, "status": {"nominatedNodeName": "n1"}}, "Unschedulable VolumePending"
    ),
    "no volume suits its claims": Case(
        unscheduled(
            "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            volumes=claiming("data", "more"),
        ),
        "Unschedulable Unschedulable",
    ),
    "its claim isn't there": Case(
        unscheduled('0/1 nodes are available: persistentvolumeclaim "data" not found'),
        "Unschedulable Unschedulable",
    ),
    "the nodes are lost": Case(
        unscheduled("0/1 nodes are available: 1 node(s) had untolerated taint(s). preemption: none"),
        "Unschedulable Unschedulable",
    ),
    "its node refuses it": Case(
        failing(reason="Evicted", message="Pod was rejected: no disk"), "Crashing Evicted"
    ),
    "it failed because of a container that is never started again": Case(
        failing(a_container(ended(1, "no database"))), "Crashing Exited"
    ),
    "the program of its probe isn't in the image": Case(
        fails_its_probe(seconds=60),
        "Starting ReadinessProbeFailed",
        an_event("Unhealthy", f"Readiness probe errored and resulted in unknown state: {MISSING_PROGRAM}"),
    ),
    "its probe failed, and then that of another container": Case(
        fails_its_probe(),
        "Unready ReadinessProbeFailed",
        an_event("Unhealthy", "Readiness probe failed: HTTP 500", 9, "worker"),
        an_event("Unhealthy", "Readiness probe failed: HTTP 404", 5, "helper"),
    ),
    "the hook of another container failed": Case(
        crashes(lifecycle={"postStart": PROBE}),
        "Crashing Exited",
        an_event("FailedPostStartHook", "PostStart hook failed", 6, "helper"),
    ),
    # What stands beside it
    "a container beside it puts itself into the background": Case(
        beside(a_crash(name="helper", last=ended(0, ran=1))), "Crashing ExitedAtOnce"
    ),
    # Others
    "its image isn't there yet": Case(
        a_pod(a_container(waiting("ContainerCreating")), conditions=MAKING), "Starting Progressing"
    ),
    "its image isn't there yet, or its hook hangs": Case(
        a_pod(a_container(waiting("ContainerCreating"), lifecycle={"postStart": PROBE}), conditions=MAKING),
        "Starting Progressing",
    ),
    "it has a claim, and no scheduler says anything": Case(
        {**a_pod(), "spec": {"volumes": claiming("data")}, "status": {}}, "Unschedulable SchedulerSilent"
    ),
    "nobody names a command": Case(
        waits("CreateContainerError", "failed to generate spec: no command specified"),
        "Crashing BadCommand lasting",
    ),
    "it ends again and again, and nobody knows how": Case(a_pod(a_container(BACK_OFF)), "Crashing Lost"),
}
