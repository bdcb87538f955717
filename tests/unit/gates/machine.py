"""What people, clusters and time do to a Formation, in any order: a machine that walks everywhere.

Each rule is one thing that happens. A story that breaks what the ledger holds is shrunk and printed as the
calls of these rules: that text repeats it.
"""

import contextlib
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import HPA
from tests.builders import Manifest, a_process
from tests.unit.fakes import json_patch
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.releasing import KEY, RELEASE
from tests.unit.fakes.shop import WRITES
from tests.unit.gates.holes import CANARIES, HOLES
from tests.unit.gates.ledger import Ledger
from tests.unit.gates.world import GOOD, RELEASES, SHARED, THEIRS, VARIABLE, VERSIONS, World

TYPES = st.sampled_from(["web", "worker"])
COUNTS = st.sampled_from([0, 1, 2, 5])
SECONDS = st.sampled_from([1, 5, 40, 70, 700])
ERRORS = {
    "unavailable": errors.UnavailableError("the server doesn't answer"),
    "conflict": errors.ConflictError("the object has been modified"),
    "forbidden": errors.ForbiddenError("no right"),
}
PLACES = ["Pod", "Deployment", "Job", kinds.CONTROLLER_REVISION]
LOSSES = ["Deployment", "Service", "Job", "Pod", "CronJob", kinds.CONTROLLER_REVISION]
CANARY, NONE = {"seconds": 10}, {"seconds": 0}
BOUNDS = {"minReplicas": 1, "maxReplicas": 3}
NIGHTLY: Manifest = {"schedule": "@daily", "command": ["/shop", "report"]}


class Gates(RuleBasedStateMachine):
    """A world, and what happens to it."""

    def __init__(self, known: Iterable[str] = HOLES) -> None:
        """Take the holes that are known: no story goes there."""
        super().__init__()
        self.known = {name.split(":")[0] for name in known}
        self.versions = 1
        self.world: World

    @initialize(canary=st.booleans(), release=st.booleans(), is_quick=st.booleans(), has_more=st.booleans())
    def begin(
        self, canary: bool = True, release: bool = False, is_quick: bool = True, has_more: bool = False
    ) -> None:
        """Have an app, perhaps with a type and a schedule that may be removed."""
        spec = {"canary": CANARY if canary else NONE, **({"release": RELEASE} if release else {})}
        self.world = World(is_quick=is_quick, **spec)
        self.ledger = Ledger(self.world, self.known)
        if has_more:
            self.change_type("extra", has_all=True)
            self.change_schedule("nightly")
        self.world.work()
        self.world.wait(70)

    def play(self, *story: tuple[Any, ...]) -> None:
        """Have a story happen: each step is a rule, and what it is given."""
        for name, *given in story:
            getattr(self, name)(*given)

    def declare(self, **change: Any) -> None:
        """Have somebody change the spec, unless the CRD's rules refuse that."""
        types = json_patch.merged(self.ledger.spec, change)["processes"].values()
        ones = [each for each in types if each.get("singleton")]
        if any(each.get("replicas", 0) > 1 or "autoscaling" in each for each in ones):
            return
        self.world.declare(**change)
        self.ledger.declared(change)

    def is_refused(self, name: str) -> bool:
        """Return whether the CRD refuses a name, which is that of a type's canary."""
        return name in CANARIES and bool(self.ledger.seconds)

    # What people do

    @rule(
        process=st.sampled_from([*VERSIONS]),
        release=st.sampled_from([*RELEASES]),
        worker=st.sampled_from([None, None, 0, 2]),
        name=st.sampled_from([None, "worker"]),
    )
    def deploy(
        self,
        process: str = "good",
        release: str = "succeeds",
        worker: int | None = None,
        name: str | None = None,
    ) -> None:
        """Deploy a new version, perhaps with a count in the same edit."""
        self.versions += 1
        image = f"shop:v{self.versions}"
        self.world.behaviours[image] = process, release, name
        self.declare(
            image=image, **({} if worker is None else {"processes": {"worker": {"replicas": worker}}})
        )

    @rule(
        process=st.sampled_from(["good", "crashes", "hangs"]),
        name=st.sampled_from([None, "worker"]),
        pauses=st.booleans(),
    )
    def begin_a_try(self, process: str = "crashes", name: str | None = None, pauses: bool = False) -> None:
        """Deploy, and perhaps pause, so that more of what follows happens amid a try."""
        self.deploy(process, name=name)
        self.world.wait(1)
        self.pause(pauses)
        self.world.wait(20)

    @rule(version=st.integers(1, 9))
    def deploy_again(self, version: int = 1) -> None:
        """Go back to a version, or there again."""
        self.declare(image=f"shop:v{min(version, self.versions)}")

    @rule(name=TYPES, command=st.sampled_from(["/one", "/two"]))
    def change_command(self, name: str, command: str) -> None:
        self.declare(processes={name: {"command": [command]}})

    @rule(name=TYPES, count=COUNTS)
    def declare_count(self, name: str, count: int) -> None:
        self.declare(processes={name: {"replicas": count}})

    @rule(name=TYPES, count=COUNTS)
    def scale(self, name: str, count: int) -> None:
        """Scale a Deployment by its subresource."""
        if self.world.deployment(name) is not None:
            self.world.scale(**{name: count})

    @rule(suspend=st.booleans())
    def stop(self, suspend: bool = True) -> None:
        self.declare(suspend=suspend or None)

    @rule(seconds=st.sampled_from([0, 5, 70]), loses=st.booleans(), tries=st.booleans())
    def stop_for_a_while(self, seconds: int = 5, loses: bool = False, tries: bool = False) -> None:
        """Stop, perhaps amid a try, and with the canaries tidied up meanwhile, and start again."""
        if tries:
            self.deploy("crashes")
            self.world.wait(5)
        self.stop(True)
        self.world.wait(seconds)
        if loses:
            self.lose_deployments(CANARIES)
        self.stop(False)
        self.world.wait(70)

    @rule(paused=st.booleans())
    def pause(self, paused: bool = True) -> None:
        self.declare(paused=paused or None)

    @rule(seconds=st.sampled_from([None, 0, 5, 30]))
    def change_canary(self, seconds: int | None = 5) -> None:
        names = {*self.ledger.spec["processes"], *self.ledger.spec.get("schedules", {})}
        if seconds == 0 or CANARIES[0] not in names:
            self.declare(canary=None if seconds is None else {"seconds": seconds})

    @rule(label=st.sampled_from([None, SHARED]))
    def change_label(self, label: str | None = SHARED) -> None:
        """Have all processes share a label that otherwise has the name of their type."""
        self.declare(podTemplate=label and {"metadata": {"labels": {naming.COMPONENT_LABEL: label}}})

    @rule(process=st.sampled_from(["hangs", "slow"]), tries=st.booleans())
    def hang_relabelled(self, process: str = "hangs", tries: bool = False) -> None:
        """Have the processes that serve alone share the label, perhaps when a try of the next one begins."""
        if self.ledger.seconds:
            return
        self.change_label(SHARED)
        self.world.wait(20)
        self.change_label(None)
        self.deploy(process)
        if tries:
            self.world.wait(5)
            self.change_canary(5)
            self.deploy()

    @rule(name=TYPES, seconds=st.sampled_from([None, 20, 2**31 - 1]))
    def change_deadline(self, name: str, seconds: int | None) -> None:
        self.declare(processes={name: {"progressDeadlineSeconds": seconds}})

    @rule(singleton=st.booleans())
    def change_singleton(self, singleton: bool = True) -> None:
        """Have the worker be one process only, or several again."""
        one = {"singleton": True, "replicas": None}
        self.declare(processes={"worker": one if singleton else {"singleton": None, "replicas": 2}})

    @rule(name=TYPES)
    def leave_count_out(self, name: str) -> None:
        self.declare(processes={name: {"replicas": None}})

    @rule(value=st.sampled_from(["calm", "glad"]))
    def change_variable(self, value: str = "glad") -> None:
        self.declare(env=[{"name": VARIABLE, "value": value}])

    @rule(name=TYPES, comes=st.booleans())
    def change_budget(self, name: str, comes: bool = True) -> None:
        self.declare(processes={name: {"disruptionBudget": {} if comes else None}})

    @rule(name=st.sampled_from(["extra", "web-canary"]), comes=st.booleans(), has_all=st.booleans())
    def change_type(self, name: str, comes: bool = True, has_all: bool = False) -> None:
        """Have a type come or go, perhaps with each kind of object that one may have."""
        more = {"port": 81, "autoscaling": BOUNDS, "disruptionBudget": {}} if has_all else {"replicas": 1}
        if name not in self.ledger.spec.get("schedules", {}) and not self.is_refused(name):
            self.declare(processes={name: a_process("/extra", **more) if comes else None})

    @rule(name=st.sampled_from(["nightly", "web-canary"]), comes=st.booleans())
    def change_schedule(self, name: str = "nightly", comes: bool = True) -> None:
        if name not in self.ledger.spec["processes"] and not self.is_refused(
            name
        ):  # the CRD refuses a name that both have
            self.declare(schedules={name: NIGHTLY if comes else None})

    # What the cluster does

    @rule(kind=st.sampled_from(PLACES), is_full=st.booleans())
    def quota(self, kind: str, is_full: bool = True) -> None:
        """Have a quota leave no room for another object of a kind, or have it go."""
        self.world.controllers.quotas.pop(kind, None)
        if is_full:
            self.world.controllers.quotas[kind] = len(self.world.cluster.there(kind))

    @rule(kind=st.sampled_from([*PLACES, "Service"]), is_refused=st.booleans())
    def policy(self, kind: str, is_refused: bool = True) -> None:
        """Have a policy refuse to create objects of a kind, or permit it again."""
        (self.world.controllers.refused.add if is_refused else self.world.controllers.refused.discard)(kind)

    @rule(kind=st.sampled_from(LOSSES))
    def lose(self, kind: str) -> None:
        """Have somebody delete all objects of a kind that are the Formation's."""
        self.world.remove(kind)
        self.world.has_lost_revisions |= kind == kinds.CONTROLLER_REVISION

    @rule(names=st.sampled_from([["web"], ["worker"], CANARIES]))
    def lose_deployments(self, names: list[str]) -> None:
        for name in names:
            self.world.remove("Deployment", f"shop-{name}")

    @rule(image=st.sampled_from(["shop:v1", "other:v1"]), tries=st.booleans())
    def edit_canaries(self, image: str = "other:v1", tries: bool = False) -> None:
        """Have another client insist on another image of canaries, perhaps of those of a new version."""
        if tries:
            self.deploy("crashes")
            self.world.wait(5)
        for _ in range(6):  # more often than the operator repairs
            for found in filter(None, map(self.world.own, CANARIES)):
                self.world.set_image(found, image)
            self.world.work()

    @rule(name=TYPES)
    def edit_deployment(self, name: str) -> None:
        """Have another client change the image of a type's Deployment, once."""
        if (found := self.world.own(name)) is not None:
            self.world.set_image(found, "other:v1")

    @rule(name=TYPES)
    def edit_strategy(self, name: str) -> None:
        """Have another client say that old processes of a type end first, once, unless they do so.

        Where nothing says who has written a Deployment, the type counts as a singleton after that.
        """
        found = self.world.own(name)
        if self.world.has_lost_fields or found is None:
            return
        if found["spec"]["strategy"]["type"] != "Recreate":
            self.world.set_strategy(found)

    @rule(
        name=st.sampled_from(["shop-web-canary", "shop-extra"]),
        kind=st.sampled_from(["Deployment", "Service"]),
        owner=st.sampled_from([None, kinds.LEASE, naming.KIND]),
    )
    def take_name(self, name: str, kind: str, owner: str | None = None) -> None:
        """Have somebody else, or another Formation, make an object with the name of a child."""
        if self.world.object(kind, name) is not None:
            return
        labels = self.world.labels_of(owner)
        container = {"name": "other", "image": "other:v1"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        about = {"replicas": 0, "selector": {"matchLabels": labels}, "strategy": {"type": "Recreate"}}
        spec = {**about, "template": template} if kind == "Deployment" else {"selector": labels}
        metadata = {"name": name, "labels": labels, "ownerReferences": self.world.somebody[owner]}
        self.world.foreign[kind, name] = ""
        try:
            self.world.cluster.put(kind, {"metadata": {**metadata, "managedFields": []}, "spec": spec})
        except errors.ClusterError:  # as by a quota
            del self.world.foreign[kind, name]
            return
        self.world.controllers.settle()
        made = self.world.cluster.read(kind, "default", name)
        self.world.foreign[kind, name] = made["metadata"]["resourceVersion"]

    @rule()
    def free_names(self) -> None:
        for kind, name in self.world.foreign:
            self.world.cluster.remove(kind, "default", name)
        self.world.foreign.clear()

    @rule(low=st.sampled_from([None, 1, 3]), replicas=st.sampled_from([None, 2]))
    def change_autoscaling(self, low: int | None, replicas: int | None = None) -> None:
        bounds = None if low is None else {"minReplicas": low, "maxReplicas": low + 3}
        self.declare(
            processes={
                "worker": {"autoscaling": bounds, "replicas": replicas or (2 if low is None else None)}
            }
        )

    @rule(kind=st.sampled_from([HPA, kinds.SCALED_OBJECT]), comes=st.booleans())
    def change_others_autoscaler(self, kind: str, comes: bool = True) -> None:
        """Have somebody make an autoscaler of the worker's Deployment, or take it away."""
        self.world.remove(kind, THEIRS)
        if comes:
            target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-worker"}
            bounds = {"minReplicas": 1, "maxReplicas": 9} if kind == HPA else {}
            self.world.cluster.put(
                kind, {"metadata": {"name": THEIRS}, "spec": {"scaleTargetRef": target, **bounds}}
            )

    @rule(count=COUNTS)
    def autoscale(self, count: int) -> None:
        """Have whatever autoscales the worker set a count; KEDA alone sets zero, or ends one."""
        self.world.autoscale("worker", count)

    @rule()
    def lose_status(self) -> None:
        self.world.cluster.merge(naming.KIND, *KEY, {"status": None})

    @rule(fields=st.sets(st.sampled_from(["canary", "release"])))
    def install_crd(self, fields: set[str]) -> None:
        """Install a CRD that lacks some fields, or the newest one and the Formation after that."""
        self.world.work()  # whoever applies the same counts again wishes for none
        is_newer = not fields or bool(self.world.lost - fields)
        self.world.install_crd(fields)
        if is_newer:  # whoever applies a newer CRD has to apply the Formation, too
            self.declare(**self.ledger.spec)

    @rule(kept=st.sets(st.sampled_from(["status", "fields", "revisions", "jobs", "children"])))
    def restore(self, kept: set[str]) -> None:
        """Have the Formation be lost, or orphan its children, and be made again over what is left."""
        self.world.make_again(kept)

    @rule()
    def forge(self) -> None:
        """Have somebody make a revision in the Formation's name."""
        self.world.cluster.incidents.clear()
        with contextlib.suppress(errors.ClusterError):
            self.world.forge("shop-evil", self.world.cluster.read(naming.KIND, *KEY)["metadata"]["uid"])

    @rule(
        calls=st.integers(0, 12),
        error=st.sampled_from([*ERRORS]),
        carried_out=st.booleans(),
        times=st.sampled_from([1, 5, 1e9]),
        verb=st.sampled_from([None, "apply", "patch", "delete", "get", "select", "replace_status"]),
    )
    def fail(self, calls: int, error: str, carried_out: bool, times: float, verb: str | None) -> None:
        """Have calls fail, some later."""
        lost = carried_out and error == "unavailable"
        self.world.cluster.incidents += [
            *(Incident() for _ in range(calls)),
            Incident(verb, error=ERRORS[error], carried_out=lost, times=times),
        ]

    @rule(verb=st.sampled_from(["patch", "notify", "replace_status"]))
    def fail_formation(self, verb: str) -> None:
        """Have a webhook on Formations be down, or Events without an answer."""
        hangs = 30.0 if verb == "notify" else 0.0
        self.world.refuse(verb, naming.KIND, ERRORS["unavailable"], hangs=hangs)

    @rule(calls=st.integers(0, 25), after=st.booleans())
    def end_operator(self, calls: int = 0, after: bool = False) -> None:
        """Have the operator end at a call to come, and another one take over."""
        self.world.ends_at(calls, after=after)

    @rule()
    def new_leader(self) -> None:
        self.world.restart()

    @rule()
    def calls_succeed(self) -> None:
        self.world.cluster.incidents.clear()

    # Time

    @rule()
    def one_pass(self) -> None:
        self.world.one_pass()

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int = 700) -> None:
        self.world.wait(seconds)
        if seconds >= 5:
            self.ledger.settle()

    @rule()
    def all_becomes_well(self) -> None:
        """Have all faults end, and see that everything comes to what was declared, and then rests."""
        world = self.world
        world.cluster.incidents.clear()
        world.controllers.quotas.clear()
        world.controllers.refused.clear()
        self.free_names()
        if world.lost:
            self.install_crd(set())
        if world.behaviours.get(self.ledger.spec["image"], GOOD)[:2] != GOOD[:2]:
            self.deploy()
        self.declare(paused=None, suspend=None)
        for job in world.jobs():
            # People end one that hangs, and delete one that isn't the Formation's any more.
            if not (job.get("status", {}).get("conditions") and job["metadata"].get("ownerReferences")):
                world.cluster.remove(kinds.JOB, "default", job["metadata"]["name"])
        world.wait(1500)
        self.ledger.look()
        self.ledger.quiet()
        before = len(world.cluster.calls)
        world.wait(700)
        wrote = [
            (each.verb, each.kind, each.name)
            for each in world.cluster.calls[before:]
            if each.verb in WRITES or each.verb == "replace_status"
        ]
        assert not wrote, f"(f) {wrote}"

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.all_becomes_well()
            finally:
                self.world.runner.close()
