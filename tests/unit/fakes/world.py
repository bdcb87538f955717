"""What each controller of Kubernetes does to objects: claim, make, delete, report, and wait for a time."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Object
from tests.unit.fakes.kubelet import ENDED_PHASES, stamp
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.objects import Objects, identity_of

MANAGER = Owner("kube-controller-manager", "Update")
REPORTER = MANAGER._replace(subresource="status")
DELETED = "deletionTimestamp"
NODE = "node-1"


class World:
    """Objects as a controller changes them, and the times at which it looks at them again."""

    def __init__(self, objects: Objects, now: Callable[[], float]) -> None:
        self.objects, self.now = objects, now
        self.times: list[float] = []
        """When time alone changes something."""

    def has_come(self, moment: float) -> bool:
        """Return whether a time has come; if not, it is noted."""
        if moment <= self.now():
            return True
        self.times.append(moment)
        return False

    def stamp(self) -> str:
        """Return the present as Kubernetes writes it."""
        return stamp(self.now())

    def owned(self, kind: str, owner: Object) -> list[Object]:
        """Return copies of the objects of a kind that another one controls."""
        namespace, uid = owner["metadata"]["namespace"], owner["metadata"]["uid"]
        found = self.objects.there(kind, namespace)
        return copy.deepcopy([raw for raw in found if lenient.controller(raw["metadata"]).get("uid") == uid])

    def claimed(self, kind: str, owner: Object) -> list[Object]:
        """Adopt what an owner's selector selects, release what it doesn't; return copies of its own."""
        about, wanted = owner["metadata"], lenient.mapping(owner, "spec", "selector", "matchLabels")
        for raw in [] if DELETED in about else self.objects.there(kind, about["namespace"]):
            metadata, own = raw["metadata"], lenient.controller(raw["metadata"]).get("uid")
            fits = wanted.items() <= (metadata.get("labels") or {}).items()
            others = [each for each in metadata.get("ownerReferences") or [] if each["uid"] != about["uid"]]
            if fits and own is None and is_active(raw):
                self._give(raw, [*others, reference(owner)])
            elif not fits and own == about["uid"]:
                self._give(raw, others)
        return self.owned(kind, owner)

    def _give(self, raw: Object, owners: list[Object]) -> None:
        metadata = {**raw["metadata"], "ownerReferences": owners}
        self.objects.replace({**raw, "metadata": metadata}, by=MANAGER)

    def make(self, kind: str, owner: Object, name: str, template: Object, **about: Any) -> Object:
        """Create an object that another one controls, from the spec and the metadata of a template."""
        metadata = {
            **lenient.mapping(template, "metadata"),
            "namespace": owner["metadata"]["namespace"],
            "name": name,
            "ownerReferences": [reference(owner)],
            **about,
        }
        return self.objects.put(kind, {"metadata": metadata, "spec": template["spec"]})

    def make_pod(self, owner: Object, **about: Any) -> None:
        """Create a Pod of a ReplicaSet or a Job, which a scheduler binds at once."""
        template = owner["spec"]["template"]
        bound = {**template, "spec": {**template["spec"], "nodeName": NODE}}
        name = f"{owner['metadata']['name']}-{self.objects.version}"
        self.make(kinds.POD, owner, name, bound, **about)

    def delete(self, raw: Object) -> None:
        """Delete an object in the background; a Pod's node ends it first."""
        kind, namespace, name = identity_of(raw)
        metadata, is_pod = raw["metadata"], kind == kinds.POD
        runs = is_pod and "nodeName" in raw["spec"] and raw.get("status", {}).get("phase") not in ENDED_PHASES
        if not runs and not metadata.get("finalizers"):
            self.objects.remove(kind, namespace, name)
        elif DELETED not in metadata:
            grace = raw["spec"].get("terminationGracePeriodSeconds", 30) if runs else 0
            times = {DELETED: stamp(self.now() + grace), "deletionGracePeriodSeconds": grace}
            self.objects.replace({**raw, "metadata": {**metadata, **times}}, by=MANAGER)

    def report(self, raw: Object, status: Object, annotations: Mapping[str, str] | None = None) -> None:
        """Write a status, and annotations if there are any, unless they are the same."""
        noted = {"annotations": dict(annotations)} if annotations else {}
        after = {**raw, "metadata": {**raw["metadata"], **noted}, "status": status}
        if after != raw:
            self.objects.replace(after, by=REPORTER)


def reference(owner: Object) -> Object:
    """Return the reference to an object's controller."""
    own = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
    about = {field: owner["metadata"][field] for field in ("name", "uid")}
    return {**own, **about, "blockOwnerDeletion": True}


def is_active(raw: Object) -> bool:
    """Return whether an object isn't about to go; a Pod has not ended, either."""
    has_ended = raw["kind"] == kinds.POD and raw.get("status", {}).get("phase") in ENDED_PHASES
    return DELETED not in raw["metadata"] and not has_ended


def is_terminating(pod: Object) -> bool:
    """Return whether a Pod that is deleted still runs."""
    return DELETED in pod["metadata"] and pod.get("status", {}).get("phase") not in ENDED_PHASES


def say(  # noqa: PLR0913, PLR0917  # what a condition consists of
    status: Object, kind: str, holds: str, reason: str, message: str, at: str, timed: str = ""
) -> None:
    """Put a condition into a status, unless it says the same already; ``timed`` names another time of it."""
    before = lenient.conditions(status).get(kind, {})
    if (before.get("status"), before.get("reason")) == (holds, reason):
        return
    since = before["lastTransitionTime"] if before.get("status") == holds else at
    said = {"type": kind, "status": holds, "reason": reason, "message": message, "lastTransitionTime": since}
    status["conditions"] = [*without(status, kind), said | ({timed: at} if timed else {})]


def without(status: Object, kind: str) -> list[Object]:
    """Return the conditions of a status but for one."""
    return [each for each in status.get("conditions", []) if each["type"] != kind]


def met(status: Object, kind: str) -> Object:
    """Return a condition of a status if it is true, and nothing else."""
    found = lenient.conditions(status).get(kind, {})
    return found if found.get("status") == "True" else {}
