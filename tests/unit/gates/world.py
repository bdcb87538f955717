"""A Formation in a cluster with controllers and processes, its operator, and time for all of them."""

import asyncio
import unittest
from collections.abc import Callable, Iterator
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.objects.kinds import HPA, ChildKind
from formation_operator.kube.port import Object
from formation_operator.requeue import Lane, Retry
from tests.shared.builders import Manifest, a_formation, a_process
from tests.unit import virtual_time
from tests.unit.fakes import releasing
from tests.unit.fakes.cluster import Call, Incident
from tests.unit.fakes.controllers import BY_HPA, Controllers
from tests.unit.fakes.kubelet import Process
from tests.unit.fakes.objects import KUBECTL
from tests.unit.fakes.operator import Operator
from tests.unit.fakes.releasing import KEY, EndedError
from tests.unit.fakes.shop import WRITES

VERSIONS = {
    "good": Process(1.0, grace=2.0),
    "slow": Process(20.0, grace=2.0),
    "hangs": Process(None),
    "crashes": Process(None, ends_after=1.0),
    "crashes after 8 s": Process(1.0, ends_after=8.0),
    "exits": Process(None, ends_after=2.0, exit_code=0),
}
"""How the processes of a version may behave."""
RELEASES = {
    "succeeds": Process(1.0, ends_after=2.0, exit_code=0),
    "fails": Process(1.0, ends_after=2.0),
    "hangs": Process(1.0, grace=5.0),
}
"""How its release command may."""
GOOD = "good", "succeeds", ""
OPEN: Manifest = {"x-kubernetes-preserve-unknown-fields": True}
MOST_PASSES = 200
"""Passes that follow each other without time between them, before that counts as never resting."""
NEVER = 1e12


def unread(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say that an exception of a task was never read, unless its process has ended: then nobody reads it."""
    if not isinstance(context.get("exception"), EndedError):
        loop.default_exception_handler(context)


class World(releasing.Shop):
    """All that there is; `watch` sees each change, and each pass begins and ends with a call."""

    def __init__(self, *, is_quick: bool = True, **spec: Any) -> None:
        self.is_quick = is_quick
        self.runner = asyncio.Runner(loop_factory=virtual_time.VirtualLoop)
        self.behaviours: dict[str, tuple[str, str, str]] = {}
        """By image: how the processes of one type or of all behave, and its release command."""
        self.runner.get_loop().set_exception_handler(unread)
        self.is_passing = False
        """Whether the operator is at work, so that what changes is its doing."""
        self.is_disturbed = False
        """Whether others have done something during the pass, which it needn't have seen."""
        self.before_pass: Callable[[], object] = lambda: None
        self.after_pass: Callable[[], object] = lambda: None
        self.foreign: dict[tuple[str, str], str] = {}
        """The objects of others with names of children, and their versions."""
        self.verify: Callable[[], object] = lambda: None
        """Raises what doesn't hold."""
        self.next_pass, self.failures = 0.0, 0
        self.restored: Manifest = {}
        """The status that came back with the Formation."""
        self.recreated: set[str] = set()
        """The uids of Deployments whose strategy another client has set."""
        self.has_lost_fields = False
        """Whether nothing says any more who has written the children."""
        self.removed: set[str] = set()
        """The kinds of which somebody has deleted objects: revisions, say, which nobody watches."""
        self.forged: set[str] = set()
        """The revisions that others have made in place of ours: a deploy waits for their end."""
        self.lost: set[str] = set()
        """The fields of a spec that the CRD doesn't know."""
        processes = {"web": a_process("/web", replicas=2, port=80), "worker": a_process(replicas=2)}
        super().__init__(a_formation(image="shop:v1", **{"processes": processes, **spec}))
        self.somebody: dict[str | None, list[Object]] = {None: []}
        """The owners of objects that aren't the Formation's, by kind."""
        for kind in (kinds.LEASE, naming.KIND):
            metadata = {"name": "shop-web"}
            owner = self.cluster.put(kind, {"metadata": metadata, "spec": self.spec, "status": {}})
            about = {**metadata, "uid": owner["metadata"]["uid"], "controller": True}
            self.somebody[kind] = [{"apiVersion": owner["apiVersion"], "kind": kind, **about}]
        self.cluster.admission.append(self.prune)
        self.carry_out = self.cluster._carry_out  # noqa: SLF001
        self.cluster._carry_out = self.carried_out  # type: ignore[method-assign]  # noqa: SLF001
        self.controllers = Controllers(self.cluster, lambda: self.time().timestamp(), self.behaviour)

    def behaviour(self, container: Manifest) -> Process:
        """Return how a container behaves."""
        process, release, name = self.behaviours.get(container.get("image", ""), GOOD)
        if container["name"] == naming.RELEASE:
            return RELEASES[release]
        return VERSIONS[process if name in ("", container["name"]) else GOOD[0]]

    def restart(self) -> None:
        """Have another operator take over, which remembers nothing."""
        if hasattr(self, "operator"):
            self.cluster.watchers.remove(self.operator.see)
        self.operator = Operator(self.cluster, self.time)
        self.next_pass, self.failures = self.time.seconds, 0

    def install_crd(self, lost: set[str]) -> None:
        """Have the CRD be one that doesn't know some fields of a spec: it drops them at each write."""
        self.lost = lost
        known = {field.alias or name for name, field in FormationSpec.model_fields.items()} - lost
        self.cluster.spec_schema = {"properties": dict.fromkeys(known, OPEN)} if lost else OPEN

    def prune(self, raw: Object, live: Object | None) -> None:
        """Drop what the CRD doesn't know from what is about to be stored."""
        for field in self.lost if raw["kind"] == naming.KIND else ():
            raw["spec"].pop(field, None)

    async def carried_out(self, call: Call, answer: Callable[[], Any]) -> Any:
        """Carry out a call of the operator; controllers that are quick react before its next one."""
        found = await self.carry_out(call, answer)
        if self.is_quick and call.verb in WRITES and self.is_passing:
            self.is_passing = False
            self.controllers.settle()
            self.is_passing = True
        return found

    # Passes, and time

    def work(self) -> None:
        """Run passes and controllers until nothing is left to do at this time."""
        for _ in range(MOST_PASSES):
            self.controllers.settle()
            self.verify()
            if not self.is_due():
                return
            self.one_pass()
        raise AssertionError("it never rests")

    def is_due(self) -> bool:
        """Return whether the operator runs a pass now."""
        if (lane := self.operator.due.get(KEY)) is not None:
            self.next_pass = min(self.next_pass, self.time.seconds + lane.delay)
            if lane is Lane.REPORT:  # its second has begun
                del self.operator.due[KEY]
        return self.next_pass <= self.time.seconds

    def one_pass(self) -> None:
        """Run one pass, in which the process may end."""
        self.controllers.settle()
        self.operator.due.pop(KEY, None)
        self.next_pass = NEVER
        self.before_pass()
        self.is_passing = True
        self.is_disturbed = False
        try:
            with unittest.TestCase().assertNoLogs("formation_operator", "ERROR"):  # that would be a bug
                result = self.runner.run(self.operator.run(KEY))
        except (EndedError, BaseExceptionGroup):
            self.restart()
            return
        finally:
            self.is_passing = False
        self.after_pass()
        waits = [] if result.requeue is None else [result.requeue.after]
        self.failures = 0 if result.retry is Retry.NONE else self.failures + 1
        waits += [min(2.0 ** min(self.failures, 9), 300.0)] if self.failures else []
        self.next_pass = min([NEVER, *(self.time.seconds + each for each in waits)])

    def wait(self, seconds: float) -> None:
        """Have time pass, in which all go on with what they do."""
        end = self.time.seconds + seconds
        while True:
            self.work()
            wake = self.controllers.wake()
            at = min(self.next_pass, NEVER if wake is None else self.time.seconds + max(wake, 0.01))
            if at > end:
                break
            self.time.seconds = max(at, self.time.seconds + 0.01)
        self.time.seconds = end
        self.work()

    # What is there

    def processes(self) -> Iterator[tuple[str, Object]]:
        """Yield each Pod that a Deployment of the Formation runs, with the name of the Deployment's type."""
        for raw in self.cluster.there(kinds.POD, labels=naming.PROCESS_TYPE_LABEL):
            if lenient.controller(raw["metadata"]).get("kind") == kinds.REPLICA_SET:
                of = of_canary(raw)
                yield naming.canary(of) if of else raw["metadata"]["labels"][naming.PROCESS_TYPE_LABEL], raw

    def ready(self) -> set[tuple[str, "Template"]]:
        """Return what the processes run that are ready, with the names of their Deployments' types."""
        return {(name, template_of(raw)) for name, raw in self.processes() if is_ready(raw)}

    def replica_sets(self, name: str) -> Iterator[Object]:
        """Yield the ReplicaSets of a type that are to have processes."""
        for raw in self.cluster.there(kinds.REPLICA_SET, labels=f"{naming.PROCESS_TYPE_LABEL}={name}"):
            if raw["spec"]["replicas"] and not of_canary(raw):
                yield raw

    def children(self) -> dict[tuple[str, str], Object]:
        """Return the children by kind, and type or schedule, but for the objects of others."""
        found = [(str(kind), raw) for kind in ChildKind for raw in self.cluster.there(kind)]
        named = {(kind, raw["metadata"]["name"]): raw for kind, raw in found}
        ours = {key: raw for key, raw in named.items() if key not in self.foreign and key[1] != THEIRS}
        return {(kind, name.removeprefix("shop-")): raw for (kind, name), raw in ours.items()}

    def deployment(self, name: str) -> Object | None:
        """Return the Deployment of a type or of a canary, if there is one."""
        return self.object(ChildKind.DEPLOYMENT, f"shop-{name}")

    def own(self, name: str) -> Object | None:
        """Return the Deployment of a type or of a canary, unless it is somebody else's."""
        return self.children().get((ChildKind.DEPLOYMENT, name))

    def object(self, kind: str, name: str) -> Object | None:
        """Return an object, if it is there."""
        return next((raw for raw in self.cluster.there(kind) if raw["metadata"]["name"] == name), None)

    def endpoints(self, name: str) -> int:
        """Return how many ready processes the Service of a type finds."""
        service = self.object(ChildKind.SERVICE, f"shop-{name}")
        if service is None:
            return 0
        selector = service["spec"]["selector"].items()
        ready = filter(is_ready, self.cluster.there(kinds.POD))
        return sum(selector <= raw["metadata"]["labels"].items() for raw in ready)

    @property
    def formation(self) -> Object:
        """The Formation as it is stored."""
        return self.cluster.read(naming.KIND, *KEY)

    @property
    def generation(self) -> int:
        """Of the Formation."""
        return int(self.formation["metadata"]["generation"])

    def is_calm(self, but: str = "") -> bool:
        """Return whether nothing is refused, and nothing fails but calls of a verb about the Formation."""
        others = [each for each in self.cluster.incidents if (each.verb, each.kind) != (but, naming.KIND)]
        return not (others or self.controllers.quotas or self.controllers.refused or self.lost or self.forged)

    def fails_alone(self, verb: str) -> bool:
        """Return whether nothing fails but calls of a verb about the Formation, and nothing is refused."""
        return self.is_calm(verb) and bool(self.cluster.incidents)

    # What happens

    def fails(self, calls: int, incident: Incident) -> None:
        """Have something happen to the operator's next call but so many."""
        self.cluster.incidents += [*(Incident() for _ in range(calls)), incident]

    def meanwhile(self, calls: int, happens: Callable[[], Any]) -> None:
        """Have others do something just before the operator's next call but so many is carried out."""

        def by_others() -> None:
            self.is_disturbed = before = self.is_passing
            self.is_passing = False
            happens()
            self.is_passing = before

        self.fails(calls, Incident(meanwhile=by_others))

    def take_name(self, name: str, kind: str, owner: str | None) -> None:
        """Have others make an object with the name of a child; one of another Formation is labelled alike."""
        ours = {naming.FORMATION_LABEL: "shop-web", naming.PROCESS_TYPE_LABEL: "canary"}
        labels = ours if owner == naming.KIND else {"app": "other"}
        metadata = {"labels": labels, "ownerReferences": self.somebody[owner], "managedFields": []}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "other", "image": "o"}]}}
        about = {"replicas": 0, "selector": {"matchLabels": labels}, "strategy": {"type": "Recreate"}}
        spec = {**about, "template": template} if kind == "Deployment" else {"selector": labels}
        self.foreign[kind, name] = ""
        try:
            self.cluster.put(kind, {"metadata": {"name": name, **metadata}, "spec": spec})
        except errors.ClusterError:
            del self.foreign[kind, name]
            raise
        self.controllers.settle()
        self.foreign[kind, name] = self.cluster.read(kind, "default", name)["metadata"]["resourceVersion"]

    def autoscale(self, name: str, count: int) -> None:
        """Have an autoscaler of the type, if there is one, set a count as it would."""
        deployment, scalers = self.deployment(name), [*self.scalers(name)]
        if deployment is None or not scalers:
            return
        kind, spec = scalers[-1]
        if kind == HPA:
            count = max(spec.get("minReplicas", 1), min(spec["maxReplicas"], count))
        if kind == kinds.SCALED_OBJECT or count_of(deployment):
            change = {"spec": {"replicas": count}}
            self.cluster.merge("Deployment", "default", f"shop-{name}", change, by=BY_HPA)

    def scalers(self, name: str) -> Iterator[tuple[str, Object]]:
        """Yield kind and spec of each autoscaler of a type."""
        for kind in kinds.AUTOSCALERS:
            for raw in self.cluster.there(kind):
                if raw["spec"]["scaleTargetRef"]["name"] == f"shop-{name}":
                    yield kind, raw["spec"]

    def set_image(self, deployment: Object, image: str) -> None:
        """Have another client set the image of a Deployment."""
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        self.edit(deployment, template={"spec": {"containers": [{**container, "image": image}]}})

    def edit(self, deployment: Object, **spec: Any) -> None:
        """Have another client change fields of a Deployment's spec."""
        self.cluster.merge("Deployment", "default", deployment["metadata"]["name"], {"spec": spec})

    def recreates(self, deployment: Object | None) -> bool:
        """Return whether the operator has a Deployment end its old processes before new ones start."""
        if deployment is None or deployment["spec"]["strategy"]["type"] != "Recreate":
            return False
        return not self.has_edited(deployment)

    def has_edited(self, deployment: Object) -> bool:
        """Return whether another client has had a Deployment end its old processes first."""
        return deployment["metadata"]["uid"] in self.recreated

    def seems_single(self, deployment: Object | None) -> bool:
        """Return whether it counts as a singleton's where nothing says any more who has written it."""
        return deployment is not None and self.has_edited(deployment) and count_of(deployment) < 2

    def remove(self, kind: str, name: str = "") -> None:
        """Have somebody delete an object, or all of a kind, but for those of others."""
        self.removed.add(kind)
        for raw in self.cluster.all(kind):
            own = raw["metadata"]["name"]
            if own == (name or own) and (kind, own) not in self.foreign:
                self.cluster.remove(kind, "default", own)

    def make_again(self, kept: set[str]) -> None:
        """Have the Formation be made again over what is kept of its status, revisions and children."""
        formation = self.formation
        self.controllers.delete(naming.KIND, *KEY, cascade="orphan")
        for kind in {kind for kind, part in PARTS.items() if part not in kept}:
            self.remove(kind)
        self.has_lost_fields |= "fields" not in kept
        for kind in () if "fields" in kept else CHILDREN:
            for raw in self.cluster.all(kind):
                if (kind, raw["metadata"]["name"]) not in self.foreign:
                    metadata = {**raw["metadata"], "managedFields": []}
                    self.cluster.replace({**raw, "metadata": metadata}, by=KUBECTL)
        status = {"status": formation["status"]} if "status" in kept and "status" in formation else {}
        self.restored = status.get("status", {})
        about = {"name": "shop", "namespace": "default", "generation": 1}
        self.cluster.put(naming.KIND, {"spec": formation["spec"], **status, "metadata": about})


THEIRS = "theirs"
"""The name of an autoscaler that somebody else makes."""
PARTS = {kinds.CONTROLLER_REVISION: "revisions", kinds.JOB: "jobs", "Deployment": "children"}
"""What a restore may leave out, by kind."""
CHILDREN = (*ChildKind, kinds.CONTROLLER_REVISION, kinds.JOB)


def is_ready(raw: Object) -> bool:
    """Return whether a Pod is ready, and stays."""
    said = lenient.conditions(raw.get("status", {})).get("Ready", {})
    return said.get("status") == "True" and "deletionTimestamp" not in raw["metadata"]


def of_canary(pod: Object) -> str:
    """Return the type of whose canary a Pod, a Pod template or a ReplicaSet is; nothing if it is none."""
    labels = pod["metadata"]["labels"]
    is_one = labels.get(naming.TRACK_LABEL) == naming.CANARY
    return labels[naming.PROCESS_TYPE_LABEL] if is_one else ""


def count_of(deployment: Object | None) -> int:
    """Return the count of a Deployment; 0 without one."""
    return 0 if deployment is None else int(deployment["spec"].get("replicas", 1))


Key = tuple[str, bool, str]
"""What a release command is given: the image, whether the label is shared, and the variable."""
Template = tuple[Key, tuple[str, ...]]
"""What tells versions apart here: what a release is given, too, and a process's command."""
SHARED = "all"
"""The label of all processes where a podTemplate says so."""
VARIABLE = "MOOD"


def template_of(pod: Object) -> Template:
    """Return what a Pod, or a Pod template, runs."""
    container, labels = pod["spec"]["containers"][0], pod["metadata"]["labels"]
    is_shared = labels.get(naming.COMPONENT_LABEL) == SHARED
    key = container.get("image", ""), is_shared, _value(container)
    return key, tuple(container.get("command", ()))


def key_of(spec: Object) -> Key:
    """Return what the release command of a spec is given."""
    return spec["image"], "podTemplate" in spec, _value(spec)


def templates_in(spec: Object) -> dict[str, Template]:
    """Return what each type of a spec is to run."""
    return {name: (key_of(spec), tuple(each["command"])) for name, each in spec["processes"].items()}


def children_in(spec: Object) -> set[tuple[str, str]]:
    """Return kind, and type or schedule, of each object that a spec asks for."""
    found = {(ChildKind.CRON_JOB, name) for name in spec.get("schedules", {})}
    for name, each in spec["processes"].items():
        found |= {(kind, name) for kind, field in FIELDS.items() if field in each}
    return {(str(kind), name) for kind, name in found}


FIELDS = {
    ChildKind.DEPLOYMENT: "command",
    ChildKind.SERVICE: "port",
    ChildKind.POD_DISRUPTION_BUDGET: "disruptionBudget",
    ChildKind.HORIZONTAL_POD_AUTOSCALER: "autoscaling",
}
"""By kind: the field of a type without which there is no such object."""


def _value(given: Object) -> str:
    """Return the value of the variable that a spec or a container sets."""
    return "".join(each.get("value", "") for each in given.get("env", ()) if each["name"] == VARIABLE)
