"""Whatever keeps a type down, `kubectl describe formation` says it, and one Event on the Formation does.

Every cause is provoked with real processes on the real node.  All the Formations of the table are
applied at once, so that the slow ones don't wait for each other.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from hack.cluster.cluster import Cluster
from hack.images import debian
from hack.operator_process import OperatorProcess
from tests.e2e.containers import HUNGRY, beside, its_own, sh
from tests.e2e.workers import worker
from tests.live.client import Client, eventually
from tests.live.namespaces import fresh_namespace
from tests.shared.builders import Manifest, a_formation, a_process
from tests.shared.minors import since

pytestmark = pytest.mark.node

PATIENCE = 300.0
SLEEP = ("sleep", "inf")
NEVER = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 2}
NOWHERE = "registry.example.com/nowhere:v9"


@dataclasses.dataclass(frozen=True)
class Cause:
    """A way to be down, and what must be said of it."""

    health: str
    """The state and the reason."""
    words: tuple[str, ...]
    stalled: bool
    process: Manifest
    pod: Manifest
    """What the podTemplate says beside the user."""

    def formation(self, name: str) -> Manifest:
        pod = {"securityContext": {"runAsUser": 1000}, "containers": [its_own()], **self.pod}
        image = debian.IMAGE.name
        return a_formation(name, image=image, podTemplate={"spec": pod}, processes={"worker": self.process})


def cause(
    health: str,
    *words: str,
    command: tuple[str, ...] = SLEEP,
    pod: Manifest | None = None,
    stalled: bool = False,
    **fields: Any,
) -> Cause:
    """Return a row of the table: what is said, and what of a process or its Pod leads to that."""
    return Cause(health, words, stalled, a_process(*command, replicas=1, **fields), pod or {})


def mounting(volume: dict[str, Any]) -> Manifest:
    process = its_own(volumeMounts=[{"name": "it", "mountPath": "/it"}])
    return {"containers": [process], "volumes": [{"name": "it", **volume}]}


def given(script: str) -> Manifest:
    """Return a pod whose process finds a script in /it that may be executed."""
    put = beside(
        command=[*sh(f"printf '{script}' > /it/run && chmod +x /it/run")],
        volumeMounts=[{"name": "it", "mountPath": "/it"}],
    )
    return {**mounting({"emptyDir": {}}), "initContainers": [put]}


def next_to(**container: Any) -> Manifest:
    """Return a pod with a container beside its process."""
    return {"containers": [its_own(), beside(**container)]}


# Nobody provides what this class promises.
STORAGE_CLASS = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: empty-promises}
provisioner: example.com/nobody
volumeBindingMode: WaitForFirstConsumer
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  storageClassName: empty-promises
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Mi}}
"""
CAUSES = {
    "exit-code": cause(
        "Crashing: Exited",
        "exited with code 3: no database at db:5432",
        "restart",
        command=sh("echo first; sleep 1; echo 'no database at db:5432' >&2; sleep 1; exit 3"),
    ),
    "signal": cause(
        "Crashing: Killed",
        "signal 11 (SIGSEGV)",
        command=sh("python3 -c 'import os; os.kill(os.getpid(), 11)'; exit $?"),
    ),
    "memory": cause(
        "Crashing: OOMKilled",
        "more memory than its limit (48Mi)",
        "resources.limits.memory",
        command=sh(f"exec {HUNGRY}"),
        resources={"limits": {"memory": "48Mi"}},
    ),
    "no-image": cause("Starting: ImagePullFailed", "can't pull its image", NOWHERE, image=NOWHERE),
    "no-pull-secret": cause(
        "Starting: ImagePullFailed",
        "can't pull its image",
        "there is no Secret absent",
        pod={"imagePullSecrets": [{"name": "absent"}]},
        image=NOWHERE,
    ),
    "bad-command": cause(
        "Crashing: BadCommand",
        "couldn't be started: gunicorm: executable file not found",
        "check command",
        command=("gunicorm",),
        stalled=True,
    ),
    "no-format": cause(
        "Crashing: BadCommand",
        "couldn't be started: /it/run: exec format error",
        command=("/it/run",),
        pod=given("echo no first line"),
        stalled=True,
    ),
    "liveness": cause(
        "Crashing: LivenessProbeFailed",
        "restarted because its liveness probe failed",
        command=sh("trap 'exit 0' TERM; sleep inf & wait"),
        livenessProbe=NEVER,
    ),
    "readiness": cause(
        "Starting: ReadinessProbeFailed",
        "runs, but its readiness probe fails",
        "8080: connect: connection refused",
        port=8080,
    ),
    "secret": cause(
        "Starting: SecretMissing", "no Secret absent", envFrom=[{"secretRef": {"name": "absent"}}]
    ),
    "config": cause(
        "Starting: ConfigMapMissing",
        "no ConfigMap absent",
        env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "absent", "key": "a"}}}],
    ),
    "secret-volume": cause(
        "Starting: FailedMount",
        "can't start",
        'secret "absent" not found: create it, or correct volumes in podTemplate',
        pod=mounting({"secret": {"secretName": "absent"}}),
    ),
    "claim": cause(
        "Unschedulable: Unschedulable",
        "no node can take it",
        'persistentvolumeclaim "absent" not found: create it, or correct volumes in podTemplate',
        pod=mounting({"persistentVolumeClaim": {"claimName": "absent"}}),
    ),
    "no-room": cause(
        "Unschedulable: Unschedulable",
        "no node can take it",
        "Insufficient cpu",
        resources={"requests": {"cpu": "900"}},
    ),
    "daemon": cause(
        "Crashing: ExitedAtOnce",
        "exited with code 0 right after its start",
        "in the foreground",
        command=sh("(sleep 300 &)"),
    ),
    "sidecar-as-root": cause(
        "Starting: ImageUserIsRoot",
        "container helper can't start: its image runs as root",
        "runAsUser: 1000",
        pod={
            "securityContext": {},
            "containers": [its_own(securityContext={"runAsUser": 1000}), beside(command=["sleep", "inf"])],
        },
        stalled=True,
    ),
    "no-command": cause(
        "Crashing: BadCommand",
        "container helper couldn't be started: neither it nor its image names a command: set command",
        pod=next_to(),
        stalled=True,
    ),
    "no-probe-program": cause(
        "Starting: ReadinessProbeFailed",
        "runs, but its readiness probe fails",
        'exec: "absent": executable file not found in $PATH',
        "check that the image has that program",
        readinessProbe={"exec": {"command": ["absent"]}, "periodSeconds": 1},
    ),
    "no-volume": cause(
        "Unschedulable: VolumePending",
        "the scheduler waits for its volume",
        "see kubectl describe pvc data",
        pod=mounting({"persistentVolumeClaim": {"claimName": "data"}}),
    ),
    "hook": cause(
        "Crashing: PostStartHookFailed",
        "was killed because its postStart hook failed",
        pod={
            "terminationGracePeriodSeconds": 1,
            "containers": [its_own(lifecycle={"postStart": {"exec": {"command": ["false"]}}})],
        },
    ),
    "working-directory": cause(
        "Crashing: StartError",
        "couldn't be started: mkdir /etc/hostname: not a directory",
        pod={"containers": [its_own(workingDir="/etc/hostname")]},
    ),
    "evicted": cause(
        "Crashing: Evicted",
        "was ended by its node: Evicted",
        "exceeds the limit",
        command=sh("head -c 20M /dev/zero > /it/full; exec sleep inf"),
        pod=mounting({"emptyDir": {"sizeLimit": "1Mi"}}),
    ),
}


SINCE = {"no-volume": since("1.35", "an older scheduler doesn't tell which node it has chosen")}
ROWS = [pytest.param(name, id=name, marks=SINCE.get(name, ())) for name in CAUSES]


@pytest.fixture(scope="module")
def night(
    administrator: Cluster, real_node: Cluster, operator: OperatorProcess, debian_image: None
) -> Iterator[Client]:
    """A namespace in which everything is down at once."""
    administrator.run_kubectl("apply", "-f", "-", stdin=STORAGE_CLASS)
    with fresh_namespace(real_node) as namespace:
        client = Client(real_node, namespace)
        client("apply", "-f", "-", input=CLAIM)
        formations = [each.formation(name) for name, each in CAUSES.items()]
        client.apply({"apiVersion": "v1", "kind": "List", "items": formations})
        yield client
    administrator.run_kubectl("delete", "storageclass", "empty-promises")


@pytest.mark.parametrize("name", ROWS)
def test_describe_says_why(night: Client, name: str) -> None:
    expected = CAUSES[name]

    def told() -> bool:
        shown = worker(night, name)
        assert f"{shown.get('state')}: {shown.get('reason')}" == expected.health, shown
        assert [word for word in expected.words if word not in shown["message"]] == [], shown
        last = shown.get("lastExit", {"reason": shown["reason"]})
        assert last["reason"] == shown["reason"] or "container helper" in shown["message"], last
        conditions = night.get("formation", name)["status"]["conditions"]
        kinds = {item["type"]: item["status"] for item in conditions}
        assert kinds == {"Ready": "False", ("Stalled" if expected.stalled else "Reconciling"): "True"}
        return True

    eventually(told, patience=PATIENCE)
    described = " ".join(night("describe", "formation", name).stdout.split())
    assert [word for word in expected.words if word not in described] == [], described
    eventually(lambda: expected.words[0] in " ".join(warnings(night, name)))


def warnings(client: Client, name: str) -> list[str]:
    about = {"kind": "Formation", "name": name}
    return [
        item["note"]
        for item in client.all_events()
        if item["regarding"].items() >= about.items() and item["type"] == "Warning"
    ]
