"""Soon after the last failure all is as it was asked for, though nothing is listed for that.

Any call may be refused for a while, or get no answer, whether or not it was carried out.  In whatever order
things become known, the status tells them as they are: a new operator finds nothing to write.
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from tests.shared.builders import a_formation, a_process, stored
from tests.unit import virtual_time
from tests.unit.fakes.cluster import Incident, Verb
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.unreliable import FOLLOWED, UnreliableCluster, Watching, owner_of

FORMATION = (naming.KIND, "default", "shop")
CONTROLLER = Owner("kube-controller-manager", "Update", "status")
WRITES = {"apply", "replace_status", "patch", "delete", "notify"}
PATIENCE, QUIET, SOON = 590.0, 900.0, 30.0
"""Seconds: a full list would come after ten minutes, and what is refused is tried again every five."""


@dataclasses.dataclass(frozen=True)
class Step:
    """What somebody does, so many seconds after what was before."""

    after: float
    what: str
    type: str
    value: int


@dataclasses.dataclass(frozen=True)
class Failures:
    """That calls fail from now on."""

    after: float
    failure: Incident


class Story:
    """A cluster, an operator, and users: what they ask for is kept."""

    def __init__(self, pauses: Sequence[float], lags: Sequence[float]) -> None:
        self.cluster = UnreliableCluster(pauses)
        self.lags = dict(zip(FOLLOWED, lags, strict=True))
        self.operator = Watching(self.cluster, self.lags)
        self.image = 1
        self.asked: dict[str, set[int]] = {}
        """By type: the counts that somebody has asked for since all was quiet."""

    async def play(self, steps: Sequence[Step | Failures]) -> None:
        """Have things happen from a quiet state on, and see that it becomes quiet again."""
        self.create({"worker": 1, "web": 2})
        self.operator.leads.set()
        await self.settle()
        for step in steps:
            await asyncio.sleep(step.after)
            if isinstance(step, Failures):
                self.cluster.incidents.append(dataclasses.replace(step.failure))
            else:
                with contextlib.suppress(errors.NotFoundError):
                    await HAPPENS[step.what](self, step)
        await self.settle()
        self.cluster.calls.clear()
        await asyncio.sleep(QUIET)
        assert not self.operator.task.done()
        await self.operator.end()
        self.follow().leads.set()
        await asyncio.sleep(SOON)
        assert [call for call in self.cluster.calls if call.verb in WRITES] == []
        await self.operator.end()

    async def settle(self) -> None:
        """See that all is as it was asked for, soon after the last failure."""
        self.cluster.incidents.clear()
        await asyncio.sleep(PATIENCE)
        formation = self.cluster.read(*FORMATION)
        spec, uid = formation["spec"], formation["metadata"]["uid"]
        counts = {name: each["replicas"] for name, each in spec["processes"].items()}
        assert counts.keys() == self.asked.keys()
        for name, asked in self.asked.items():
            assert counts[name] in asked, f"{name}: {counts[name]} after {asked}"
        there = {name: 0 if spec.get("suspend") else count for name, count in counts.items()}
        deployments = {f"shop-{name}": (count, image(self.image), uid) for name, count in there.items()}
        assert {raw["metadata"]["name"]: facts(raw) for raw in self.cluster.all("Deployment")} == deployments
        services = {raw["metadata"]["name"]: owner_of(raw) for raw in self.cluster.all("Service")}
        assert services == {f"shop-{name}": uid for name in counts if name == "web"}
        status = formation["status"]
        assert status["observedGeneration"] == formation["metadata"]["generation"]
        assert {name: each["desiredReplicas"] for name, each in status["processes"].items()} == there
        assert self.cluster.restarted == []
        self.asked = {name: {count} for name, count in counts.items()}

    def create(self, counts: dict[str, int]) -> None:
        processes = {name: process(name, count) for name, count in counts.items()}
        formation = a_formation(processes=processes, image=image(self.image))
        raw = stored(formation, uid=f"uid-of-{self.cluster.version}")
        del raw["metadata"]["resourceVersion"]
        self.cluster.put(naming.KIND, raw)
        self.asked = {name: {count} for name, count in counts.items()}

    def merge(self, spec: Object) -> None:
        self.cluster.merge(*FORMATION, {"spec": spec})

    def processes(self) -> dict[str, Object]:
        """Return the types that the Formation has now."""
        processes: dict[str, Object] = self.cluster.read(*FORMATION)["spec"]["processes"]
        return processes

    # What happens

    async def edit(self, step: Step) -> None:
        if step.type in self.processes():
            self.asked[step.type].add(step.value)
            self.merge({"processes": {step.type: {"replicas": step.value}}})

    async def scale(self, step: Step) -> None:
        deployment = self.cluster.read(*child(step.type))
        is_wanted = owner_of(deployment) == self.cluster.read(*FORMATION)["metadata"]["uid"]
        if is_wanted and step.type in self.asked:
            self.asked[step.type].add(step.value)
            self.cluster.merge(*child(step.type), {"spec": {"replicas": step.value}}, by=SCALE)

    async def add(self, step: Step) -> None:
        if step.type in self.processes():
            return
        self.merge({"processes": {step.type: process(step.type, step.value)}})
        self.asked[step.type] = {step.value}
        with contextlib.suppress(errors.NotFoundError):  # the one from before may still be there
            self.asked[step.type].add(self.cluster.read(*child(step.type))["spec"].get("replicas", 1))

    async def remove(self, step: Step) -> None:
        processes = self.processes()
        if step.type in processes and len(processes) > 1:
            self.merge({"processes": {step.type: None}})
            del self.asked[step.type]

    async def deploy(self, _: Step) -> None:
        self.image += 1
        self.merge({"image": image(self.image)})

    async def suspend(self, step: Step) -> None:
        self.merge({"suspend": bool(step.value % 2)})

    async def delete(self, step: Step) -> None:
        self.cluster.remove(*child(step.type))

    async def delete_service(self, _: Step) -> None:
        self.cluster.remove(ChildKind.SERVICE, "default", "shop-web")

    async def again(self, step: Step) -> None:
        """Delete the Formation, and make another of its name."""
        self.cluster.remove(*FORMATION)
        await asyncio.sleep(step.value / 10)
        self.create({step.type: step.value})

    async def figures(self, step: Step) -> None:
        """Have a Deployment's controller say how far it is."""
        raw = self.cluster.read(*child(step.type))
        count, generation = raw["spec"].get("replicas", 1), raw["metadata"]["generation"]
        ready = count if step.value % 3 == 0 else 0
        stuck = {"type": "Progressing", "status": "False", "message": "past its deadline"}
        status = {
            "observedGeneration": generation - step.value // 5,
            **dict.fromkeys(("replicas", "updatedReplicas"), count),
            **dict.fromkeys(("readyReplicas", "availableReplicas"), ready),
            "conditions": [{"type": "Available", "status": str(bool(ready))}, *[stuck] * (step.value % 2)],
        }
        self.cluster.merge(*child(step.type), {"status": status}, by=CONTROLLER)

    async def touch(self, step: Step) -> None:
        self.cluster.merge(*child(step.type), {"spec": {"minReadySeconds": step.value}})

    async def lose(self, step: Step) -> None:
        """Have a watch lose the thread."""
        self.operator.lose(FOLLOWED[step.value % len(FOLLOWED)])

    async def relist(self, _: Step) -> None:
        """Have all be listed, as it is every ten minutes."""
        with contextlib.suppress(errors.ClusterError):
            await self.operator.controller.informers.list()

    async def lag(self, step: Step) -> None:
        """Have a watch be later from now on, or sooner."""
        self.lags[FOLLOWED[step.value % len(FOLLOWED)]] = LAGS[step.value]

    async def restart(self, _: Step) -> None:
        await self.operator.end()
        self.follow().leads.set()

    async def take_over(self, _: Step) -> None:
        """Have another replica lead that has stood by."""
        before, after = self.operator, self.follow()
        await asyncio.sleep(3)
        await before.end()
        after.leads.set()

    def follow(self) -> Watching:
        self.operator = Watching(self.cluster, self.lags)
        return self.operator


HAPPENS = {
    name: getattr(Story, name)
    for name in (
        *("edit", "scale", "add", "remove", "deploy", "suspend", "delete", "delete_service", "again"),
        *("figures", "touch", "lose", "relist", "lag", "restart", "take_over"),
    )
}


def child(name: str) -> tuple[str, str, str]:
    return ChildKind.DEPLOYMENT, "default", f"shop-{name}"


def facts(deployment: Object) -> tuple[int, str, str]:
    spec = deployment["spec"]
    return spec.get("replicas", 1), spec["template"]["spec"]["containers"][0]["image"], owner_of(deployment)


def process(name: str, count: int) -> Object:
    return a_process(replicas=count, **({"port": 8080} if name == "web" else {}))


def image(number: int) -> str:
    return f"registry.example.com/shop:v{number}"


LAGS = [0.0, 0.01, 0.3, 1.0, 5.0, 20.0]
AFTER = st.sampled_from([0.0, 0.01, 0.05, 0.3, 0.6, 1.0, 2.5, 12.0])
# A pass waits for a revision for two seconds.
PAUSES = st.lists(st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0, 1.9]), min_size=1, max_size=3)
LATE = st.lists(st.sampled_from(LAGS[:4]), min_size=len(FOLLOWED), max_size=len(FOLLOWED))
WEIGHED = ["edit", "scale", "scale", "remove", "figures", *HAPPENS]
VERBS: list[Verb] = ["pages", "select", "get", "apply", "replace_status", "patch", "delete", "notify"]
REFUSALS = [errors.ConflictError, errors.RefusedError, errors.ForbiddenError]
ANY_VERB: st.SearchStrategy[Verb | None] = st.none() | st.sampled_from(VERBS)
ANY_KIND = st.just("") | st.sampled_from(FOLLOWED)
TIMES = st.integers(1, 4)
NO = st.sampled_from([refusal("no") for refusal in REFUSALS])
AWAY = st.just(errors.UnavailableError("away"))
REFUSED = st.builds(Incident, ANY_VERB, ANY_KIND, error=NO, times=TIMES)
LOST = st.builds(Incident, ANY_VERB, ANY_KIND, error=AWAY, carried_out=st.booleans(), times=TIMES)
FAILURES = st.builds(Failures, AFTER, REFUSED | LOST)
STEPS = st.builds(
    Step, AFTER, st.sampled_from(WEIGHED), st.sampled_from(["worker", "web", "clock"]), st.integers(1, 5)
)


@given(PAUSES, LATE, st.lists(FAILURES | STEPS | STEPS, min_size=2, max_size=12))
def test_soon_after_the_last_failure_all_is_as_it_was_asked_for(
    pauses: list[float], lags: list[float], steps: list[Step | Failures]
) -> None:
    async def scene() -> None:
        await Story(pauses, lags).play(steps)

    virtual_time.run(scene())
