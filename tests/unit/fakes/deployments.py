"""One pass of Kubernetes' Deployment controller, as ``pkg/controller/deployment`` has it."""

import hashlib
import json
import math
from typing import Any

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Object
from tests.unit.fakes.kubelet import ENDED_PHASES, NEVER, moment_of
from tests.unit.fakes.world import DELETED, MANAGER, World, say, without

HASH = "pod-template-hash"
OURS = "deployment.kubernetes.io/"
REVISION, DESIRED, MOST = f"{OURS}revision", f"{OURS}desired-replicas", f"{OURS}max-replicas"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LARGEST = 2**31 - 1
"""As a deadline: there is none."""
TIMED_OUT = "ProgressDeadlineExceeded"


class Rollout:
    """A Deployment, and its ReplicaSets: the one of its template, and the others, the oldest first."""

    def __init__(self, world: World, raw: Object) -> None:
        self.world, self.raw, self.spec = world, raw, raw["spec"]
        self.status = {**raw.get("status", {})}
        self.annotations = {**(raw["metadata"].get("annotations") or {})}
        self.wanted: int = self.spec.get("replicas", 1)
        strategy = lenient.mapping(self.spec, "strategy")
        self.recreates = strategy.get("type") == "Recreate"
        self.surge, self.unavailable = fenceposts(lenient.mapping(strategy, "rollingUpdate"), self.wanted)
        if self.recreates:
            self.surge = self.unavailable = 0
        deadline = self.spec.get("progressDeadlineSeconds", 600)
        self.deadline = NEVER if deadline == LARGEST else deadline
        found = sorted(world.claimed(kinds.REPLICA_SET, raw), key=_age)
        self.new = next((each for each in found if _template(each) == _template(raw)), None)
        self.old = [each for each in found if each is not self.new]

    @property
    def every(self) -> list[Object]:
        """All its ReplicaSets."""
        return [*self.old, *([self.new] if self.new else [])]

    def sync(self) -> None:
        """Do what is to be done now."""
        self._note_revision()
        if DELETED in self.raw["metadata"]:
            self._report()
            return
        self._note_pause()
        counts = {_notes(each).get(DESIRED) for each in self.every if _count(each)} - {None}
        if self.spec.get("paused") or counts - {str(self.wanted)}:
            self._resize()
            if self.spec.get("paused"):
                self._clean_up()
            self._report()
            return
        try:
            self._recreate() if self.recreates else self._roll()
        except errors.ClusterError as error:
            self._progress("False", "ReplicaSetCreateError", f"Failed to create new replica set: {error}")
            self.world.report(self.raw, self.status)
        else:
            self._report(rolls=True)

    def _progress(self, holds: str, reason: str, message: str) -> None:
        if self.deadline < NEVER:
            said = (holds, reason, message, self.world.stamp())
            say(self.status, "Progressing", *said, timed="lastUpdateTime")

    def _note_pause(self) -> None:
        said = lenient.conditions(self.status).get("Progressing", {}).get("reason")
        paused = self.spec.get("paused") is True
        if said != TIMED_OUT and paused != (said == "DeploymentPaused"):
            word = "paused" if paused else "resumed"
            self._progress("Unknown", f"Deployment{word.title()}", f"Deployment is {word}")

    def _note_revision(self) -> None:
        """Give the newest revision to the ReplicaSet of the template, and then to the Deployment."""
        if self.new is None:
            return
        noted = {**_notes(self.new), **self._copied()}
        noted[REVISION] = str(max(int(noted.get(REVISION, 0)), self._revision()))
        seconds = self.spec.get("minReadySeconds", 0)
        if noted != _notes(self.new) or self.new["spec"].get("minReadySeconds", 0) != seconds:
            self.new["metadata"]["annotations"] = noted
            self.new["spec"]["minReadySeconds"] = seconds
            self.world.objects.replace(self.new, by=MANAGER)
            return
        self.annotations[REVISION] = noted[REVISION]
        if "Progressing" not in lenient.conditions(self.status):
            self._progress("True", "FoundNewReplicaSet", "Found new replica set")

    def _copied(self) -> dict[str, str]:
        return {
            key: value
            for key, value in self.annotations.items()
            if not key.startswith(OURS) and key != LAST_APPLIED
        }

    def _revision(self) -> int:
        return 1 + max((int(_notes(each).get(REVISION, 0)) for each in self.old), default=0)

    def _require_new(self) -> Object:
        """Return the ReplicaSet of the template; if there is none, it is made."""
        if self.new is not None:
            return self.new
        about, template = self.raw["metadata"], self.spec["template"]
        taken = {
            raw["metadata"]["name"] for raw in self.world.objects.there(kinds.REPLICA_SET, about["namespace"])
        }
        while (name := f"{about['name']}-{(digest := self._hash())}") in taken:
            self.status["collisionCount"] = self.status.get("collisionCount", 0) + 1
        labels = {**template["metadata"]["labels"], HASH: digest}
        metadata = {**template["metadata"], "labels": labels}
        spec = {
            "replicas": self.wanted if self.recreates else min(self.wanted, max(0, self._room())),
            "minReadySeconds": self.spec.get("minReadySeconds", 0),
            "selector": {"matchLabels": {**self.spec["selector"]["matchLabels"], HASH: digest}},
            "template": {**template, "metadata": metadata},
        }
        revision = str(self._revision())
        notes = {**self._copied(), REVISION: revision, **self._sizes()}
        made = {"metadata": {"labels": labels, "annotations": notes}, "spec": spec}
        self.new = self.world.make(kinds.REPLICA_SET, self.raw, name, made)
        self.annotations[REVISION] = revision
        self._progress("True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
        return self.new

    def _hash(self) -> str:
        hashed = json.dumps([self.spec["template"], self.status.get("collisionCount")], sort_keys=True)
        return hashlib.sha256(hashed.encode()).hexdigest()[:10]

    def _sizes(self) -> dict[str, str]:
        return {DESIRED: str(self.wanted), MOST: str(self.wanted + self.surge)}

    def _room(self) -> int:
        """Return how many more Pods there may be."""
        return self.wanted + self.surge - sum(map(_count, self.every))

    def _scale(self, each: Object, count: int, *, noting: bool = False) -> bool:
        """Give a ReplicaSet a count, and return whether that is another one."""
        is_other = _count(each) != count
        noted = {**_notes(each), **self._sizes()}
        if is_other or (noting and noted != _notes(each)):
            each["metadata"]["annotations"], each["spec"]["replicas"] = noted, count
            self.world.objects.replace(each, by=MANAGER)
        return is_other

    def _resize(self) -> None:
        """Spread a new count over the ReplicaSets, as far as they run."""
        active = [each for each in self.every if _count(each)]
        if len(active) < 2:
            for each in (active or self.every)[-1:]:
                self._scale(each, self.wanted)
        elif self.new is not None and self._is_saturated(self.new):
            for each in self.old:
                self._scale(each, 0)
        elif not self.recreates:
            self._spread(active)

    def _is_saturated(self, new: Object) -> bool:
        is_noted = _notes(new).get(DESIRED) == str(self.wanted)
        return is_noted and _count(new) == self.wanted == _figure(new, "availableReplicas")

    def _spread(self, active: list[Object]) -> None:
        more = (self.wanted + self.surge if self.wanted else 0) - sum(map(_count, active))
        ordered = sorted(sorted(active, key=_age, reverse=more > 0), key=_count, reverse=True)
        sizes = [_count(each) for each in ordered]
        left = more
        for place, each in enumerate(ordered):
            part = min(self._part(each), left) if more > 0 else max(self._part(each), left)
            part = part if left else 0
            sizes[place] += part
            left -= part
        sizes[0] = max(0, sizes[0] + left)
        for each, size in zip(ordered, sizes, strict=True):
            self._scale(each, size, noting=True)

    def _part(self, each: Object) -> int:
        """Return by how much a ReplicaSet has to change to keep its part of the whole."""
        if not self.wanted:
            return -_count(each)
        before = int(_notes(each).get(MOST, 0)) or self.status.get("replicas", 0)
        size = _count(each) * (self.wanted + self.surge) / before if before else _count(each)
        return int(size + 0.5) - _count(each)

    def _clean_up(self) -> None:
        """Delete the oldest ReplicaSets beyond those that are kept, as far as they are empty."""
        kept = self.spec.get("revisionHistoryLimit", 10)
        by_revision = sorted(self.old, key=lambda each: int(_notes(each).get(REVISION, 0)))
        for each in by_revision[: max(0, len(by_revision) - kept)]:
            is_seen = _figure(each, "observedGeneration") >= each["metadata"]["generation"]
            if is_seen and not _count(each) and not _figure(each, "replicas"):
                self.world.delete(each)

    def _roll(self) -> None:
        """Make or end some Pods, so that there are neither too many nor too few at any time."""
        new = self._require_new()
        count = _count(new)
        if self._scale(new, min(self.wanted, count + max(0, self._room()))):
            return
        active = [each for each in self.old if _count(each)]
        least = self.wanted - self.unavailable
        unproven = count - _figure(new, "availableReplicas")
        limit = sum(map(_count, self.every)) - least - unproven
        if active and limit > 0 and self._shrink(active, limit, least):
            return
        if self._is_complete(self.status):
            self._clean_up()

    def _shrink(self, active: list[Object], limit: int, least: int) -> bool:
        before = sum(map(_count, active))
        for each in active:
            unhealthy = min(limit, max(0, _count(each) - _figure(each, "availableReplicas")))
            limit -= unhealthy
            self._scale(each, _count(each) - unhealthy)
        spare = sum(_figure(each, "availableReplicas") for each in self.every) - least
        for each in active:
            fewer = min(_count(each), max(0, spare))
            spare -= fewer
            self._scale(each, _count(each) - fewer)
        return sum(map(_count, active)) < before

    def _recreate(self) -> None:
        """End all old Pods, and make new ones once these are gone."""
        active = [each for each in self.old if _count(each)]
        for each in active:
            self._scale(each, 0)
        pods = [pod for each in self.old for pod in self.world.owned(kinds.POD, each)]
        runs = any(pod.get("status", {}).get("phase") not in ENDED_PHASES for pod in pods)
        if active or runs or any(_figure(each, "replicas") for each in self.old):
            return
        self._scale(self._require_new(), self.wanted)
        if self._is_complete(self.status):
            self._clean_up()

    def _is_complete(self, status: Object) -> bool:
        figures = ("updatedReplicas", "replicas", "availableReplicas")
        is_seen = status.get("observedGeneration", 0) >= self.raw["metadata"]["generation"]
        return is_seen and all(status.get(each, 0) == self.wanted for each in figures)

    def _report(self, *, rolls: bool = False) -> None:
        """Write the figures and the conditions; while it ``rolls`` out, how far it has got, too."""
        totals = {name: sum(_figure(each, name) for each in self.every) for name in SUMMED}
        totals["updatedReplicas"] = _figure(self.new, "replicas") if self.new else 0
        available = totals["availableReplicas"]
        totals["unavailableReplicas"] = max(0, sum(map(_count, self.every)) - available)
        totals["observedGeneration"] = self.raw["metadata"]["generation"]
        ending = sum(_figure(each, "terminatingReplicas") for each in self.every)
        before = self.status
        self.status = {key: before[key] for key in ("conditions", "collisionCount") if key in before}
        self.status |= {key: value for key, value in totals.items() if value}
        self.status["terminatingReplicas"] = ending
        enough = available >= self.wanted - self.unavailable
        reason = "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
        said = (reason, f"Deployment has {'' if enough else 'not '}minimum availability.")
        say(self.status, "Available", str(enough), *said, self.world.stamp(), timed="lastUpdateTime")
        if rolls:
            self._estimate(before)
            self._tell_failures()
        self.world.report(self.raw, self.status, self.annotations)

    def _estimate(self, before: Object) -> None:
        """Say how far the rollout has got since the last status, unless it was over before."""
        if self.deadline == NEVER:
            self.status["conditions"] = without(self.status, "Progressing")
            return
        said = lenient.conditions(self.status).get("Progressing", {})
        now = self.status
        was_over = now.get("replicas", 0) == now.get("updatedReplicas", 0)
        if was_over and said.get("reason") == "NewReplicaSetAvailable":
            return
        if self._is_complete(now):
            self._progress("True", "NewReplicaSetAvailable", "ReplicaSet has successfully progressed.")
        elif _has_progressed(before, now):
            now["conditions"] = without(now, "Progressing")
            self._progress("True", "ReplicaSetUpdated", "ReplicaSet is progressing.")
            if said.get("status") == "True":
                now["conditions"][-1]["lastTransitionTime"] = said["lastTransitionTime"]
        elif self._is_late(said):
            self._progress("False", TIMED_OUT, "ReplicaSet has timed out progressing.")

    def _is_late(self, said: Object) -> bool:
        if not said or said["reason"] in ("NewReplicaSetAvailable", TIMED_OUT):
            return False
        return self.world.has_come(moment_of(said["lastUpdateTime"]) + self.deadline + 1)

    def _tell_failures(self) -> None:
        """Say why Pods can't be made, for the newest ReplicaSet that says so."""
        self.status["conditions"] = without(self.status, "ReplicaFailure")
        ordered = [*([self.new] if self.new else []), *self.old]
        found = [lenient.conditions(each.get("status", {})).get("ReplicaFailure") for each in ordered]
        failures = [each for each in found if each]
        if failures:
            said = {**failures[0], "lastUpdateTime": failures[0]["lastTransitionTime"]}
            self.status["conditions"].append(said)


SUMMED = ("replicas", "readyReplicas", "availableReplicas")


def fenceposts(rolling: Object, wanted: int) -> tuple[int, int]:
    """Return how many Pods there may be more, and how many fewer."""
    surge = _scaled(rolling.get("maxSurge", "25%"), wanted, math.ceil)
    unavailable = _scaled(rolling.get("maxUnavailable", "25%"), wanted, math.floor)
    if not surge and not unavailable:
        unavailable = 1
    return surge, min(unavailable, wanted)


def _scaled(given: int | str, whole: int, rounded: Any) -> int:
    return given if isinstance(given, int) else int(rounded(int(given.removesuffix("%")) * whole / 100))


def _has_progressed(before: Object, now: Object) -> bool:
    def old(status: Object) -> int:
        return int(status.get("replicas", 0) - status.get("updatedReplicas", 0))

    grown = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old(now) < old(before) or any(now.get(each, 0) > before.get(each, 0) for each in grown)


def _template(raw: Object) -> Object:
    template = raw["spec"]["template"]
    labels = {key: value for key, value in template["metadata"]["labels"].items() if key != HASH}
    return {**template, "metadata": {**template["metadata"], "labels": labels}}


def _age(each: Object) -> tuple[str, str]:
    return each["metadata"]["creationTimestamp"], each["metadata"]["name"]


def _notes(each: Object) -> dict[str, str]:
    return each["metadata"].get("annotations") or {}


def _count(each: Object) -> int:
    return int(each["spec"].get("replicas", 1))


def _figure(each: Object, name: str) -> int:
    return int(each.get("status", {}).get(name, 0))
