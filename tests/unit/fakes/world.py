"""What each controller of Kubernetes does to objects: claim, make, change and delete, and wait for a time."""

from collections.abc import Callable
from typing import Any

from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Object
from tests.unit.fakes.kubelet import DELETED, ENDED_PHASES, stamp
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.objects import Objects, identity_of

MANAGER = Owner("kube-controller-manager", "Update")
NODE = "node-1"


class World:
    """Objects as a controller changes them, and the times at which it looks at them again."""

    def __init__(self, objects: Objects, now: Callable[[], float]) -> None:
        self.objects, self.now = objects, now
        self.times: list[float] = []
        """When time alone changes something."""
        self.conflicts = False
        """Whether a conflict keeps Deployments from noting in their status that a ReplicaSet was made."""

    def has_come(self, moment: float) -> bool:
        """Return whether a time has come; if not, it is noted."""
        if moment > self.now():
            self.times.append(moment)
        return moment <= self.now()

    def stamp(self) -> str:
        """Return the present as Kubernetes writes it."""
        return stamp(self.now())

    def owned(self, kind: str, owner: Object) -> list[Object]:
        """Return the objects of a kind that another one controls."""
        found = self.objects.there(kind, owner["metadata"]["namespace"])
        return [raw for raw in found if _owner(raw) == owner["metadata"]["uid"]]

    def claimed(self, kind: str, owner: Object) -> list[Object]:
        """Adopt what an owner's selector selects, release what it doesn't; return its own."""
        about, wanted = owner["metadata"], lenient.mapping(owner, "spec", "selector", "matchLabels")
        for raw in [] if DELETED in about else self.objects.there(kind, about["namespace"]):
            fits = wanted.items() <= get(raw, "metadata.labels", {}).items()
            owners = get(raw, "metadata.ownerReferences", [])
            others = [each for each in owners if each["uid"] != about["uid"]]
            if fits and _owner(raw) is None and is_active(raw):
                self.change(raw, ownerReferences=[*others, _reference(owner)])
            elif not fits and _owner(raw) == about["uid"]:
                self.change(raw, ownerReferences=others)
        return self.owned(kind, owner)

    def make(self, kind: str, owner: Object, template: Object, **about: Any) -> Object:
        """Create an object that another one controls; a scheduler binds a Pod at once."""
        of, name = owner["metadata"], f"{owner['metadata']['name']}-{self.objects.version}"
        known = {**get(template, "metadata", {}), "namespace": of["namespace"], "name": name}
        metadata = {**known, "ownerReferences": [_reference(owner)], **about}
        spec = template["spec"] | ({"nodeName": NODE} if kind == kinds.POD else {})
        return self.objects.put(kind, {"metadata": metadata, "spec": spec})

    def change(self, raw: Object, status: Object | None = None, **metadata: Any) -> Object:
        """Give an object another status, or other metadata; return it."""
        after = {**raw, "metadata": {**raw["metadata"], **metadata}}
        if status is not None:
            after["status"] = status
        by = MANAGER if status is None else MANAGER._replace(subresource="status")
        return raw if after == raw else self.objects.replace(after, by=by)

    def delete(self, raw: Object) -> None:
        """Delete an object in the background; a Pod's node ends it first."""
        runs = get(raw, "spec.nodeName") and get(raw, "status.phase") not in ENDED_PHASES
        if not runs and not raw["metadata"].get("finalizers"):
            self.objects.remove(*identity_of(raw))
        elif DELETED not in raw["metadata"]:
            grace = get(raw, "spec.terminationGracePeriodSeconds", 30) if runs else 0
            self.change(raw, deletionTimestamp=stamp(self.now() + grace), deletionGracePeriodSeconds=grace)

    def say(self, status: Object, kind: str, holds: str, reason: str, message: str = "") -> None:
        """Put a condition into a status, unless it says the same already."""
        before, at = lenient.conditions(status).get(kind, {}), self.stamp()
        if (before.get("status"), before.get("reason")) != (holds, reason):
            since = before["lastTransitionTime"] if before.get("status") == holds else at
            said = {"type": kind, "status": holds, "reason": reason, "message": message or reason}
            times = {"lastTransitionTime": since, "lastUpdateTime": at}
            status["conditions"] = [*without(status, kind), {**said, **times}]


def get(raw: Object, path: str, otherwise: Any = None) -> Any:
    """Return what is at a path, whose steps are parted by dots."""
    *above, last = path.split(".")
    found = lenient.mapping(raw, *above).get(last)
    return otherwise if found is None else found


def _reference(owner: Object) -> Object:
    own = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    return {**own, "uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}


def _owner(raw: Object) -> str | None:
    return lenient.controller(raw["metadata"]).get("uid")


def is_active(raw: Object) -> bool:
    """Return whether an object isn't about to go; a Pod has not ended, either."""
    return DELETED not in raw["metadata"] and get(raw, "status.phase") not in ENDED_PHASES


def is_terminating(pod: Object) -> bool:
    """Return whether a Pod that is deleted still runs."""
    return DELETED in pod["metadata"] and get(pod, "status.phase") not in ENDED_PHASES


def without(status: Object, kind: str) -> list[Object]:
    """Return the conditions of a status but for one."""
    return [each for each in status.get("conditions", []) if each["type"] != kind]


def met(status: Object, kind: str) -> Object:
    """Return a condition of a status if it is true, and nothing else."""
    found = lenient.conditions(status).get(kind, {})
    return found if found.get("status") == "True" else {}
