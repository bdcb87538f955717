"""Kubernetes' own controllers at work on objects in memory, with the nodes that run their Pods.

`settle` has them all work until nothing changes at this time; `wake` says how long that stays so. CronJobs
start nothing. An autoscaler acts at once, and has no metrics.
"""

from collections.abc import Callable

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.objects.kinds import HPA, ChildKind
from formation_operator.kube.port import Object
from tests.unit.fakes import admission, replica_sets
from tests.unit.fakes.deployments import Rollout
from tests.unit.fakes.kubelet import ENDED_PHASES, NEVER, Process, next_of
from tests.unit.fakes.objects import FOREGROUND, Objects, identity_of
from tests.unit.fakes.runs import Run
from tests.unit.fakes.world import DELETED, MANAGER, World, say

BY_HPA = MANAGER._replace(subresource="scale")
COUNTS = {ChildKind.DEPLOYMENT: ("spec", "replicas"), "Formation": ("spec", "processes", "web", "replicas")}
MOST_ROUNDS = 1000


class Controllers:
    """All controllers, and the nodes."""

    def __init__(
        self, objects: Objects, now: Callable[[], float], behaviour: Callable[[str], Process]
    ) -> None:
        self.world = World(objects, now)
        self.behaviour = behaviour
        self.quotas: dict[str, int] = {}
        """The most objects of a kind in a namespace."""
        self.refused: set[str] = set()
        """Kinds of which a policy refuses each creation."""
        objects.stamp = self.world.stamp
        objects.admission += [admission.valid, self._permitted]

    def settle(self) -> None:
        """Have all work until nothing changes at this time."""
        objects = self.world.objects
        for _ in range(MOST_ROUNDS):
            before = objects.version
            self.world.times.clear()
            self._collect()
            for kind, sync in (
                (HPA, self._autoscale),
                (ChildKind.DEPLOYMENT, lambda raw: Rollout(self.world, raw).sync()),
                (kinds.REPLICA_SET, lambda raw: replica_sets.sync(self.world, raw)),
                (kinds.JOB, lambda raw: Run(self.world, raw).sync()),
                (kinds.POD, self._run),
            ):
                for raw in objects.there(kind):
                    sync(raw)
            if objects.version == before:
                return
        raise AssertionError("the controllers never rest")

    def wake(self) -> float | None:
        """Return the seconds until time alone changes something; nothing if it never does."""
        times = [each for each in self.world.times if each < NEVER]
        return min(times) - self.world.now() if times else None

    def delete(self, kind: str, namespace: str, name: str, cascade: str = "background") -> None:
        """Delete an object as ``kubectl delete --cascade`` does, Pods with the time that they take."""
        objects = self.world.objects
        raw = objects.read(kind, namespace, name)
        if cascade == "foreground":
            objects.begin_removal(kind, namespace, name)
            return
        for each in objects.everything() if cascade == "orphan" else []:
            owners = each["metadata"].get("ownerReferences") or []
            others = [owner for owner in owners if owner["uid"] != raw["metadata"]["uid"]]
            if others != owners:
                metadata = {**each["metadata"], "ownerReferences": others}
                objects.replace({**each, "metadata": metadata}, by=MANAGER)
        self.world.delete(raw)

    def _permitted(self, raw: Object, live: Object | None) -> None:
        """Refuse a creation beyond a quota, or by a policy."""
        kind, about = raw["kind"], raw["metadata"]
        if live is not None:
            return
        if kind in self.refused:
            raise errors.InvalidError(f'{kind} "{about["name"]}" is forbidden: the policy denied the request')
        there = self.world.objects.there(kind, about["namespace"])
        used = sum(each.get("status", {}).get("phase") not in ENDED_PHASES for each in there)
        if used >= self.quotas.get(kind, used + 1):
            message = f"exceeded quota: quota, requested: 1, used: {used}, limited: {self.quotas[kind]}"
            raise errors.UnavailableError(f'{kind} "{about["name"]}" is forbidden: {message}')

    def _collect(self) -> None:
        """Delete what has lost all its owners, and what an owner that is deleted waits for."""
        objects = self.world.objects
        known = {raw["metadata"]["uid"]: raw["metadata"] for raw in objects.everything()}
        for raw in objects.everything():
            metadata = raw["metadata"]
            owners = [known.get(each["uid"]) for each in metadata.get("ownerReferences") or []]
            waiting = [owner for owner in owners if owner and FOREGROUND in owner.get("finalizers", ())]
            if not owners or DELETED in metadata or any(owner and owner not in waiting for owner in owners):
                continue
            if waiting and raw["kind"] != kinds.POD:
                objects.begin_removal(*identity_of(raw))
                continue
            # The Job controller lets go of Pods without a Job.
            free = raw if waiting else {**raw, "metadata": {**metadata, "finalizers": []}}
            self.world.delete(objects.replace(free, by=MANAGER) if metadata.get("finalizers") else raw)

    def _run(self, pod: Object) -> None:
        """Have a node do what is to be done about a Pod."""
        process = self.behaviour(pod["spec"]["containers"][0]["image"])
        at, status = next_of(pod, process, self.world.now())
        if self.world.has_come(at):
            if status is not None:
                self.world.report(pod, status)
            elif not pod["metadata"].get("finalizers"):
                self.world.objects.remove(*identity_of(pod))

    def _autoscale(self, raw: Object) -> None:
        """Keep a count within an autoscaler's bounds, and report as one without metrics."""
        objects, spec, status = self.world.objects, raw["spec"], {**raw.get("status", {})}
        target, namespace, at = spec["scaleTargetRef"], raw["metadata"]["namespace"], self.world.stamp()
        path = COUNTS.get(target["kind"], ())
        try:
            found = objects.read(target["kind"], namespace, target["name"])
            count = lenient.mapping(found, *path[:-1]).get(path[-1], 1)
        except (errors.NotFoundError, IndexError):
            say(status, "AbleToScale", "False", "FailedGetScale", "unable to get the scale", at)
            self.world.report(raw, status)
            return
        wanted = min(max(count, spec.get("minReplicas", 1)), spec["maxReplicas"]) if count else 0
        status |= {"currentReplicas": count}
        if wanted != count:
            change: Object = {path[-1]: wanted}
            for step in reversed(path[:-1]):
                change = {step: change}
            objects.merge(target["kind"], namespace, target["name"], change, by=BY_HPA)
            say(status, "AbleToScale", "True", "SucceededRescale", f"new size: {wanted}", at)
            say(status, "ScaledToZero", "False", "NotScaledToZero", "did not scale to zero", at)
            status |= {"desiredReplicas": wanted, "lastScaleTime": at}
        else:
            say(status, "AbleToScale", "True", "SucceededGetScale", "able to get the scale", at)
            reason = "FailedGetResourceMetric" if count else "ScalingDisabled"
            say(status, "ScalingActive", "False", reason, "unable to compute the replica count", at)
            status |= {} if count else {"desiredReplicas": 0}
        self.world.report(raw, status)
