"""Whatever keeps a type down, `kubectl describe formation` says it, and one Event on the Formation does.

Every cause is provoked with real processes on the real node.  All the Formations of the table are
applied at once, so that the slow ones don't wait for each other.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from tests import builders
from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.cluster.cluster import Cluster
from tests.e2e.containers import HUNGRY, beside, its_own, sh
from tests.images import debian
from tests.minors import since
from tests.namespaces import fresh_namespace
from tests.operator_process import OperatorProcess

pytestmark = pytest.mark.node

PATIENCE = 300.0
SLEEP = ("sleep", "inf")
NEVER = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 2}


@dataclasses.dataclass(frozen=True)
class Cause:
    """A way to be down, and what must be said of it."""

    name: str
    process: builders.Manifest
    state: str
    reason: str
    words: tuple[str, ...]
    stalled: bool = False
    pod: builders.Manifest = dataclasses.field(default_factory=dict)
    """What the podTemplate says beside the user."""
    marks: tuple[pytest.MarkDecorator, ...] = ()

    def formation(self) -> builders.Manifest:
        pod = {"securityContext": {"runAsUser": 1000}, "containers": [its_own()], **self.pod}
        return a_formation(
            self.name, image=debian.IMAGE.name, podTemplate={"spec": pod}, processes={"worker": self.process}
        )


def mounting(volume: dict[str, Any]) -> builders.Manifest:
    process = its_own(volumeMounts=[{"name": "it", "mountPath": "/it"}])
    return {"containers": [process], "volumes": [{"name": "it", **volume}]}


def given(script: str) -> builders.Manifest:
    """Return a pod whose process finds a script in /it that may be executed."""
    put = beside(
        command=[*sh(f"printf '{script}' > /it/run && chmod +x /it/run")],
        volumeMounts=[{"name": "it", "mountPath": "/it"}],
    )
    return {**mounting({"emptyDir": {}}), "initContainers": [put]}


def next_to(**container: Any) -> builders.Manifest:
    """Return a pod with a container beside its process."""
    return {"containers": [its_own(), beside(**container)]}


# Nobody provides what this class promises.
STORAGE_CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "empty-promises"},
    "provisioner": "example.com/nobody",
    "volumeBindingMode": "WaitForFirstConsumer",
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {
        "storageClassName": "empty-promises",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Mi"}},
    },
}
CAUSES = [
    Cause(
        "exit-code",
        # The first pause: two streams have no order.
        a_process(*sh("echo first; sleep 1; echo 'no database at db:5432' >&2; sleep 1; exit 3"), replicas=1),
        "Crashing",
        "Exited",
        ("exited with code 3: no database at db:5432", "restart", "last at 2"),
    ),
    Cause(
        "signal",
        a_process(*sh("python3 -c 'import os; os.kill(os.getpid(), 11)'; exit $?"), replicas=1),
        "Crashing",
        "Killed",
        ("signal 11 (SIGSEGV)",),
    ),
    Cause(
        "memory",
        a_process(*sh(f"exec {HUNGRY}"), replicas=1, resources={"limits": {"memory": "48Mi"}}),
        "Crashing",
        "OOMKilled",
        ("more memory than its limit (48Mi)", "resources.limits.memory"),
    ),
    Cause(
        "no-image",
        a_process(*SLEEP, replicas=1, image="registry.example.com/nowhere:v9"),
        "Starting",
        "ImagePullFailed",
        ("can't pull its image", "registry.example.com/nowhere:v9"),
    ),
    Cause(
        "no-pull-secret",
        a_process(*SLEEP, replicas=1, image="registry.example.com/nowhere:v9"),
        "Starting",
        "ImagePullFailed",
        ("can't pull its image", "there is no Secret absent"),
        pod={"imagePullSecrets": [{"name": "absent"}]},
    ),
    Cause(
        "no-image-name",
        a_process(*SLEEP, replicas=1, image="registry.example.com/Shop:v9"),
        "Starting",
        "ImagePullFailed",
        ("can't pull its image", "Shop:v9"),
        stalled=True,
    ),
    Cause(
        "bad-command",
        a_process("gunicorm", replicas=1),
        "Crashing",
        "BadCommand",
        ("couldn't be started: gunicorm: executable file not found", "check command"),
        stalled=True,
    ),
    Cause(
        "no-such-path",
        a_process("/bin/foo", replicas=1),
        "Crashing",
        "BadCommand",
        ("couldn't be started: /bin/foo: no such file or directory: check command",),
        stalled=True,
    ),
    Cause(
        "no-format",
        a_process("/it/run", replicas=1),
        "Crashing",
        "BadCommand",
        ("couldn't be started: /it/run: exec format error",),
        stalled=True,
        pod=given("echo no first line"),
    ),
    Cause(
        "no-interpreter",
        a_process("/it/run", replicas=1),
        "Crashing",
        "BadCommand",
        ("couldn't be started: /it/run: no such file or directory",),
        stalled=True,
        pod=given("#!/absent\\n"),
    ),
    Cause(
        "shell-typo",
        a_process(*sh("gunicorm shop"), replicas=1),
        "Crashing",
        "Exited",
        ("exited with code 127", "no such command", "gunicorm: not found"),
    ),
    Cause(
        "liveness",
        a_process(*sh("trap 'exit 0' TERM; sleep inf & wait"), replicas=1, livenessProbe=NEVER),
        "Crashing",
        "LivenessProbeFailed",
        ("restarted because its liveness probe failed",),
    ),
    Cause(
        "startup",
        a_process(
            *SLEEP,
            replicas=1,
            startupProbe={"tcpSocket": {"port": 9999}, "periodSeconds": 1},
            terminationGracePeriodSeconds=1,
        ),
        "Crashing",
        "StartupProbeFailed",
        ("restarted because its startup probe failed", "connection refused"),
    ),
    Cause(
        "readiness",
        a_process(*SLEEP, replicas=1, port=8080),
        "Starting",
        "ReadinessProbeFailed",
        ("runs, but its readiness probe fails", "8080: connect: connection refused"),
    ),
    Cause(
        "secret",
        a_process(*SLEEP, replicas=1, envFrom=[{"secretRef": {"name": "absent"}}]),
        "Starting",
        "SecretMissing",
        ("no Secret absent",),
    ),
    Cause(
        "config",
        a_process(
            *SLEEP,
            replicas=1,
            env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "absent", "key": "a"}}}],
        ),
        "Starting",
        "ConfigMapMissing",
        ("no ConfigMap absent",),
    ),
    Cause(
        "secret-volume",
        a_process(*SLEEP, replicas=1),
        "Starting",
        "FailedMount",
        ("can't start", 'secret "absent" not found: create it, or correct volumes in podTemplate'),
        pod=mounting({"secret": {"secretName": "absent"}}),
    ),
    Cause(
        "claim",
        a_process(*SLEEP, replicas=1),
        "Unschedulable",
        "Unschedulable",
        (
            "no node can take it",
            'persistentvolumeclaim "absent" not found: create it, or correct volumes in podTemplate',
        ),
        pod=mounting({"persistentVolumeClaim": {"claimName": "absent"}}),
    ),
    Cause(
        "no-room",
        a_process(*SLEEP, replicas=1, resources={"requests": {"cpu": "900"}}),
        "Unschedulable",
        "Unschedulable",
        ("no node can take it", "Insufficient cpu"),
    ),
    Cause(
        "daemon",
        a_process(*sh("(sleep 300 &)"), replicas=1),
        "Crashing",
        "ExitedAtOnce",
        ("exited with code 0 right after its start", "in the foreground"),
    ),
    Cause(
        "init",
        a_process(*SLEEP, replicas=1),
        "Crashing",
        "Exited",
        ("container helper exited with code 9: migration 7 failed",),
        pod={"initContainers": [beside(command=[*sh("echo migration 7 failed; sleep 1; exit 9")])]},
    ),
    Cause(
        "slow-init",
        a_process(*SLEEP, replicas=1),
        "Starting",
        "Initializing",
        ("container helper still runs",),
        pod={"initContainers": [beside(command=["sleep", "inf"])]},
    ),
    Cause(
        "sidecar-that-asks",
        a_process(*sh("echo no database; sleep 1; exit 3"), replicas=1),
        "Crashing",
        "Exited",
        ("exited with code 3: no database", "restart"),
        pod=next_to(command=["sleep", "inf"], readinessProbe=NEVER),
    ),
    Cause(
        "sidecar-as-root",
        a_process(*SLEEP, replicas=1),
        "Starting",
        "ImageUserIsRoot",
        ("container helper can't start: its image runs as root", "runAsUser: 1000"),
        stalled=True,
        pod={
            "securityContext": {},
            "containers": [
                its_own(securityContext={"runAsUser": 1000}),
                beside(command=["sleep", "inf"]),
            ],
        },
    ),
    Cause(
        "no-command",
        a_process(*SLEEP, replicas=1),
        "Crashing",
        "BadCommand",
        ("container helper couldn't be started: neither it nor its image names a command: set command",),
        stalled=True,
        pod=next_to(),
    ),
    Cause(
        "no-probe-program",
        a_process(*SLEEP, replicas=1, readinessProbe={"exec": {"command": ["absent"]}, "periodSeconds": 1}),
        "Starting",
        "ReadinessProbeFailed",
        (
            "runs, but its readiness probe fails",
            'exec: "absent": executable file not found in $PATH',
            "check that the image has that program",
        ),
    ),
    Cause(
        "gates",
        a_process(*SLEEP, replicas=1),
        "Starting",
        "SchedulingGated",
        ("waits for its scheduling gates to be removed: example.com/hold",),
        pod={"schedulingGates": [{"name": "example.com/hold"}]},
    ),
    Cause(
        "no-volume",
        a_process(*SLEEP, replicas=1),
        "Unschedulable",
        "VolumePending",
        ("the scheduler waits for its volume", "see kubectl describe pvc data"),
        pod=mounting({"persistentVolumeClaim": {"claimName": "data"}}),
        marks=(since("1.35", "an older scheduler doesn't tell which node it has chosen"),),
    ),
    Cause(
        "hook",
        a_process(*SLEEP, replicas=1),
        "Crashing",
        "PostStartHookFailed",
        ("was killed because its postStart hook failed",),
        pod={
            "terminationGracePeriodSeconds": 1,
            "containers": [its_own(lifecycle={"postStart": {"exec": {"command": ["false"]}}})],
        },
    ),
    Cause(
        "root",
        a_process(*SLEEP, replicas=1),
        "Starting",
        "RunsAsRoot",
        ("podTemplate makes it run as root", "spec.securityDefaults: none"),
        stalled=True,
        pod={"securityContext": {"runAsUser": 0}},
    ),
    Cause(
        "working-directory",
        a_process(*SLEEP, replicas=1),
        "Crashing",
        "StartError",
        ("couldn't be started: mkdir /etc/hostname: not a directory",),
        pod={
            "containers": [its_own(workingDir="/etc/hostname")],
        },
    ),
    Cause(
        "silent-node",
        a_process(*SLEEP, replicas=1),
        "Starting",
        "NodeSilent",
        ("waits for its node absent",),
        pod={"nodeName": "absent"},
    ),
    Cause(
        "silent-scheduler",
        a_process(*SLEEP, replicas=1),
        "Unschedulable",
        "SchedulerSilent",
        ("no scheduler has looked at it",),
        pod={"schedulerName": "absent"},
    ),
    Cause(
        "account",
        a_process(*SLEEP, replicas=1),
        "Starting",
        "ReplicaFailure",
        ("Pods can't be created", 'serviceaccount "absent" not found'),
        pod={"serviceAccountName": "absent"},
    ),
    Cause(
        "evicted",
        a_process(*sh("head -c 20M /dev/zero > /it/full; exec sleep inf"), replicas=1),
        "Crashing",
        "Evicted",
        ("was ended by its node: Evicted", "exceeds the limit"),
        pod=mounting({"emptyDir": {"sizeLimit": "1Mi"}}),
    ),
]


@pytest.fixture(scope="module")
def night(
    administrator: Cluster, real_node: Cluster, operator: OperatorProcess, debian_image: None
) -> Iterator[Client]:
    """A namespace in which everything is down at once."""
    administrator.run_kubectl("apply", "-f", "-", stdin=builders.text(STORAGE_CLASS))
    with fresh_namespace(real_node) as namespace:
        client = Client(real_node, namespace)
        client.apply(CLAIM)
        formations = [cause.formation() for cause in CAUSES]
        client.apply({"apiVersion": "v1", "kind": "List", "items": formations})
        yield client
    administrator.run_kubectl("delete", "storageclass", "empty-promises")


def process(client: Client, name: str) -> builders.Manifest:
    found: builders.Manifest = client.get("formation", name)["status"].get("processes", {}).get("worker", {})
    return found


@pytest.mark.parametrize("cause", [pytest.param(each, id=each.name, marks=each.marks) for each in CAUSES])
def test_describe_says_why(night: Client, cause: Cause) -> None:
    def told() -> bool:
        shown = process(night, cause.name)
        assert (shown.get("state"), shown.get("reason")) == (cause.state, cause.reason), shown
        described = " ".join(night("describe", "formation", cause.name).stdout.split())
        assert [word for word in cause.words if word not in described] == [], described
        last = shown.get("lastExit", {"reason": cause.reason})
        assert last["reason"] == cause.reason or "container helper" in shown["message"], last
        conditions = night.get("formation", cause.name)["status"]["conditions"]
        kinds = {item["type"]: item["status"] for item in conditions}
        assert kinds == {"Ready": "False", ("Stalled" if cause.stalled else "Reconciling"): "True"}
        return True

    eventually(told, patience=PATIENCE)
    eventually(lambda: cause.words[0] in " ".join(warnings(night, cause.name)))


def warnings(client: Client, name: str) -> list[str]:
    return [
        item["note"]
        for item in client.all_events()
        if item["regarding"].get("name") == name
        and item["regarding"]["kind"] == "Formation"
        and item["type"] == "Warning"
    ]
