"""What people, clusters and time do to a Formation, in any order: a machine that walks everywhere.

Each rule is one thing that happens. A story that breaks what the ledger holds is shrunk and printed as the
calls of these rules: that text repeats it.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, Self

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import HPA
from tests.shared.builders import Manifest, a_process
from tests.unit.fakes import json_patch
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.releasing import KEY, RELEASE, EndedError
from tests.unit.fakes.shop import WRITES
from tests.unit.gates.holes import CANARIES, CRASHES, START, Step
from tests.unit.gates.ledger import Ledger
from tests.unit.gates.world import GOOD, RELEASES, SHARED, THEIRS, VARIABLE, VERSIONS, World, count_of

of = st.sampled_from
TYPES, PART, BOTH = of(["web", "worker"]), of(["", "worker"]), st.booleans()
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

    def __init__(self) -> None:
        super().__init__()
        self.versions = 1
        self.world: World

    @initialize(canary=BOTH, release=BOTH, is_quick=BOTH, has_more=BOTH)
    def begin(
        self, canary: bool = True, release: bool = False, is_quick: bool = True, has_more: bool = False
    ) -> None:
        """Have an app, perhaps with a type and a schedule that may be removed, that keeps no old revision."""
        spec = {"canary": CANARY if canary else NONE, **({"release": RELEASE} if release else {})}
        spec |= {"revisionHistoryLimit": 0} if has_more else {}
        self.world = World(is_quick=is_quick, **spec)
        self.ledger = Ledger(self.world)
        if has_more:
            self.change_type("extra", has_all=True)
            self.change_schedule("nightly")
        self.world.work()
        self.world.wait(70)

    def play(self, *story: Step) -> None:
        """Have a story happen."""
        for step in story:
            if isinstance(step, (int, float)):
                self.time_passes(step)
                continue
            name, *given = (step,) if isinstance(step, str) else step
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
        """Return whether a name is that of a type's canary: the CRD refuses it, or an orphan has it."""
        left = self.world.deployment(name)
        is_left = left is not None and not left["metadata"].get("ownerReferences")
        return name in CANARIES and (bool(self.ledger.seconds) or is_left)

    # What people do

    @rule(process=of([*VERSIONS]), release=of([*RELEASES]), worker=of([None, None, 0, 2]), name=PART)
    def deploy(
        self, process: str = "good", release: str = "succeeds", worker: int | None = None, name: str = ""
    ) -> None:
        """Deploy a new version, perhaps with a count in the same edit."""
        self.versions += 1
        image = f"shop:v{self.versions}"
        self.world.behaviours[image] = process, release, name
        count = {} if worker is None else {"processes": {"worker": {"replicas": worker}}}
        self.declare(image=image, **count)

    @rule(process=of(["good", "crashes", "hangs"]), name=PART, pauses=BOTH)
    def begin_a_try(self, process: str = "crashes", name: str = "", pauses: bool = False) -> None:
        """Deploy, and perhaps pause, so that more of what follows happens amid a try."""
        self.play(("deploy", process, "succeeds", None, name), 1, ("pause", pauses), 20)

    @rule(version=st.integers(1, 9))
    def deploy_again(self, version: int = 1) -> None:
        """Go back to a version, or there again."""
        self.declare(image=f"shop:v{min(version, self.versions)}")

    @rule(name=TYPES, command=of(["/one", "/two"]))
    def change_command(self, name: str, command: str) -> None:
        self.declare(processes={name: {"command": [command]}})

    @rule(name=TYPES, count=of([None, 0, 1, 2, 5]))
    def declare_count(self, name: str, count: int | None) -> None:
        self.declare(processes={name: {"replicas": count}})

    @rule(name=TYPES, count=of([0, 1, 2, 5]))
    def scale(self, name: str, count: int) -> None:
        """Scale a Deployment by its subresource, unless the CRD refuses that count for a singleton."""
        process = self.ledger.spec["processes"][name]
        is_refused = count > 1 and bool(process.get("singleton")) and "replicas" in process
        if not is_refused and self.world.deployment(name) is not None:
            self.world.scale(**{name: count})

    @rule(suspend=BOTH)
    def stop(self, suspend: bool = True) -> None:
        self.declare(suspend=suspend or None)

    @rule(seconds=of([0, 5, 70]), loses=BOTH, tries=BOTH)
    def stop_for_a_while(self, seconds: int = 5, loses: bool = False, tries: bool = False) -> None:
        """Stop, perhaps amid a try, and with the canaries tidied up meanwhile, and start again."""
        if tries:
            self.play(CRASHES, 5)
        self.play("stop", seconds)
        if loses:
            self.lose_deployments(CANARIES)
        self.play(START, 70)

    @rule(paused=BOTH)
    def pause(self, paused: bool = True) -> None:
        self.declare(paused=paused or None)

    @rule(seconds=of([None, 0, 5, 30]))
    def change_canary(self, seconds: int | None = 5) -> None:
        names = {*self.ledger.spec["processes"], *self.ledger.spec.get("schedules", {})}
        if seconds == 0 or CANARIES[0] not in names:  # else the CRD refuses it
            self.declare(canary=None if seconds is None else {"seconds": seconds})

    @rule(label=of([None, SHARED]))
    def change_label(self, label: str | None = SHARED) -> None:
        """Have all processes share a label that otherwise has the name of their type."""
        self.declare(podTemplate=label and {"metadata": {"labels": {naming.COMPONENT_LABEL: label}}})

    @rule(process=of(["hangs", "slow"]), tries=BOTH)
    def hang_relabelled(self, process: str = "hangs", tries: bool = False) -> None:
        """Have the processes that serve alone share the label, perhaps when a try of the next one begins."""
        if self.ledger.seconds:
            return
        self.play("change_label", 20, ("change_label", None), ("deploy", process))
        if tries:
            self.play(5, "change_canary", "deploy")

    @rule(name=TYPES, seconds=of([None, 20, 2**31 - 1]))
    def change_deadline(self, name: str, seconds: int | None) -> None:
        self.declare(processes={name: {"progressDeadlineSeconds": seconds}})

    @rule(singleton=BOTH)
    def change_singleton(self, singleton: bool = True) -> None:
        """Have the worker be one process only, or several again."""
        one = {"singleton": True, "replicas": None}
        self.declare(processes={"worker": one if singleton else {"singleton": None, "replicas": 2}})

    @rule(value=of(["calm", "glad"]))
    def change_variable(self, value: str = "glad") -> None:
        self.declare(env=[{"name": VARIABLE, "value": value}])

    @rule(name=TYPES, comes=BOTH)
    def change_budget(self, name: str, comes: bool = True) -> None:
        self.declare(processes={name: {"disruptionBudget": {} if comes else None}})

    @rule(name=of(["extra", "web-canary"]), comes=BOTH, has_all=BOTH)
    def change_type(self, name: str, comes: bool = True, has_all: bool = False) -> None:
        """Have a type come or go, perhaps with each kind of object that one may have."""
        more = {"port": 81, "autoscaling": BOUNDS, "disruptionBudget": {}} if has_all else {"replicas": 1}
        if name not in self.ledger.spec.get("schedules", {}) and not self.is_refused(name):
            self.declare(processes={name: a_process("/extra", **more) if comes else None})

    @rule(name=of(["nightly", "web-canary"]), comes=BOTH)
    def change_schedule(self, name: str = "nightly", comes: bool = True) -> None:
        if name not in self.ledger.spec["processes"] and not self.is_refused(name):
            self.declare(schedules={name: NIGHTLY if comes else None})

    @rule()
    def mend(self) -> None:
        """Have what the processes of the newest version lacked be there, as a database."""
        image = self.ledger.spec["image"]
        self.world.behaviours[image] = ("good", *self.world.behaviours.get(image, GOOD)[1:])

    # What the cluster does

    @rule(kind=of(PLACES), is_full=BOTH)
    def quota(self, kind: str, is_full: bool = True) -> None:
        """Have a quota leave no room for another object of a kind, or have it go."""
        self.world.controllers.quotas.pop(kind, None)
        if is_full:
            self.world.controllers.quotas[kind] = len(self.world.cluster.there(kind))

    @rule(kind=of([*PLACES, "Service"]), is_refused=BOTH)
    def policy(self, kind: str, is_refused: bool = True) -> None:
        """Have a policy refuse to create objects of a kind, or permit it again."""
        (self.world.controllers.refused.add if is_refused else self.world.controllers.refused.discard)(kind)

    @rule(kind=of(LOSSES))
    def lose(self, kind: str, declared: bool = False) -> None:
        """Have somebody delete all objects of a kind that are the Formation's, or the declared revision."""
        self.world.remove(kind, self.world.name if declared else "")

    @rule(names=of([["web"], ["worker"], CANARIES]))
    def lose_deployments(self, names: list[str]) -> None:
        for name in names:
            self.world.remove("Deployment", f"shop-{name}")

    @rule(image=of(["shop:v1", "other:v1"]), tries=BOTH)
    def edit_canaries(self, image: str = "other:v1", tries: bool = False) -> None:
        """Have another client insist on another image of canaries, perhaps of those of a new version."""
        if tries:
            self.play(CRASHES, 5)
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

        Where nothing says who has written a Deployment of one process, it counts as a singleton's after that.
        Amid a rollout, Kubernetes' own controller may rest for ever once the count changes, too.
        """
        found = self.world.own(name)
        if found is None or (self.world.has_lost_fields and count_of(found) < 2):
            return
        figures = found.get("status", {})
        if figures.get("updatedReplicas") != figures.get("replicas"):
            return
        if found["spec"]["strategy"]["type"] != "Recreate":
            self.world.recreated.add(found["metadata"]["uid"])
            self.world.edit(found, strategy={"type": "Recreate", "rollingUpdate": None})

    @rule(
        name=of(["shop-web-canary", "shop-extra"]),
        kind=of(["Deployment", "Service"]),
        owner=of([None, kinds.LEASE, naming.KIND]),
    )
    def take_name(self, name: str, kind: str, owner: str | None = None) -> None:
        """Have somebody else, or another Formation, make an object with the name of a child."""
        if self.world.object(kind, name) is None:
            with contextlib.suppress(errors.ClusterError):  # as by a quota
                self.world.take_name(name, kind, owner)

    @rule()
    def free_names(self) -> None:
        for kind, name in self.world.foreign:
            self.world.cluster.remove(kind, "default", name)
        self.world.foreign.clear()

    @rule(low=of([None, 1, 3]), replicas=of([None, 2]))
    def change_autoscaling(self, low: int | None, replicas: int | None = None) -> None:
        bounds = None if low is None else {"minReplicas": low, "maxReplicas": low + 3}
        count = replicas or (2 if low is None else None)
        self.declare(processes={"worker": {"autoscaling": bounds, "replicas": count}})

    @rule(kind=of([HPA, kinds.SCALED_OBJECT]), comes=BOTH)
    def change_others_autoscaler(self, kind: str, comes: bool = True) -> None:
        """Have somebody make an autoscaler of the worker's Deployment, or take it away."""
        self.world.remove(kind, THEIRS)
        if comes:
            target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-worker"}
            spec = {"scaleTargetRef": target, **({"minReplicas": 1, "maxReplicas": 9} if kind == HPA else {})}
            self.world.cluster.put(kind, {"metadata": {"name": THEIRS}, "spec": spec})

    @rule(count=of([0, 1, 2, 5]))
    def autoscale(self, count: int) -> None:
        """Have whatever autoscales the worker set a count; KEDA alone sets zero, or ends one."""
        self.world.autoscale("worker", count)

    @rule()
    def lose_status(self, instead: Manifest | None = None) -> None:
        """Have somebody delete the status, or put back a part of it that a backup has."""
        self.world.cluster.merge(naming.KIND, *KEY, {"status": instead})

    @rule(fields=st.sets(of(["canary", "release"])))
    def install_crd(self, fields: set[str]) -> None:
        """Install a CRD that lacks some fields, or the newest one and the Formation after that."""
        self.world.work()  # whoever applies the same counts again wishes for none
        is_newer = not fields or bool(self.world.lost - fields)
        self.world.install_crd(fields)
        if is_newer:  # whoever applies a newer CRD has to apply the Formation, too
            self.declare(**self.ledger.spec)

    @rule(kept=st.sets(of(["status", "fields", "revisions", "jobs", "children"])))
    def restore(self, kept: set[str]) -> None:
        """Have the Formation be lost, or orphan its children, and be made again over what is left."""
        is_unclear = any(map(self.world.seems_single, self.world.cluster.there("Deployment")))
        self.world.make_again({*kept, "fields"} if is_unclear else kept)  # as in `edit_strategy`

    @rule(replaces=BOTH)
    def forge(self, replaces: bool = False) -> None:
        """Have somebody make a revision in the Formation's name, perhaps in place of the declared one."""
        self.world.cluster.incidents.clear()
        name, uid = "shop-evil", self.world.formation["metadata"]["uid"]
        if replaces:
            name = self.world.name
            self.world.forged.add(name)
            self.world.remove(kinds.CONTROLLER_REVISION, name)
        with contextlib.suppress(errors.ClusterError):
            self.world.forge(name, uid, data={**self.world.spec, "image": "evil:v1"})

    @rule(
        calls=st.integers(0, 12),
        error=of([*ERRORS]),
        carried_out=BOTH,
        times=of([1, 5, 1e9]),
        verb=of([None, "apply", "patch", "delete", "get", "select", "replace_status"]),
    )
    def fail(self, calls: int, error: str, carried_out: bool, times: float, verb: str | None) -> None:
        """Have calls fail, some later."""
        lost = carried_out and error == "unavailable"
        self.world.fails(calls, Incident(verb, error=ERRORS[error], carried_out=lost, times=times))

    @rule(verb=of(["patch", "notify", "replace_status"]))
    def fail_formation(self, verb: str) -> None:
        """Have a webhook on Formations be down, or Events without an answer."""
        hangs = 30.0 if verb == "notify" else 0.0
        self.world.refuse(verb, naming.KIND, ERRORS["unavailable"], hangs=hangs)

    @rule(calls=st.integers(0, 25), after=BOTH)
    def end_operator(self, calls: int = 0, after: bool = False) -> None:
        """Have the operator end at a call to come, and another one take over."""
        self.world.fails(calls, Incident(error=EndedError(), carried_out=after))

    @rule(calls=st.integers(0, 25), name=TYPES, count=of([0, 1, 2, 5]), scales=BOTH)
    def count_amid_a_pass(self, calls: int, name: str, count: int, scales: bool = False) -> None:
        """Have somebody declare a count, or scale, just before a call to come of the operator."""
        wish = self.scale if scales else self.declare_count
        self.world.meanwhile(calls, lambda: wish(name, count))

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

    @rule(seconds=of([1, 5, 40, 70, 700]))
    def time_passes(self, seconds: float = 700) -> None:
        self.world.wait(seconds)
        if seconds >= 5:
            self.ledger.settle()

    @rule()
    def all_becomes_well(self) -> None:
        """Have all faults end, and see that everything comes to what was declared, and then rests."""
        world = self.world
        world.cluster.incidents.clear()
        while world.forged:
            world.remove(kinds.CONTROLLER_REVISION, world.forged.pop())
        world.controllers.quotas.clear()
        world.controllers.refused.clear()
        self.free_names()
        if world.lost:
            self.install_crd(set())
            world.wait(5)
        # What an older CRD has lost isn't known to be back until the content changes: people deploy.
        is_outdated = world.condition().get("reason") == "Outdated"
        if is_outdated or world.behaviours.get(self.ledger.spec["image"], GOOD)[:2] != GOOD[:2]:
            self.deploy()
        self.declare(paused=None, suspend=None)
        for job in world.jobs():
            # People end one that hangs, and delete one that isn't the Formation's any more.
            if not (job.get("status", {}).get("conditions") and job["metadata"].get("ownerReferences")):
                world.cluster.remove(kinds.JOB, "default", job["metadata"]["name"])
        world.wait(1500)
        self.ledger.settle()
        if "canary" in world.status and not all(self.ledger.wishes.values()):
            # One that has failed can't be proven by a type of which nobody wants a process: people deploy.
            self.deploy()
            world.wait(1500)
        self.ledger.settle()
        self.ledger.quiet()
        before = len(world.cluster.calls)
        world.wait(700)
        wrote = [each for each in world.cluster.calls[before:] if each.verb in {*WRITES, "replace_status"}]
        assert not wrote, f"(f) {wrote}"

    def teardown(self) -> None:
        if hasattr(self, "world"):
            with self.playing():
                self.all_becomes_well()

    @contextlib.contextmanager
    def playing(self, *story: Step) -> Iterator[Self]:
        """Have a story happen, and the world end after what follows."""
        try:
            self.play(*story)
            yield self
        finally:
            self.world.runner.close()
