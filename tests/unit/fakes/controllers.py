"""Kubernetes' own controllers at work on objects in memory, with the nodes that run their Pods.

`settle` has them all work until nothing changes at this time; `wake` says how long that stays so. CronJobs
start nothing. What was refused is tried again at once. An autoscaler acts at once, and has no metrics.
"""

from collections.abc import Callable

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import HPA, ChildKind
from formation_operator.kube.port import Object
from tests.unit.fakes import admission, replica_sets
from tests.unit.fakes.deployments import Rollout
from tests.unit.fakes.jobs import Run
from tests.unit.fakes.kubelet import DELETED, ENDED_PHASES, NEVER, Process, next_of
from tests.unit.fakes.objects import FOREGROUND, Objects, identity_of
from tests.unit.fakes.world import MANAGER, World, get

__all__ = ["Controllers", "Process"]
BY_HPA = MANAGER._replace(subresource="scale")
MOST_ROUNDS = 1000


class Controllers:
    """All controllers, and the nodes."""

    def __init__(
        self, objects: Objects, now: Callable[[], float], behaviour: Callable[[Object], Process]
    ) -> None:
        self.objects, self.world, self.behaviour = objects, World(objects, now), behaviour
        self.quotas: dict[str, int] = {}
        """The most objects of a kind in a namespace."""
        self.refused: set[str] = set()
        """Kinds of which a policy refuses each creation."""
        self._settled: list[object] = []
        """At which version of all objects, time and room nothing was left to do."""
        objects.stamp = self.world.stamp
        objects.admission += [admission.valid, self._permitted]
        self._passes: dict[str, Callable[[Object], None]] = {
            ChildKind.DEPLOYMENT: lambda raw: Rollout(self.world, raw).sync(),
            kinds.REPLICA_SET: lambda raw: replica_sets.sync(self.world, raw),
            kinds.JOB: lambda raw: Run(self.world, raw).sync(),
            kinds.POD: self._run,
            HPA: self._autoscale,
        }

    def settle(self) -> None:
        """Have all work until nothing changes at this time."""
        for _ in range(MOST_ROUNDS):
            before, room = self.objects.version, [sorted(self.quotas.items()), sorted(self.refused)]
            if self._settled == [before, self.world.now(), room]:
                return
            self.world.times.clear()
            self._collect()
            for kind, look in self._passes.items():
                if kind == HPA and self.objects.version != before:
                    break  # an autoscaler looks every 15 seconds, when all else rests mostly
                for raw in self.objects.there(kind):
                    look(raw)
            if self.objects.version == before:
                self._settled = [before, self.world.now(), room]
        raise AssertionError("the controllers never rest")

    def wake(self) -> float | None:
        """Return the seconds until time alone changes something; nothing if it never does."""
        soonest = min(self.world.times, default=NEVER)
        return None if soonest == NEVER else soonest - self.world.now()

    def delete(self, kind: str, namespace: str, name: str, cascade: str = "background") -> None:
        """Delete an object as ``kubectl delete --cascade`` does."""
        raw = self.objects.read(kind, namespace, name)
        if cascade == "foreground":
            self.objects.begin_removal(kind, namespace, name)
            return
        for each in self.objects.everything() if cascade == "orphan" else []:
            owners: list[Object] = get(each, "metadata.ownerReferences", [])
            others = [owner for owner in owners if owner["uid"] != raw["metadata"]["uid"]]
            if others != owners:
                self.world.change(each, ownerReferences=others)
        self.world.delete(raw)

    def _permitted(self, raw: Object, live: Object | None) -> None:
        """Refuse a creation beyond a quota, or by a policy."""
        kind, there = raw["kind"], self.objects.there(raw["kind"], raw["metadata"]["namespace"])
        refused = f'{kind} "{raw["metadata"]["name"]}" is forbidden:'
        used = sum(get(each, "status.phase") not in ENDED_PHASES for each in there)
        if live is None and kind in self.refused:
            raise errors.InvalidError(f"{refused} the policy denied the request")
        if live is None and used >= self.quotas.get(kind, NEVER):
            raise errors.UnavailableError(f"{refused} exceeded quota: used {used} of {self.quotas[kind]}")

    def _collect(self) -> None:
        """Delete what has lost all its owners, and what an owner that is deleted waits for."""
        known = {raw["metadata"]["uid"]: raw["metadata"] for raw in self.objects.everything()}
        for raw in self.objects.everything():
            metadata = raw["metadata"]
            owners = [known.get(each["uid"]) for each in metadata.get("ownerReferences") or []]
            waiting = [owner for owner in owners if owner and FOREGROUND in owner.get("finalizers", ())]
            if not owners or DELETED in metadata or any(owner and owner not in waiting for owner in owners):
                continue
            if waiting and raw["kind"] != kinds.POD:
                self.objects.begin_removal(*identity_of(raw))
            else:  # the Job controller lets go of Pods without a Job
                is_kept = not waiting and metadata.get("finalizers")
                self.world.delete(self.world.change(raw, finalizers=[]) if is_kept else raw)

    def _run(self, pod: Object) -> None:
        """Have a node do what is to be done about a Pod."""
        process = self.behaviour(pod["spec"]["containers"][0])
        at, status = next_of(pod, process, self.world.now())
        if self.world.has_come(at):
            if status is not None:
                self.world.change(pod, status)
            elif not pod["metadata"].get("finalizers"):
                self.objects.remove(*identity_of(pod))

    def _autoscale(self, raw: Object) -> None:
        """Keep a count within an autoscaler's bounds, and report as one without metrics."""
        spec, status, say = raw["spec"], {**raw.get("status", {})}, self.world.say
        target = spec["scaleTargetRef"]["kind"], raw["metadata"]["namespace"], spec["scaleTargetRef"]["name"]
        try:
            found = self.objects.read(*target)
        except errors.NotFoundError:
            say(status, "AbleToScale", "False", "FailedGetScale")
            self.world.change(raw, status)
            return
        is_child = target[0] == ChildKind.DEPLOYMENT
        count = get(found, "spec.replicas" if is_child else "spec.processes.web.replicas", 1)
        wanted = min(max(count, spec.get("minReplicas", 1)), spec["maxReplicas"]) if count else 0
        status["currentReplicas"] = count
        if wanted != count:
            change = {"replicas": wanted} if is_child else {"processes": {"web": {"replicas": wanted}}}
            self.objects.merge(*target, {"spec": change}, by=BY_HPA)
            say(status, "AbleToScale", "True", "SucceededRescale")
            say(status, "ScaledToZero", "False", "NotScaledToZero")
            status |= {"desiredReplicas": wanted, "lastScaleTime": self.world.stamp()}
        else:
            say(status, "AbleToScale", "True", "SucceededGetScale")
            say(status, "ScalingActive", "False", "FailedGetResourceMetric" if count else "ScalingDisabled")
            status |= {} if count else {"desiredReplicas": 0}
        self.world.change(raw, status)
