"""What is wrong with a Pod, and when that may change."""

import dataclasses
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from formation_operator import diagnosis, evidence, pods, reading, waits
from formation_operator.findings import SEVERITY, Finding, Told
from formation_operator.reasons import Reason, State
from tests.builders import NOW, Manifest, a_container, a_pod, ago, condition, ended, running, waiting
from tests.unit.broken_pods import broken_pods
from tests.unit.facts import known

PROBE = {"exec": {"command": ["false"]}}
SLOW = {**PROBE, "initialDelaySeconds": 60, "periodSeconds": 5, "failureThreshold": 2}
BACK_OFF = waiting("CrashLoopBackOff", "back-off 10s restarting failed container")
UNREADY = (condition("Ready", status=False, reason="ContainersNotReady", message="containers not ready"),)


def told(reason: str, message: str, before: float = 5, container: str = "") -> Told:
    return Told(reason, message, NOW - before, container)


def killed(kind: str, container: str = "worker", before: float = 5) -> Told:
    return told("Killing", f"Container {container} failed {kind} probe, will be restarted", before)


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
    events: tuple[Told, ...] = ()
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
        "exited with code 0 right after its start: a process type has to keep running. If it puts itself "
        "into the background, run it in the foreground; if its work was done, it is a Job",
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
        (killed("liveness"), told("Unhealthy", "Liveness probe failed: HTTP 500", 7)),
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
        "was ended by signal 15 (SIGTERM): it was asked to end",
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
        "was ended because its postStart hook failed: exit status 1",
    ),
    "its hook failed, as only an Event tells": Case(
        a_pod(a_crash(lifecycle={"postStart": PROBE})),
        CRASHING,
        "PostStartHookFailed",
        "was ended because its postStart hook failed",
        (told("FailedPostStartHook", "PostStartHook failed", 6),),
    ),
    "its hook failed before, but now it crashed by itself": Case(
        a_pod(a_crash(lifecycle={"postStart": PROBE})),
        CRASHING,
        "Exited",
        "exited with code 1",
        (told("FailedPostStartHook", "PostStartHook failed", 300),),
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
            told(
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
        f"can't start: its image names its user by a word: set USER to a number in the Dockerfile, {FIX}",
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
        "container migrate still runs: the process starts when that has ended",
    ),
    "its volume can't be mounted": Case(
        a_pod(a_container(waiting("ContainerCreating"))),
        STARTING,
        "FailedMount",
        f"can't start: {ABSENT}: {CREATE_IT}",
        (told("FailedMount", ABSENT, 8), told("Pulling", "Pulling image", 7)),
    ),
    "the network of its Pod can't be made": Case(
        a_pod(a_container(waiting("ContainerCreating"))),
        STARTING,
        "FailedCreatePodSandBox",
        "can't start: Failed to create pod sandbox: no address is left",
        (
            told(
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
        (told("FailedMount", "no such claim", 60), told("FailedMount", STILL_WAITS, 5)),
    ),
    "kubelet only says that it still waits for its volume": Case(
        a_pod(a_container(waiting("ContainerCreating"))),
        STARTING,
        "FailedMount",
        f"can't start: {STILL_WAITS}",
        (told("Other", "x", 1), told("FailedMount", STILL_WAITS, 5)),
    ),
    "something else holds it up": Case(
        a_pod(a_container(waiting("ContainerCreating"))),
        STARTING,
        "NetworkNotReady",
        "can't start: network is not ready",
        (told("NetworkNotReady", "network is not ready"),),
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
        "waits for its node n1, which hasn't taken it up: is it there, and does it run?",
    ),
    "no scheduler looks at it": Case(
        {**a_pod(), "spec": {"schedulerName": "absent"}, "status": {}},
        State.UNSCHEDULABLE,
        "SchedulerSilent",
        "no scheduler has looked at it: does one run, and does podTemplate name the right one?",
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
        "each word of a command is an item of its own in the list",
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
        "runs, but its readiness probe fails: connection refused: does it listen on that port, "
        "and on all addresses?",
        (told("Unhealthy", "Readiness probe failed: connection refused"),),
    ),
    "its probe can't be carried out": Case(
        a_pod(a_container(running(60), ready=False, started=True, readinessProbe=PROBE)),
        STARTING,
        "ReadinessProbeFailed",
        "runs, but its readiness probe fails: no such program",
        (told("Unhealthy", "Readiness probe errored and resulted in unknown state: no such program"),),
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
        "its node n1 is out of reach: whether it still runs isn't known",
    ),
    "it crashes, and so a sidecar that asks it isn't ready": Case(
        a_pod(
            a_container(running(60), "nginx", ready=False, started=True, readinessProbe=PROBE),
            a_crash(last=ended(1, "no database")),
        ),
        CRASHING,
        "Exited",
        "exited with code 1: no database",
        (told("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 502"),),
    ),
    "the liveness probe of a sidecar among the init containers failed": Case(
        a_pod(
            a_container(running()),
            init=(a_crash(name="proxy", code=143, restartPolicy="Always", livenessProbe=PROBE),),
        ),
        CRASHING,
        "LivenessProbeFailed",
        "container proxy was restarted because its liveness probe failed",
        (told("Killing", "Init container proxy failed liveness probe"),),
    ),
    "nobody provides its volume, which the scheduler waits for": Case(
        {**a_pod(), "spec": {"volumes": claiming("data")}, "status": {"nominatedNodeName": "n1"}},
        State.UNSCHEDULABLE,
        "VolumePending",
        "node n1 would take it, and the scheduler waits for its volume: see kubectl describe pvc data",
    ),
    "the scheduler waits for something that has no name": Case(
        {**a_pod(), "spec": {}, "status": {"nominatedNodeName": "n1"}},
        State.UNSCHEDULABLE,
        "VolumePending",
        "node n1 would take it, and the scheduler waits for what it needs there, such as a volume",
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
        "such a node is lost, short of memory or disk, or kept for others",
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
        "is that program in the image?",
        (told("Unhealthy", f"Readiness probe errored and resulted in unknown state: {MISSING_PROGRAM}"),),
    ),
    "its probe failed, and then that of another container": Case(
        a_pod(a_container(running(600), ready=False, started=True, readinessProbe=PROBE)),
        State.UNREADY,
        "ReadinessProbeFailed",
        "runs, but its readiness probe fails: HTTP 500",
        (
            told("Unhealthy", "Readiness probe failed: HTTP 500", 9, "worker"),
            told("Unhealthy", "Readiness probe failed: HTTP 404", 5, "helper"),
        ),
    ),
    "the hook of another container failed": Case(
        a_pod(a_crash(lifecycle={"postStart": PROBE})),
        CRASHING,
        "Exited",
        "exited with code 1",
        (told("FailedPostStartHook", "PostStart hook failed", 6, "helper"),),
    ),
    # What stands beside it
    "a container beside it puts itself into the background": Case(
        a_pod(a_container(running()), a_crash(name="helper", last=ended(0, ran=1))),
        CRASHING,
        "ExitedAtOnce",
        "container helper exited with code 0 right after its start: a container beside the process has to "
        "keep running. If it puts itself into the background, run it in the foreground; if its work was "
        "done, it belongs into initContainers, without a restartPolicy",
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
        "perhaps an image is still being pulled",
    ),
    "its image isn't there yet, or its hook hangs": Case(
        a_pod(a_container(waiting("ContainerCreating"), lifecycle={"postStart": PROBE}), conditions=MAKING),
        STARTING,
        "Progressing",
        "perhaps an image is still being pulled, or a postStart hook still runs",
    ),
    "it has a claim, and no scheduler says anything": Case(
        {**a_pod(), "spec": {"volumes": claiming("data")}, "status": {}},
        State.UNSCHEDULABLE,
        "SchedulerSilent",
        "no scheduler has looked at it, or it waits for its volume (see kubectl describe pvc data): "
        "does one run, and does podTemplate name the right one?",
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
        "ended, and will be started again: how it ended isn't known any more",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_trouble_has_its_state_its_reason_and_its_words(case: Case) -> None:
    found = diagnosis.finding(known(case.raw), NOW, case.events)
    assert found is not None
    assert (found.state, found.reason, found.message) == (case.state, case.reason, case.message)
    assert found.lasting == case.lasting


@pytest.mark.parametrize("message", ['exec: "gunicorm": not found', "no device"])
def test_a_program_that_cannot_be_started_is_the_same_trouble_before_and_after_it_counts_as_an_exit(
    message: str,
) -> None:
    ended_so = ended(128, message, reason="StartError")
    first = diagnosis.finding(known(a_pod(a_container(waiting("RunContainerError", message)))), NOW)
    then = diagnosis.finding(known(a_pod(a_container(BACK_OFF, last=ended_so))), NOW)
    assert first is not None
    assert then is not None
    assert dataclasses.replace(then, last="") == first


@pytest.mark.parametrize("said", ["no such artifact", ""])
def test_a_wait_for_a_reason_that_nobody_has_heard_of_is_told_in_kubelets_words(said: str) -> None:
    found = diagnosis.finding(known(a_pod(a_container(waiting("NoArtifact", said)))), NOW)
    assert found == Finding(STARTING, "NoArtifact", f"can't start: {said or 'NoArtifact'}")


NOT_FOUND = 'failed to resolve reference "shop:v9": shop:v9: not found'


@pytest.mark.parametrize(
    ("said", "way_out"),
    [
        (NOT_FOUND, "are its name and its tag right?"),
        ("no match for platform in manifest: not found", "it isn't built for this node's kind of machine"),
        ("HEAD https://shop: 401 Unauthorized", waits.LOG_IN),
        ("pull access denied: authorization failed", waits.LOG_IN),
        ("429 Too Many Requests: denied: slow down", waits.TOO_OFTEN),
        ("tls: x509: unknown authority", "its node doesn't trust the certificate of its registry"),
        ("dial tcp: no such host", ""),
    ],
)
def test_an_image_that_can_not_be_pulled_is_told_with_what_to_do(said: str, way_out: str) -> None:
    for message in (said, f'Back-off pulling image "shop:v9": ErrImagePull: {RPC}{said}'):
        found = diagnosis.finding(known(a_pod(a_container(waiting("ErrImagePull", message)))), NOW)
        assert found is not None
        assert found.message == f"can't pull its image: {said}" + (f": {way_out}" if way_out else "")


RPC = "rpc error: code = NotFound desc = "


@pytest.mark.parametrize("code", [0, 137, 143])
def test_a_probe_that_failed_before_explains_an_end_that_looks_asked_for(code: int) -> None:
    pod = known(a_pod(a_crash(livenessProbe=PROBE, code=code)))
    found = diagnosis.finding(pod, NOW, (killed("liveness", before=300),))
    assert found is not None
    assert found.reason == Reason.LIVENESS_PROBE_FAILED


@pytest.mark.parametrize(
    ("conditions", "event"),
    [
        (MAKING, told("FailedMount", "failed to sync configmap cache")),
        (MAKING, told("FailedCreatePodSandBox", "no network yet")),
        (ON_ITS_NODE, told("FailedScheduling", "0/3 nodes are available")),
    ],
    ids=["its volumes", "its network", "its node"],
)
def test_what_was_in_the_way_before_an_image_is_pulled_is_not_told_as_being_so_now(
    conditions: tuple[Manifest, ...], event: Told
) -> None:
    pod = known(a_pod(a_container(waiting("ContainerCreating")), conditions=conditions))
    found = diagnosis.finding(pod, NOW, (event,))
    assert found is None or found.reason == Reason.PROGRESSING


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        (a_pod(a_container(waiting("ContainerCreating")), conditions=(MADE, unready(29))), 1),
        (a_pod(a_container(waiting("ContainerCreating")), conditions=(MADE, unready(30))), None),
        (
            a_pod(
                a_container(waiting("PodInitializing")),
                init=(a_container(ended(0, before=20), "migrate"),),
                conditions=(MADE, unready(60)),
            ),
            10,
        ),
    ],
    ids=["for a moment", "for long", "since its init container has ended"],
)
def test_containers_may_be_in_the_making_for_a_while(raw: Manifest, seconds: float | None) -> None:
    pod = known(raw)
    assert diagnosis.changes_in(pod, NOW) == seconds
    assert (diagnosis.finding(pod, NOW) is None) == (seconds is not None)


def test_a_container_that_waits_for_one_that_runs_is_not_taken_for_one_whose_image_is_pulled() -> None:
    proxy = a_container(running(40), "proxy", ready=False, restartPolicy="Always", startupProbe=SLOW)
    raw = a_pod(a_container(waiting("PodInitializing")), init=(proxy,), conditions=MAKING)
    assert diagnosis.finding(known(raw), NOW) is None


def test_a_graver_trouble_of_another_container_hides_nothing_of_the_process_itself() -> None:
    broken = a_container(waiting("InvalidImageName", "no name"), "helper", ready=False)
    pod = known(a_pod(a_crash(code=137, livenessProbe=PROBE), broken, conditions=UNREADY))
    found = diagnosis.finding(pod, NOW, [killed("liveness")])
    assert found is not None
    assert found.beside is not None
    assert (found.own, found.beside.own) == (False, True)
    assert found.beside.reason == Reason.LIVENESS_PROBE_FAILED


def test_a_crash_tells_when_and_how_often() -> None:
    found = diagnosis.finding(known(a_pod(a_crash(), a_crash(name="helper", restarts=3))), NOW)
    assert found is not None
    assert (found.restarts, found.last) == (5, ago(5))


QUIET = {
    "it is being created": a_pod(
        a_container(waiting("ContainerCreating")), conditions=(condition("Ready", status=False, since=9),)
    ),
    "it was made just now, and nobody has looked at it": a_pod(
        conditions=(), status={}, creationTimestamp=ago(9)
    ),
    "its init container has run for a moment": a_pod(
        a_container(waiting("PodInitializing")), init=(a_container(running(9), "migrate"),)
    ),
    "it has run for a moment, and isn't ready yet": a_pod(
        a_container(running(9), ready=False, started=True, readinessProbe=PROBE)
    ),
    "it has been unready for a moment": a_pod(
        a_container(running(), ready=False, started=True, readinessProbe=PROBE),
        conditions=(condition("Ready", status=False, since=9),),
    ),
    "it crashed once and has run for a while": a_pod(
        a_crash(running(60), ready=True, restarts=1, last=ended(1, ran=400, before=61))
    ),
    "it crashed again and has run for twice as long": a_pod(a_crash(running(60), ready=True)),
    "it had run for hours before it crashed again": a_pod(
        a_crash(running(10), ready=True, last=ended(1, ran=7200, before=11))
    ),
    "its init container has to do its work once more": a_pod(
        a_container(waiting("PodInitializing")),
        init=(a_container(running(9), "migrate", last=ended(0), restarts=1),),
    ),
    "it waits for a reason that nobody has heard of": a_pod(
        a_container(waiting("Dreaming")), conditions=(condition("Ready", status=False, since=9),)
    ),
    "its init container needed two tries": a_pod(
        init=(a_container(ended(0), "migrate", restarts=1, ready=True),)
    ),
    "it was evicted long ago": a_pod(
        conditions=(condition("Ready", status=False, since=600),),
        status={"phase": "Failed", "reason": "Evicted"},
        creationTimestamp=ago(700),
    ),
}


@pytest.mark.parametrize("raw", QUIET.values(), ids=QUIET)
def test_nothing_is_said_of_what_may_still_become_well_by_itself(raw: Manifest) -> None:
    assert diagnosis.finding(known(raw), NOW) is None


# When the API server is asked for Events

ASKED = {
    "a container that kubelet may have ended": a_pod(a_crash(livenessProbe=PROBE)),
    "a volume that may be missing": a_pod(a_container(waiting("ContainerCreating"))),
    "a probe that fails": a_pod(a_container(running(), ready=False, started=True, readinessProbe=PROBE)),
    "an image whose registry may need a Secret": a_pod(a_container(waiting("ErrImagePull", "denied"))),
}


@pytest.mark.parametrize("raw", ASKED.values(), ids=ASKED)
def test_events_are_asked_for_where_only_they_can_tell(raw: Manifest) -> None:
    assert diagnosis.needs_events(known(raw), NOW)


BEING_PULLED = a_pod(a_container(waiting("ContainerCreating")), conditions=MAKING)


@pytest.mark.parametrize("raw", [*QUIET.values(), a_pod(a_crash()), BEING_PULLED])
def test_events_are_not_asked_for_where_all_is_said_or_nothing_is_wrong(raw: Manifest) -> None:
    assert not diagnosis.needs_events(known(raw), NOW)


# When it may change by itself

EVICTED = a_pod(
    conditions=(condition("Ready", status=False, since=9),),
    status={"phase": "Failed", "reason": "Evicted"},
    creationTimestamp=ago(39),
)


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        (a_pod(a_crash(running(9), ready=True, restarts=1)), 51),
        (a_pod(a_crash(running(9), ready=True, restarts=1, last=ended(1, ran=400, before=10))), 51),
        (a_pod(a_crash(running(9), ready=True)), 51),
        (a_pod(a_crash(running(9), ready=True, last=ended(1, ran=400, before=10))), 591),
        (a_pod(a_crash(running(9), ready=True, last=ended(1, ran=600, before=10))), 1),
        (QUIET["it is being created"], 1),
        (a_pod(a_crash()), None),
        (a_pod(a_container(running(4), ready=False)), 6),
        (EVICTED, 51),
        (a_pod(conditions=(), status={"phase": "Failed"}, creationTimestamp=ago(9)), 1),
    ],
    ids=[
        "twice as long after one crash",
        "a minute at most after one crash",
        "twice as long",
        "ten minutes at most",
        "a good day's work",
        "a new Pod",
        "it waits",
        "a process that was started just now",
        "an evicted Pod that had run for 30 s",
        "a Pod that failed at once",
    ],
)
def test_trust_takes_time(raw: Manifest, seconds: float | None) -> None:
    assert diagnosis.changes_in(known(raw), NOW) == seconds


@pytest.mark.parametrize(("seconds", "told_of"), [(9, False), (10, True)])
def test_after_ten_seconds_it_is_asked_why_a_process_is_not_ready(seconds: float, told_of: bool) -> None:
    raw = a_pod(a_container(running(seconds), ready=False, started=True, readinessProbe=PROBE))
    assert diagnosis.needs_events(known(raw), NOW) == told_of
    since = (condition("Ready", status=False, since=seconds, message="by order"),)
    assert (diagnosis.finding(known(a_pod(conditions=since)), NOW) is not None) == told_of


@pytest.mark.parametrize(
    ("seconds", "probes", "told_of"),
    [
        (29, {"startupProbe": PROBE, "started": False}, False),
        (30, {"startupProbe": PROBE, "started": False, "readinessProbe": SLOW}, True),
        (29, {"readinessProbe": PROBE}, False),
        (30, {"readinessProbe": PROBE}, True),
        (69, {"readinessProbe": SLOW}, False),
        (70, {"readinessProbe": SLOW}, True),
        (99, {"readinessProbe": SLOW, "startupProbe": PROBE}, False),
        (100, {"readinessProbe": SLOW, "startupProbe": PROBE}, True),
    ],
)
def test_a_probe_fails_when_all_its_first_tries_may_have(
    seconds: float, probes: dict[str, Any], told_of: bool
) -> None:
    since = (condition("Ready", status=False, since=seconds),)
    container = a_container(running(seconds), ready=False, **{"started": True, **probes})
    pod = known(a_pod(container, conditions=since))
    assert (diagnosis.finding(pod, NOW) is not None) == told_of
    assert told_of or diagnosis.changes_in(pod, NOW) == 1


@pytest.mark.parametrize(
    ("event", "told_of"),
    [
        (told("Unhealthy", "Readiness probe failed: ", 10), True),
        (told("Unhealthy", "Readiness probe failed: EOF", 13), False),
        (told("Unhealthy", "Startup probe failed: EOF", 10), False),
    ],
    ids=["it failed", "it failed for the process before", "another one failed"],
)
def test_a_probe_fails_as_soon_as_kubelet_says_so(event: Told, told_of: bool) -> None:
    pod = known(a_pod(a_container(running(12), ready=False, started=True, readinessProbe=SLOW)))
    found = diagnosis.finding(pod, NOW, (event,))
    assert (found.message if found else "") == ("runs, but its readiness probe fails" if told_of else "")


STATES = st.one_of(
    st.integers(-30, 2000).map(running),
    st.sampled_from([BACK_OFF, waiting("ContainerCreating"), waiting("ErrImagePull", "no such host")]),
    st.builds(ended, st.sampled_from([0, 1, 137]), ran=st.integers(0, 900), before=st.integers(0, 900)),
)
CONTAINERS = st.builds(
    a_container,
    STATES,
    last=st.none() | st.builds(ended, st.sampled_from([0, 1, 143]), ran=st.integers(0, 900)),
    restarts=st.integers(0, 3),
    ready=st.booleans(),
    started=st.booleans(),
    readinessProbe=st.sampled_from([None, PROBE, SLOW]),
    livenessProbe=st.sampled_from([None, PROBE]),
)
READINESS = st.builds(condition, st.just("Ready"), st.booleans(), since=st.integers(-30, 900))
SET_UP = st.builds(condition, st.just("PodReadyToStartContainers"), st.booleans())
PODS = st.builds(
    a_pod,
    CONTAINERS,
    conditions=st.tuples(READINESS, SET_UP),
    status=st.sampled_from([{}, {"phase": "Failed", "reason": "Evicted"}]),
)


@given(PODS, st.integers(0, 3000))
def test_nothing_changes_by_itself_sooner_than_foretold(raw: Manifest, later: int) -> None:
    pod = pods.pod(raw)
    assume(pod is not None)
    assert pod is not None
    wait = diagnosis.changes_in(pod, NOW)
    assert wait is None or wait > 0
    if wait is None or later < wait:
        assert diagnosis.finding(pod, NOW + later) == diagnosis.finding(pod, NOW)
        assert diagnosis.needs_events(pod, NOW + later) == diagnosis.needs_events(pod, NOW)


# What must hold whatever is recorded

EVENTS = st.builds(
    lambda reason, note, since: evidence.told({"reason": reason, "note": note, "eventTime": since}),
    st.sampled_from(["Killing", "Unhealthy", "FailedMount", "FailedPostStartHook", "", None]) | st.text(),
    st.sampled_from(["Container worker failed liveness probe", "Readiness probe failed:", None]) | st.text(),
    st.sampled_from([ago(5), ago(300), "", None]) | st.text(),
)


@given(PODS | broken_pods(), st.lists(EVENTS, max_size=4), st.floats(-1e12, 1e12) | st.just(NOW))
def test_every_pod_is_well_or_has_a_state_a_reason_and_a_short_line(
    raw: Manifest, events: list[Told], now: float
) -> None:
    pod = pods.pod(raw)
    assume(pod is not None)
    assert pod is not None
    found = diagnosis.finding(pod, now, events)
    diagnosis.needs_events(pod, now)
    wait = diagnosis.changes_in(pod, now)
    assert wait is None or wait > 0
    assert found is None or sound(found)


def sound(found: Finding) -> bool:
    assert found.state in SEVERITY
    assert found.reason
    assert found.message.isprintable()
    assert len(found.message) < 2 * reading.LONGEST + 200
    return True


def test_the_words_for_programs_are_single_words() -> None:
    assert [word for word in [*Reason, *State] if not word.isalnum()] == []
