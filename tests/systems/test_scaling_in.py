"""What scaling in does to workers with long jobs, by each way to say which of them are busy.

The workers are Celery's, with a real Redis. Each way has a namespace of its own, and all are scaled at the
same time. The grace period is far shorter than a job, as it is for a job of an hour.
"""

import contextlib
import json
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import documents, once
from tests.builders import Manifest, a_formation
from tests.client import Client, eventually
from tests.cluster.cluster import Cluster
from tests.contract.external_metrics import served
from tests.images import system_image
from tests.namespaces import fresh_namespace
from tests.operator_process import OperatorProcess
from tests.systems.running import Running

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node, pytest.mark.timeout(3600)]

ROUNDS = int(os.environ.get("SCALE_INS", "8"))
"""How often each way is scaled in, by each that scales; a round takes a minute."""
WORKERS, JOBS, GRACE = 6, 3, 5
SHORTEST, LONGEST = 15, 30
"""Seconds that a job takes."""
IMAGE = "registry.example.com/celery:v1"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
PATIENCE = 240
FLAG = "/flag/busy"
FLAGS = f"""
import pathlib
from celery import signals

FLAG = pathlib.Path({FLAG!r})
signals.task_prerun.connect(lambda **_: FLAG.touch(), weak=False)
signals.task_postrun.connect(lambda **_: FLAG.unlink(missing_ok=True), weak=False)
"""
"""What says to others in the Pod that there is a job."""
SIDECAR = """
cd /var/run/secrets/kubernetes.io/serviceaccount
api=https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT
is=0
while sleep 0.5; do
  wanted=0
  if [ -e /flag/busy ]; then wanted=1; fi
  [ $wanted = $is ] && continue
  echo '{"metadata":{"annotations":{"controller.kubernetes.io/pod-deletion-cost":"'$wanted'"}}}' |
    curl --silent --fail --output /dev/null --cacert ca.crt --max-time 2 --request PATCH --data @- \\
      --header "Authorization: Bearer $(cat token)" --header "Content-Type: application/merge-patch+json" \\
      $api/api/v1/namespaces/$(cat namespace)/pods/$HOSTNAME/status && is=$wanted
done
"""
"""The worker has no token here: the sidecar alone has one."""

OBJECTS = [shown for place, shown in documents.objects() if place.startswith("docs/how-to/workers.md")]
(CODE,) = (
    block.text for block in documents.blocks("python") if block.place.startswith("docs/how-to/workers.md")
)
(SHOWN,) = (each for each in OBJECTS if each["kind"] == "Formation")


def ask(address: str, *words: str) -> Any:
    """Return what Redis answers to a command."""
    with (
        socket.create_connection((address, 6379), timeout=10) as connection,
        connection.makefile("rb") as lines,
    ):
        parts = [word.encode() for word in words]
        sent = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        connection.sendall(b"*%d\r\n%s" % (len(parts), sent))

        def answer() -> Any:
            line = lines.readline().strip()
            if line[:1] == b"*":
                return [answer() for _ in range(int(line[1:]))]
            if line[:1] == b"$":
                return lines.read(int(line[1:]) + 2)[:-2].decode() if line[1:] != b"-1" else None
            assert line[:1] in b"+:", line
            return line[1:].decode()

        return answer()


def worker(way: str, grace: int) -> Manifest:
    """Return the page's worker with the jobs of the test, and with a way to say that it is busy."""
    shown = SHOWN["spec"]["processes"]["worker"]
    command = [word.replace("--app=shop", "--app=long_jobs") for word in shown["command"]]
    command += ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    mounts = [{"name": "recipe", "mountPath": "/recipe"}, {"name": "flag", "mountPath": "/flag"}]
    volumes: list[Manifest] = [{"name": "flag", "emptyDir": {}}]
    volumes += [{"name": "recipe", "configMap": {"name": way}}]
    process = {"name": "process", "volumeMounts": mounts}
    pod: Manifest = {"containers": [process], "volumes": volumes}
    made = {**shown, "command": command, "terminationGracePeriodSeconds": grace}
    made["resources"] = {"requests": {"cpu": "60m"}}
    if way == "marks-itself":
        pod |= shown["podTemplate"]["spec"]
    if way == "sidecar":
        pod |= sidecar(shown["podTemplate"]["spec"]["serviceAccountName"], mounts, volumes)
    if way == "readiness":
        made["readinessProbe"] = {
            "exec": {"command": ["test", "-e", FLAG]},
            "periodSeconds": 1,
            "failureThreshold": 1,
        }
    return {**made, "podTemplate": {"spec": pod}}


def sidecar(account: str, mounts: list[Manifest], volumes: list[Manifest]) -> Manifest:
    """Return what gives a Pod a sidecar that alone has the token."""
    token = {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    namespace = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt"}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    marker = {
        "name": "marker",
        "image": IMAGE,
        "restartPolicy": "Always",
        "command": ["/bin/sh", "-c", SIDECAR],
        "volumeMounts": [token, *mounts],
    }
    return {
        "serviceAccountName": account,
        "automountServiceAccountToken": False,
        "initContainers": [marker],
        "volumes": [*volumes, {"name": "token", "projected": {"sources": sources}}],
    }


WAYS = {"own-choice": "", "marks-itself": CODE, "sidecar": FLAGS, "readiness": FLAGS}
"""Each way, and what a worker includes for it."""


class App:
    """A Formation whose workers are busy for half of the time, and its Redis."""

    def __init__(self, user: Client, way: str, jobs: int = JOBS, grace: int = GRACE) -> None:
        """Start it with its workers."""
        self.user = user
        self.way = way
        self.running = Running(user, "shop", "worker")
        for each in OBJECTS:
            if each["kind"] != "Formation":
                user.apply(each)
        data = {"busy.py": WAYS[way]}
        user.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": way}, "data": data})
        redis = ["redis-server", "--protected-mode", "no", "--save", "", "--dir", "/tmp"]
        user.apply(a_formation("store", processes={"redis": {"command": redis, "port": 6379}}, image=IMAGE))
        self.store = eventually(lambda: user.get("service", "store-redis")["spec"]["clusterIP"])
        feed = ["python3", "/app/long_jobs.py", str(jobs), str(SHORTEST), str(LONGEST)]
        processes = {"worker": worker(way, grace), "feeder": {"command": feed}}
        env = [{"name": "STORE", "value": self.store}, {"name": "PYTHONPATH", "value": "/recipe"}]
        user.apply(a_formation(processes=processes, image=IMAGE, env=env))
        eventually(lambda: user.find("deployment", "shop-worker"))

    def records(self, what: str) -> list[dict[str, Any]]:
        """Return what was recorded of a kind."""
        return [json.loads(each) for each in ask(self.store, "LRANGE", what, "0", "-1")]

    def settled(self, number: int) -> bool:
        """Tell whether just so many workers are there, and each takes jobs."""
        names = {pod["metadata"]["name"] for pod in self.running.pods()}
        try:
            return len(names) == number and names <= {each["pod"] for each in self.records("ready")}
        except OSError:  # Redis isn't there yet
            return False

    def row(self, by: str, rounds: int, begin: float, end: float) -> dict[str, Any]:
        """Return what happened in a time."""
        chosen = {each["pod"]: each for each in self.records("asked") if begin <= each["at"] < end}
        busy = [each for each in chosen.values() if each["job"]]
        done = {each["job"] for each in self.records("done")}
        begun = {each["job"]: each["at"] for each in self.records("begun")}
        return {
            "by": by,
            "way": self.way,
            "scale-ins": rounds,
            "ended": len(chosen),
            "interrupted": len(busy),
            "begun within a second": sum(each["at"] - begun[each["job"]] < 1 for each in busy),
            "lost": sum(each["job"] not in done for each in busy),
        }


@pytest.fixture(scope="module")
def apps(real_node: Cluster, operator: OperatorProcess) -> Iterator[list[App]]:
    """One app for each way."""
    once.load(real_node, system_image.build("celery"))
    with contextlib.ExitStack() as stack:
        names = [stack.enter_context(fresh_namespace(real_node, RESTRICTED)) for _ in WAYS]
        yield [App(Client(real_node, name), way) for name, way in zip(names, WAYS, strict=True)]


def measured(apps: list[App], by: str, scale: Callable[[App, int], object]) -> dict[str, dict[str, Any]]:
    """Scale all apps in and out again, and return what happened for each way."""
    chance = random.Random(by)

    def scaled(number: int) -> None:
        for app in apps:
            scale(app, number)
        began = time.monotonic()
        for app in apps:
            eventually(lambda app=app: app.settled(number), PATIENCE)  # type: ignore[misc]
        print(number, round(time.monotonic() - began), flush=True)

    scaled(WORKERS)
    begin = time.time()
    for _ in range(ROUNDS):
        time.sleep(chance.uniform(0, 6))
        scaled(WORKERS - chance.choice([2, 3]))
        scaled(WORKERS)
    end = time.time()
    time.sleep(LONGEST + 2)  # until each job that goes on is done
    rows = [app.row(by, ROUNDS, begin, end) for app in apps]
    print("", " | ".join(rows[0]), *(" | ".join(map(str, row.values())) for row in rows), sep="\n")
    return {row["way"]: row for row in rows}


def marked(rows: dict[str, dict[str, Any]]) -> None:
    """See that no worker was chosen that had marked itself: what began just then may be too late."""
    row = rows["marks-itself"]
    assert row["interrupted"] == row["begun within a second"]
    assert row["ended"] >= 2 * row["scale-ins"]
    assert rows["own-choice"]["interrupted"] > 0  # else there was nothing to interrupt


def by_hand(app: App, number: int) -> None:
    app.user("scale", "deployment/shop-worker", f"--replicas={number}")


def test_workers_that_mark_themselves_are_not_interrupted_by_hand(apps: list[App]) -> None:
    marked(measured(apps, "by hand", by_hand))


def test_workers_that_mark_themselves_are_not_interrupted_by_an_hpa(
    apps: list[App], real_node: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = {"type": "AverageValue", "averageValue": "1"}
    metric = {"type": "External", "external": {"metric": {"name": "jobs"}, "target": target}}
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 0}}
    autoscaling = {"minReplicas": 1, "maxReplicas": WORKERS, "metrics": [metric], "behavior": behavior}
    with served(real_node, tmp_path_factory.mktemp("metrics")) as jobs:
        jobs.waiting = WORKERS
        for app in apps:
            scaled_by_itself(app, autoscaling)
        rows = measured(apps, "an HPA", lambda _, number: setattr(jobs, "waiting", number))
        for app in apps:
            scaled_by_itself(app, None)
            eventually(lambda app=app: app.user.find("hpa", "shop-worker") is None)  # type: ignore[misc]
    marked(rows)


def scaled_by_itself(app: App, autoscaling: Manifest | None) -> None:
    app.user.merge("formation", "shop", {"spec": {"processes": {"worker": {"autoscaling": autoscaling}}}})
