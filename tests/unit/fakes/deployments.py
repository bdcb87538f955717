"""One pass of Kubernetes' Deployment controller, as ``pkg/controller/deployment`` has it."""

import hashlib
import json
import math
from collections.abc import Callable
from operator import attrgetter

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Object
from tests.unit.fakes.kubelet import DELETED, ENDED_PHASES, moment_of
from tests.unit.fakes.world import MANAGER, World, get, without

HASH = "pod-template-hash"
OURS = "deployment.kubernetes.io/"
REVISION, DESIRED, MOST = f"{OURS}revision", f"{OURS}desired-replicas", f"{OURS}max-replicas"
NO_DEADLINE = 2**31 - 1
AVAILABLE, UPDATED = "availableReplicas", "updatedReplicas"
PAUSED, IS_DONE, TIMED_OUT = "DeploymentPaused", "NewReplicaSetAvailable", "ProgressDeadlineExceeded"


class Version:
    """A ReplicaSet: a version of a Deployment's template."""

    def __init__(self, world: World, raw: Object) -> None:
        self._world, self.raw = world, raw
        self.count: int = raw["spec"].get("replicas", 1)
        self.notes: dict[str, str] = get(raw, "metadata.annotations", {})
        self.age = raw["metadata"]["creationTimestamp"], raw["metadata"]["name"]

    def figure(self, name: str) -> int:
        """Return a figure of its status."""
        return int(get(self.raw, f"status.{name}", 0))

    def number(self, note: str) -> int:
        """Return the number in an annotation."""
        return int(self.notes.get(note, 0))

    def write(self, notes: dict[str, str], **spec: int) -> None:
        """Write its annotations, and fields of its spec."""
        self.notes, self.count = notes, spec.get("replicas", self.count)
        after = {**self.raw, "metadata": {**self.raw["metadata"], "annotations": notes}}
        self.raw = self._world.objects.replace({**after, "spec": {**self.raw["spec"], **spec}}, by=MANAGER)


class Rollout:
    """A Deployment, and its ReplicaSets: the one of its template, and the others, the oldest first."""

    def __init__(self, world: World, raw: Object) -> None:
        self.world, self.raw, self.spec = world, raw, raw["spec"]
        self.status, self.notes = {**raw.get("status", {})}, {**get(raw, "metadata.annotations", {})}
        self.wanted: int = self.spec.get("replicas", 1)
        self.recreates, rolling = get(raw, "spec.strategy.type") == "Recreate", "spec.strategy.rollingUpdate"
        self.surge = fewer = 0
        if not self.recreates:
            self.surge = _part(get(raw, f"{rolling}.maxSurge", "25%"), self.wanted, math.ceil)
            fewer = _part(get(raw, f"{rolling}.maxUnavailable", "25%"), self.wanted, math.floor)
            fewer = fewer or int(not self.surge)
        self.least = self.wanted - min(fewer, self.wanted)
        self.deadline = self.spec.get("progressDeadlineSeconds", 600)
        self.all = sorted((Version(world, each) for each in world.claimed(kinds.REPLICA_SET, raw)), key=_AGE)
        self.new = next((each for each in self.all if _template(each.raw) == _template(raw)), None)
        self.old = [each for each in self.all if each is not self.new]

    def sync(self) -> None:
        """Do what is to be done now."""
        self._note_revision()
        lives, paused = DELETED not in self.raw["metadata"], self.spec.get("paused") is True
        said, wanted = self._said().get("reason"), str(self.wanted)
        if lives and said != TIMED_OUT and paused != (said == PAUSED):
            self._progress("Unknown", PAUSED if paused else "DeploymentResumed")
        noted = {each.notes.get(DESIRED, wanted) for each in self.all if each.count}
        rolls = lives and not paused and noted <= {wanted}
        try:
            if rolls:
                self._recreate() if self.recreates else self._roll()
            elif lives:
                self._resize()
                if paused:
                    self._clean_up(even=True)
        except errors.ClusterError as error:
            self._progress("False", "ReplicaSetCreateError", f"Failed to create new replica set: {error}")
            self.world.change(self.raw, self.status)
        else:
            self._report(rolls=rolls)

    def _said(self) -> Object:
        return lenient.conditions(self.status).get("Progressing", {})

    def _progress(self, holds: str, reason: str, message: str = "") -> None:
        if self.deadline != NO_DEADLINE:
            self.world.say(self.status, "Progressing", holds, reason, message)

    def _note_revision(self) -> None:
        """Give the newest revision to the ReplicaSet of the template, and then to the Deployment."""
        if self.new is None:
            return
        notes, ready = {**self.new.notes, **self._notes()}, self.spec.get("minReadySeconds", 0)
        notes[REVISION] = str(max(self.new.number(REVISION), int(notes[REVISION])))
        if (notes, ready) != (self.new.notes, get(self.new.raw, "spec.minReadySeconds", 0)):
            self.new.write(notes, minReadySeconds=ready)
            return
        self.notes[REVISION] = notes[REVISION]
        if not self._said():
            self._progress("True", "FoundNewReplicaSet")

    def _notes(self) -> dict[str, str]:
        """Return the annotations of the ReplicaSet of the template: the Deployment's, and the revision."""
        own = {key: value for key, value in self.notes.items() if not key.startswith((OURS, "kubectl."))}
        return {**own, REVISION: str(1 + max((each.number(REVISION) for each in self.old), default=0))}

    def _sizes(self) -> dict[str, str]:
        return {DESIRED: str(self.wanted), MOST: str(self.wanted + self.surge)}

    def _sum(self, name: str = "count") -> int:
        return sum(each.count if name == "count" else each.figure(name) for each in self.all)

    def _require_new(self) -> Version:
        """Return the ReplicaSet of the template; if there is none, it is made."""
        if self.new is not None:
            return self.new
        about, template = self.raw["metadata"], self.spec["template"]
        there = self.world.objects.there(kinds.REPLICA_SET, about["namespace"])
        while (name := f"{about['name']}-{self._hash()}") in {raw["metadata"]["name"] for raw in there}:
            self.status["collisionCount"] = self.status.get("collisionCount", 0) + 1
        added, notes = {HASH: self._hash()}, {**self._notes(), **self._sizes()}
        labels, room = {**template["metadata"]["labels"], **added}, self.wanted + self.surge - self._sum()
        spec = {
            "replicas": min(self.wanted, max(0, room)),
            "minReadySeconds": self.spec.get("minReadySeconds", 0),
            "selector": {"matchLabels": {**self.spec["selector"]["matchLabels"], **added}},
            "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
        }
        made = {"metadata": {"labels": labels, "annotations": notes}, "spec": spec}
        self.new = Version(self.world, self.world.make(kinds.REPLICA_SET, self.raw, made, name=name))
        self.all.append(self.new)
        self.notes[REVISION] = notes[REVISION]
        if not self.world.conflicts:
            self._progress("True", "NewReplicaSetCreated")
        return self.new

    def _hash(self) -> str:
        hashed = json.dumps([self.spec["template"], self.status.get("collisionCount")], sort_keys=True)
        return hashlib.sha256(hashed.encode()).hexdigest()[:10]

    def _scale(self, each: Version, count: int, *, noting: bool = False) -> bool:
        """Give a ReplicaSet a count, and return whether that is another one."""
        is_other, notes = each.count != count, {**each.notes, **self._sizes()}
        if is_other or (noting and notes != each.notes):
            each.write(notes, replicas=count)
        return is_other

    def _resize(self) -> None:
        """Spread a new count over the ReplicaSets, as far as they run."""
        active, new = [each for each in self.all if each.count], self.new
        if len(active) < 2:
            for each in active or ([new] if new else self.old[-1:]):
                self._scale(each, self.wanted)
        elif new and new.number(DESIRED) == new.count == new.figure(AVAILABLE) == self.wanted:
            for each in self.old:
                self._scale(each, 0)
        elif not self.recreates:
            self._spread(active)

    def _spread(self, active: list[Version]) -> None:
        """Have each ReplicaSet keep its part of the whole, and the largest what is left."""
        whole = self.wanted + self.surge if self.wanted else 0
        left, sizes = whole - self._sum(), []
        ordered = sorted(sorted(active, key=_AGE, reverse=left > 0), key=attrgetter("count"), reverse=True)
        for each in ordered:
            before = each.number(MOST) or self.status.get("replicas", 0)
            part = int(each.count * whole / before + 0.5) - each.count if before else 0
            part = min(part, left) if left > 0 else max(part, left) if left else 0
            sizes.append(each.count + part)
            left -= part
        for each, size in zip(ordered, [max(0, sizes[0] + left), *sizes[1:]], strict=True):
            self._scale(each, size, noting=True)

    def _clean_up(self, *, even: bool = False) -> None:
        """Delete the oldest ReplicaSets beyond those that are kept, if all is done or ``even`` if not."""
        old = sorted(self.old, key=lambda each: each.number(REVISION))
        many = len(old) - self.spec.get("revisionHistoryLimit", 10) if even or self._is_complete() else 0
        for each in old[: max(0, many)]:
            is_seen = each.figure("observedGeneration") >= each.raw["metadata"]["generation"]
            if is_seen and not each.count and not each.figure("replicas"):
                self.world.delete(each.raw)

    def _roll(self) -> None:
        """Make or end some Pods, so that there are neither too many nor too few at any time."""
        new = self._require_new()
        room = max(0, self.wanted + self.surge - self._sum())
        if self._scale(new, min(self.wanted, new.count + room)):
            return
        limit = self._sum() - self.least - (new.count - new.figure(AVAILABLE))
        if limit <= 0 or not self._shrink([each for each in self.old if each.count], limit):
            self._clean_up()

    def _shrink(self, active: list[Version], limit: int) -> bool:
        """End old Pods: first those that aren't available, as far as that harms nothing."""
        before = self._sum()
        for each in active:
            unhealthy = min(limit, each.count - each.figure(AVAILABLE))
            if unhealthy < 0:  # its status isn't about its latest count yet
                return False
            limit -= unhealthy
            self._scale(each, each.count - unhealthy)
        spare = self._sum(AVAILABLE) - self.least
        for each in active:
            fewer = min(each.count, max(0, spare))
            spare -= fewer
            self._scale(each, each.count - fewer)
        return self._sum() < before

    def _recreate(self) -> None:
        """End all old Pods, and make new ones once these are gone."""
        scaled = [self._scale(each, 0) for each in self.old]
        pods = [pod for each in self.old for pod in self.world.owned(kinds.POD, each.raw)]
        runs = any(get(pod, "status.phase") not in ENDED_PHASES for pod in pods)
        if not any(scaled) and not runs and not any(each.figure("replicas") for each in self.old):
            self._scale(self._require_new(), self.wanted)
            self._clean_up()

    def _is_complete(self) -> bool:
        is_seen = self.status.get("observedGeneration", 0) >= self.raw["metadata"]["generation"]
        figures = {self.status.get(each, 0) for each in ("replicas", UPDATED, AVAILABLE)}
        return is_seen and figures == {self.wanted}

    def _report(self, *, rolls: bool) -> None:
        """Write the figures and the conditions; while it ``rolls`` out, how far it has got, too."""
        before, available = self.status, self._sum(AVAILABLE)
        now = {name: self._sum(name) for name in ("replicas", "readyReplicas", AVAILABLE)}
        now[UPDATED] = self.new.figure("replicas") if self.new else 0
        now["unavailableReplicas"] = max(0, self._sum() - available)
        self.status = {key: before[key] for key in ("conditions", "collisionCount") if key in before}
        self.status |= {key: value for key, value in now.items() if value}
        self.status["observedGeneration"] = self.raw["metadata"]["generation"]
        self.status["terminatingReplicas"] = self._sum("terminatingReplicas")
        reason = "MinimumReplicasAvailable" if available >= self.least else "MinimumReplicasUnavailable"
        self.world.say(self.status, "Available", str(available >= self.least), reason)
        if rolls:
            self._estimate(before)
            newest = [*([self.new] if self.new else []), *self.old]
            said = [lenient.conditions(each.raw.get("status", {})).get("ReplicaFailure") for each in newest]
            failures = [each for each in said if each][:1]
            self.status["conditions"] = [*without(self.status, "ReplicaFailure"), *failures]
        self.world.change(self.raw, self.status, **({"annotations": self.notes} if self.notes else {}))

    def _estimate(self, before: Object) -> None:
        """Say how far the rollout has got since the last status, unless it was over before."""
        now, said = self.status, self._said()
        old, older = (each.get("replicas", 0) - each.get(UPDATED, 0) for each in (now, before))
        grown = any(now.get(each, 0) > before.get(each, 0) for each in (UPDATED, "readyReplicas", AVAILABLE))
        if self.deadline == NO_DEADLINE:
            now["conditions"] = without(now, "Progressing")
        elif said.get("reason") == IS_DONE and not old:
            return
        elif self._is_complete():
            self._progress("True", IS_DONE)
        elif old < older or grown:
            now["conditions"] = without(now, "Progressing")
            self._progress("True", "ReplicaSetUpdated")
            if said.get("status") == "True":
                now["conditions"][-1]["lastTransitionTime"] = said["lastTransitionTime"]
        elif said and said["reason"] not in (IS_DONE, TIMED_OUT) and self._is_late(said):
            self._progress("False", TIMED_OUT, "it has timed out progressing")

    def _is_late(self, said: Object) -> bool:
        return self.world.has_come(moment_of(said["lastUpdateTime"]) + self.deadline + 1)


_AGE = attrgetter("age")


def _part(given: int | str, whole: int, rounded: Callable[[float], int]) -> int:
    """Return a number that may be given as a part of the whole."""
    return given if isinstance(given, int) else rounded(int(given.removesuffix("%")) * whole / 100)


def _template(raw: Object) -> Object:
    metadata = raw["spec"]["template"]["metadata"]
    labels = {key: value for key, value in metadata["labels"].items() if key != HASH}
    return {**raw["spec"]["template"], "metadata": {**metadata, "labels": labels}}
