"""An app, what its user has asked for so far, and if there is just that: no more, no less, no restart."""

import copy
import dataclasses
from typing import Any

from tests.live.client import Client
from tests.live.server import ServerError
from tests.shared.builders import Manifest, a_formation, a_process

IMAGE = "registry.example.com/shop:v{}"
OURS = "formations.dev/formation"
NOT_FOUND = 404
Wanted = dict[str, tuple[int, str]]
"""The count and the image of each Deployment, by its name."""


@dataclasses.dataclass
class App:
    """A Formation and its user, who remembers what he did."""

    user: Client
    name: str
    processes: dict[str, Manifest] = dataclasses.field(default_factory=dict)
    image: int = 1
    suspended: bool = False
    rollouts: int = 0
    """How often the Pods had to be replaced: by a new image, and by nothing else."""
    uid: str = ""
    asked: list[Wanted] = dataclasses.field(default_factory=list)
    """All that was asked for since it had converged, that from before included."""
    deleted: set[str] = dataclasses.field(default_factory=set)
    """The children that were deleted since then."""
    settled: set[str] = dataclasses.field(default_factory=set)
    """The process types that there were then."""

    @classmethod
    def create(cls, user: Client, name: str = "shop") -> "App":
        """Create one that has a Service, too."""
        processes = {
            "web": a_process("/shop", "web", replicas=2, port=8080),
            "worker": a_process(replicas=1),
            "idle": a_process(replicas=0),
        }
        app = cls(user, name, processes)
        app.asked = [app.wanted()]
        made = user.server.create("formation", user.namespace, a_formation(name, **app._spec()))
        app.uid = made["metadata"]["uid"]
        return app

    def settle(self) -> None:
        """Note that all has converged: nothing from before may come back."""
        self.asked = [self.wanted()]
        self.deleted = set()
        self.settled = {*self.processes}

    # What a user does

    def scale(self, process_type: str, replicas: int) -> None:
        """Change a count in the Formation."""
        self.processes[process_type]["replicas"] = replicas
        self._change({"processes": {process_type: {"replicas": replicas}}})

    def scale_child(self, process_type: str, replicas: int) -> None:
        """Change a count as `kubectl scale deployment` does."""
        self.processes[process_type]["replicas"] = replicas
        self.asked.append(self.wanted())
        path = f"{self.user.server.path('deployment', self.user.namespace, self.child(process_type))}/scale"
        query = "?fieldManager=kubectl-scale"
        headers = {"Content-Type": "application/merge-patch+json"}
        self.user.server.request("PATCH", path + query, {"spec": {"replicas": replicas}}, headers)

    def add(self, process_type: str) -> None:
        """Add a process type."""
        self.processes[process_type] = a_process(replicas=1)
        self._change({"processes": {process_type: self.processes[process_type]}})

    def remove(self, process_type: str) -> None:
        """Take a process type away."""
        del self.processes[process_type]
        self._change({"processes": {process_type: None}})

    def update(self) -> None:
        """Use a new image."""
        self.image += 1
        self.rollouts += 1
        self._change({"image": IMAGE.format(self.image)})

    def suspend(self, *, suspended: bool) -> None:
        """Stop everything, or go on."""
        self.suspended = suspended
        self._change({"suspend": suspended or None})

    def delete_child(self, kind: str, process_type: str) -> None:
        """Delete a child, which comes back; it may just have been deleted."""
        self.deleted.add(self.child(process_type))
        try:
            self.user.server.delete(kind, self.user.namespace, self.child(process_type))
        except ServerError as error:
            if error.status != NOT_FOUND:
                raise

    def _change(self, spec: Manifest) -> None:
        self.asked.append(self.wanted())
        self.user.merge("formation", self.name, {"spec": spec})

    # What there must be

    def wanted(self) -> Wanted:
        """Return what the Deployments must be."""
        return {self.child(name): (count, IMAGE.format(self.image)) for name, count in self._counts().items()}

    def child(self, process_type: str) -> str:
        return f"{self.name}-{process_type}"

    def wrong(self) -> list[str]:
        """Return what isn't as it was asked for; nothing once all has converged."""
        formation = self.user.get("formation", self.name)
        deployments = self._children("deployment")
        services = self._children("service")
        return [
            *differs("spec", self._asked(), asked(formation)),
            *differs("deployments", self.wanted(), {n: facts(d) for n, d in deployments.items()}),
            *differs("services", {self.child("web")} & {self.child(t) for t in self.processes}, {*services}),
            *differs(
                "observedGeneration",
                formation["metadata"]["generation"],
                formation["status"].get("observedGeneration"),
            ),
            *differs("desired", self._counts(), reported(formation)),
        ]

    def restarts(self) -> list[str]:
        """Return whose Pods were replaced though nobody asked for it: each template leaves a ReplicaSet."""
        templates: dict[str, int] = {}
        for replica_set in self._children("replicaset").values():
            for owner in replica_set["metadata"]["ownerReferences"]:
                uid = f"{owner['name']} ({owner['uid']})"
                templates[uid] = templates.get(uid, 0) + 1
        return [
            f"{name}: {number} templates" for name, number in templates.items() if number > 1 + self.rollouts
        ]

    def _children(self, kind: str) -> dict[str, Manifest]:
        labelled = self.user.server.list_all(kind, self.user.namespace, labelSelector=f"{OURS}={self.name}")
        return {each["metadata"]["name"]: each for each in labelled}

    def _spec(self) -> Manifest:
        return {"image": IMAGE.format(self.image), "processes": copy.deepcopy(self.processes)}

    def _asked(self) -> Manifest:
        counts = {name: each["replicas"] for name, each in self.processes.items()}
        return {"image": IMAGE.format(self.image), "suspend": self.suspended, "processes": counts}

    def _counts(self) -> dict[str, int]:
        return {name: 0 if self.suspended else each["replicas"] for name, each in self.processes.items()}


def asked(formation: Manifest) -> Manifest:
    """Return what an app's user asked of a Formation."""
    spec = formation["spec"]
    counts = {name: each.get("replicas") for name, each in spec["processes"].items()}
    return {"image": spec["image"], "suspend": bool(spec.get("suspend")), "processes": counts}


def facts(deployment: Manifest) -> tuple[int, str]:
    """Return what an app's user asked of a Deployment."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return deployment["spec"]["replicas"], container["image"]


def reported(formation: Manifest) -> dict[str, int]:
    """Return the counts that the status says."""
    processes = formation["status"].get("processes") or {}
    return {name: each["desiredReplicas"] for name, each in processes.items()}


def differs(what: str, wanted: Any, found: Any) -> list[str]:
    """Return what is to be said if two aren't the same."""
    return [] if wanted == found else [f"{what}: {found} instead of {wanted}"]
