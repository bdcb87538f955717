"""Where orders are carried out: on the model of Kubernetes' controllers, and on the real ones.

A thread plays the node of the real cluster by what the model's node does.
"""

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import urllib3

from formation_operator.kube.objects.kinds import HPA
from formation_operator.kube.port import Object
from tests.contract.orders import BEHAVIOURS, NODE, Step, facts, image_of
from tests.live.client import eventually
from tests.live.server import MERGE_PATCH, Server, ServerError, with_query
from tests.shared.builders import NOW
from tests.unit.fakes.controllers import Controllers
from tests.unit.fakes.kubelet import NEVER, next_of, ready_since
from tests.unit.fakes.objects import Objects

KINDS = ("Deployment", "ReplicaSet", "Pod", HPA, "Job")
QUIET = 40.0
"""Seconds after which nothing is left to happen, but for containers that crash on and on."""
PATIENCE = 100.0
"""Seconds: a controller tries again ever later what a quota has refused."""
TICK = 0.05


class Model:
    """The model, at a time of its own."""

    def __init__(self) -> None:
        self.now, self.objects = NOW, Objects()
        self.controllers = Controllers(
            self.objects, lambda: self.now, lambda container: BEHAVIOURS[container["image"]]
        )
        self.there = self.objects.all

    def put(self, raw: Object) -> None:
        while self.there(raw["kind"]):
            self.rest(1)  # it is still being deleted
        self.objects.put(raw["kind"], raw)

    def merge(self, kind: str, name: str, patch: Object) -> None:
        self.objects.merge(kind, "default", name, patch)

    def delete(self, kind: str, name: str, cascade: str) -> None:
        self.controllers.delete(kind, "default", name, cascade)

    def quota(self, pods: int | None) -> None:
        self.controllers.quotas = {} if pods is None else {"Pod": pods}

    def rest(self, seconds: float = QUIET) -> Object:
        """Have time pass, and return what has become of all."""
        ends, wake = self.now + seconds, 0.0
        while self.now + wake <= ends:
            self.now += wake
            self.controllers.settle()
            wake = self.controllers.wake() or NEVER
        self.now = ends
        return facts(self.there)


def carry_out(side: "Model | Real", step: Step) -> None:
    """Make a request; the Pod that is killed is one that is ready, if there is one."""
    verb, *about = step
    if verb != "kill":
        getattr(side, verb)(*about)
        return
    pods = [raw for raw in side.there("Pod") if "app" in raw["metadata"]["labels"]]
    alive = [raw for raw in pods if "deletionTimestamp" not in raw["metadata"]]
    for raw in sorted(alive, key=lambda raw: (ready_since(raw), image_of(raw)))[:1]:
        side.delete("Pod", raw["metadata"]["name"], "background")


class Mirror:
    """All objects of some kinds in a real cluster as they are now, and the node on which all Pods are."""

    def __init__(self, server: Server) -> None:
        self.server, self.over = server, threading.Event()
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._next: dict[str, tuple[str, float]] = {}
        with contextlib.suppress(ServerError):
            about = {"metadata": {"name": NODE}, "spec": {"unschedulable": True}}
            server.create("node", "", {"apiVersion": "v1", "kind": "Node", **about})
        for kind in KINDS:
            threading.Thread(target=self._follow, args=(kind,), daemon=True).start()
        threading.Thread(target=self._play, daemon=True).start()

    def there(self, kind: str, namespace: str = "") -> list[Object]:
        """Return the objects of a kind in a namespace."""
        return [
            raw for place, raw in [*self._objects.items()] if place[0] == kind and namespace in ("", place[1])
        ]

    def _follow(self, kind: str) -> None:
        with contextlib.suppress(ServerError, urllib3.exceptions.HTTPError, OSError, ValueError):
            for happened, raw in self.server.follow(kind):
                place = kind, raw["metadata"]["namespace"], raw["metadata"]["name"]
                if happened == "DELETED":
                    self._objects.pop(place, None)
                else:
                    self._objects[place] = raw

    def _play(self) -> None:
        with ThreadPoolExecutor(8) as pool:
            while not self.over.wait(TICK):
                ours = [pod for pod in self.there("Pod") if pod["spec"].get("nodeName") == NODE]
                list(pool.map(self._look, ours))

    def _look(self, pod: Object) -> None:
        """Change a Pod if that is due, once for each version of it."""
        metadata, now = pod["metadata"], time.time()
        seen, at = self._next.get(metadata["uid"], ("", 0.0))
        if seen == metadata["resourceVersion"] and at > now:
            return
        at, status = next_of(pod, BEHAVIOURS[image_of(pod)], now)
        self._next[metadata["uid"]] = metadata["resourceVersion"], at if at > now else NEVER
        path = self.server.path("pod", metadata["namespace"], metadata["name"])
        with contextlib.suppress(ServerError):
            if at <= now and status is not None:
                self.server.request(
                    "PATCH", f"{path}/status", {"status": status}, {"Content-Type": MERGE_PATCH}
                )
            elif at <= now and metadata.get("deletionGracePeriodSeconds"):
                self.server.request("DELETE", with_query(path, {"gracePeriodSeconds": "0"}))


class Real:
    """A namespace of a real cluster."""

    def __init__(self, mirror: Mirror, namespace: str) -> None:
        self._mirror, self._server, self._namespace = mirror, mirror.server, namespace
        eventually(lambda: self._server.find("serviceaccount", namespace, "default"))

    def there(self, kind: str) -> list[Object]:
        return self._mirror.there(kind, self._namespace)

    def put(self, raw: Object) -> None:
        eventually(lambda: self._server.create(raw["kind"], self._namespace, raw))

    def merge(self, kind: str, name: str, patch: Object) -> None:
        self._server.merge(kind, self._namespace, name, patch)

    def delete(self, kind: str, name: str, cascade: str) -> None:
        with contextlib.suppress(*([ServerError] if kind == "Pod" else [])):  # it may have just gone
            path = self._server.path(kind, self._namespace, name)
            self._server.request("DELETE", path, {"propagationPolicy": cascade.title()})

    def quota(self, pods: int | None) -> None:
        if pods is None:
            self.delete("ResourceQuota", "quota", "background")
            return
        spec, place = {"hard": {"pods": str(pods)}}, ("ResourceQuota", self._namespace)
        about = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota"}}
        self._server.create(*place, {**about, "spec": spec})
        eventually(lambda: "hard" in self._server.get(*place, "quota").get("status", {}))

    def rest(self, expected: list[Object], seconds: float) -> Object:
        """Return what has become of all, once that is as expected for some time, or never will be."""
        patience, since = time.monotonic() + PATIENCE, 0.0
        while True:
            found, now = facts(self.there), time.monotonic()
            since = (since or now) if found in expected else 0.0
            if now > patience or (since and now - since >= seconds):
                return found
            time.sleep(0.2)
