"""Workers with long jobs, by each way to say which of them are busy, and what scaling in does to them.

The workers are Celery's, with a real Redis. Each way has a namespace of its own, and all are scaled at the
same time. The grace period is far shorter than a job, as it is for a job of an hour.
"""

import contextlib
import json
import math
import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.images import system_image
from tests.live import once
from tests.live.client import Client, eventually
from tests.live.namespaces import RESTRICTED, fresh_namespace
from tests.shared import documents
from tests.shared.builders import Manifest, a_formation
from tests.systems import redis_store
from tests.systems.running import Running

ROUNDS = int(os.environ.get("SCALE_INS", "5"))
"""How often each way is scaled in, by each that scales."""
SEEN = paths.ROOT / "tests" / "systems" / "seen.json"
"""What the page says was measured: a run with `SEEN=1` writes it."""
WORKERS, JOBS, GRACE = 6, 3, 5
Seconds = tuple[int, int]
SECONDS: Seconds = (15, 30)
"""What a job takes, at least and at most."""
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

RECIPE = paths.ROOT / "manifests" / "workers"
(SHOWN,) = (shown for place, shown in documents.objects() if place.startswith("docs/how-to/workers.md"))


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
        "image": redis_store.IMAGE,
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


WAYS = {
    "own-choice": "",
    "marks-itself": (RECIPE / "busy.py").read_text(),
    "sidecar": FLAGS,
    "readiness": FLAGS,
}
"""Each way, and what a worker includes for it."""


class App:
    """A Formation whose workers are busy for half of the time, and its Redis."""

    def __init__(
        self, user: Client, way: str, jobs: int = JOBS, grace: int = GRACE, seconds: Seconds = SECONDS
    ) -> None:
        """Start it with its workers, and with jobs that take so many seconds."""
        self.user = user
        self.way = way
        self.running = Running(user, "shop", "worker")
        user("apply", "-f", str(RECIPE / "marks-itself.yaml"))
        data = {"busy.py": WAYS[way]}
        user.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": way}, "data": data})
        self.store = redis_store.started(user)
        feed = ["python3", "/app/long_jobs.py", *map(str, (jobs, *seconds))]
        processes = {"worker": worker(way, grace), "feeder": {"command": feed}}
        variables = {"STORE": self.store, "GRACE": str(grace), "PYTHONPATH": "/recipe"}
        env = [{"name": name, "value": value} for name, value in variables.items()]
        user.apply(a_formation(processes=processes, image=redis_store.IMAGE, env=env))
        eventually(lambda: user.find("deployment", "shop-worker"))

    def records(self, what: str) -> list[dict[str, Any]]:
        """Return what was recorded of a kind."""
        return [json.loads(each) for each in redis_store.ask(self.store, "LRANGE", what, "0", "-1")]

    def left(self) -> int:
        """Return how many workers aren't chosen to end."""
        return sum("deletionTimestamp" not in pod["metadata"] for pod in self.running.pods())

    def settled(self, number: int) -> bool:
        """Tell whether just so many workers are there, none of which ends, and each takes jobs."""
        pods = self.running.pods()
        if len(pods) != number or self.left() != number or not redis_store.answers(self.store):
            return False
        return {pod["metadata"]["name"] for pod in pods} <= {each["pod"] for each in self.records("ready")}

    def row(self, by: str, rounds: int, begin: float, end: float) -> dict[str, Any]:
        """Return what happened in a time."""
        chosen = {each["pod"]: each["at"] for each in self.records("asked") if begin <= each["at"] < end}
        done = self.done()
        begun = [each for each in self.records("begun") if each["pod"] in chosen]
        late = [each for each in begun if done.get(each["job"], math.inf) > chosen[each["pod"]]]
        return {
            "by": by,
            "way": self.way,
            "scale-ins": rounds,
            "ended": len(chosen),
            "interrupted": len(late),
            "begun within a second": sum(chosen[each["pod"]] - each["at"] < 1 for each in late),
            "lost": sum(each["job"] not in done for each in late),
        }

    def done(self) -> dict[str, float]:
        """Return when each job was done."""
        return {each["job"]: each["at"] for each in self.records("done")}

    def most_busy(self) -> int:
        """Return how many workers that nobody had asked to end had a job at the same moment, at most."""
        asked, done = {each["pod"]: each["at"] for each in self.records("asked")}, self.done()
        spans: list[tuple[float, float]] = [
            (each["at"], min(done.get(each["job"], math.inf), asked.get(each["pod"], math.inf)))
            for each in self.records("begun")
        ]
        return max(sum(begin <= moment < end for begin, end in spans) for moment, _ in spans)


@contextlib.contextmanager
def started(cluster: Cluster) -> Iterator[list[App]]:
    """Start one app for each way."""
    once.load(cluster, system_image.build("celery"))
    with contextlib.ExitStack() as stack:
        names = [stack.enter_context(fresh_namespace(cluster, RESTRICTED)) for _ in WAYS]
        yield [App(Client(cluster, name), way) for name, way in zip(names, WAYS, strict=True)]


def measured(apps: list[App], by: str, scale: Callable[[App, int], object]) -> None:
    """Scale all apps in and out again, and see that those that mark themselves lose nothing."""
    chance = random.Random(by)

    def scaled(number: int, there: Callable[[App, int], bool]) -> None:
        for app in apps:
            scale(app, number)
        for app in apps:
            eventually(lambda app=app: there(app, number), PATIENCE)  # type: ignore[misc]

    scaled(WORKERS, App.settled)
    begin = time.time()
    for number in range(ROUNDS):
        time.sleep(chance.uniform(0, 6))
        scaled(WORKERS - chance.choice([2, 3]), lambda app, wanted: app.left() == wanted)
        scaled(WORKERS, App.settled)  # the chosen have ended by then, too
        print(by, number, round(time.time() - begin), flush=True)
    end = time.time()
    time.sleep(SECONDS[1] + 2)  # until each job that goes on is done
    rows = {app.way: app.row(by, ROUNDS, begin, end) for app in apps}
    print(*(json.dumps(row) for row in rows.values()), sep="\n")
    if os.environ.get("SEEN"):
        others = [row for row in json.loads(SEEN.read_text()) if row["by"] != by]
        lines = ",\n".join(f" {json.dumps(row)}" for row in [*others, *rows.values()])
        SEEN.write_text(f"[\n{lines}\n]\n")
    busy = {app.way: app.most_busy() for app in apps}
    assert max(busy.values()) <= JOBS, busy  # else no choice spares all that are busy
    row = rows["marks-itself"]
    assert row["interrupted"] == row["begun within a second"]  # what began just then may be too late
    assert row["ended"] >= 2 * row["scale-ins"]
    assert rows["own-choice"]["interrupted"] > 0  # else there was nothing to interrupt
