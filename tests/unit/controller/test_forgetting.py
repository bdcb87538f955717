"""Nothing is kept of a Formation that has gone, in whichever moment of a pass it goes."""

import asyncio
import collections
import dataclasses
import enum
import functools
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from formation_operator.api import naming
from formation_operator.controller.intake import Controller
from formation_operator.observe.rollouts import ROLLOUT_ANNOTATION
from formation_operator.settings import Settings
from formation_operator.shares import Shares
from tests.shared.builders import a_container, a_formation, a_pod, a_process, stored, waiting
from tests.unit import virtual_time
from tests.unit.fakes.cluster import Call, FakeCluster
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.replica import bring_formations

T = TypeVar("T")
KEY = ("default", "shop")
FORMATION = a_formation(processes={name: a_process(replicas=2) for name in ("old", "web", "worker")})


class Moments(FakeCluster):
    """Counts the moments at which a pass waits for it, and has something happen in one of them."""

    def __init__(self, here: int | None, happens: Callable[["Moments"], object]) -> None:
        super().__init__()
        self.latency = 0.01
        self.passed: int | None = None
        self._here = here
        self._happens = happens

    async def _carry_out(self, call: Call, answer: Callable[[], T]) -> T:
        self.pass_by()
        try:
            return await super()._carry_out(call, answer)
        finally:
            self.pass_by()
            await asyncio.sleep(self.latency)

    def pass_by(self) -> None:
        """Count a moment, once counting has begun."""
        if self.passed is None:
            return
        if self.passed == self._here:
            self._happens(self)
        self.passed += 1


def goes(cluster: Moments) -> None:
    """Delete the Formation, and soon all that it owned."""
    uid = cluster.read(naming.KIND, *KEY)["metadata"]["uid"]
    cluster.remove(naming.KIND, *KEY)
    asyncio.get_running_loop().call_later(2, collect_garbage, cluster, uid)


def collect_garbage(cluster: Moments, uid: str) -> None:
    for raw in cluster.all("Deployment"):
        if uid in [owner["uid"] for owner in raw["metadata"]["ownerReferences"]]:
            cluster.remove("Deployment", *KEY[:1], raw["metadata"]["name"])
    for raw in cluster.all("Pod"):
        cluster.remove("Pod", *KEY[:1], raw["metadata"]["name"])


def is_replaced(cluster: Moments) -> None:
    """Delete the Formation, and create another of its name at once."""
    goes(cluster)
    cluster.put(naming.KIND, {**FORMATION, "metadata": {"name": "shop", "uid": "second"}})


def give_work(cluster: Moments) -> None:
    """Give a pass all kinds of things to do and to ask for."""
    cluster.remove("Deployment", "default", "shop-web")
    cluster.merge(naming.KIND, *KEY, {"spec": {"processes": {"old": None}}})
    revision = {"annotations": {ROLLOUT_ANNOTATION: "2"}}
    rollout = {"observedGeneration": 9, "replicas": 2, "updatedReplicas": 1}
    child = cluster.merge("Deployment", "default", "shop-worker", {"metadata": revision, "status": rollout})
    template = {**naming.selector("shop", "worker", naming.STABLE), "pod-template-hash": "abc"}
    owner = {"uid": child["metadata"]["uid"]}
    cluster.put("ReplicaSet", {"metadata": {"labels": template, "ownerReferences": [owner], **revision}})
    cluster.put("Pod", a_pod(a_container(waiting("ContainerCreating"))))
    cluster.merge("Deployment", "default", "shop-worker", {"spec": {"replicas": 7}}, by=SCALE)


@dataclasses.dataclass
class Ended:
    """How all is seconds later."""

    cluster: Moments
    controller: Controller


def lived_through(here: int | None, happens: Callable[[Moments], object]) -> Ended:
    """Return what is left seconds after something happened in one moment of a pass."""

    async def main() -> Ended:
        cluster = Moments(here, happens)
        controller = Controller(cluster, Settings(), virtual_time.now)
        await controller.start()
        bring_formations(cluster, controller)
        work = asyncio.create_task(controller.run())
        cluster.put(naming.KIND, stored(FORMATION, uid="first"))
        await asyncio.sleep(2)
        cluster.passed = 0
        give_work(cluster)
        await asyncio.sleep(10)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        # Its pace is left until another's pass begins.
        controller._queue._pace.took(("default", "blog"), asyncio.get_running_loop().time())  # noqa: SLF001
        return Ended(cluster, controller)

    return virtual_time.run(main())


def remembered(root: object) -> Iterator[str]:
    """Yield all texts that an object of ours holds on to, wherever they are."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, str):
            yield each
        elif not isinstance(each, (FakeCluster, types.ModuleType, type, enum.Enum)):
            waiting.extend(held(each))


def held(each: Any) -> Iterable[object]:
    if isinstance(each, dict):
        return [*each.keys(), *each.values()]
    if isinstance(each, (list, tuple, set, frozenset, collections.deque)):
        return list(each)
    if isinstance(each, functools.partial):
        return [*each.args, *each.keywords.values()]
    if isinstance(each, types.MethodType):
        return [each.__self__]
    slots = [getattr(each, name) for name in getattr(each, "__slots__", ()) if hasattr(each, name)]
    return [*slots, *getattr(each, "__dict__", {}).values()]


def left_of(ended: Ended, word: str) -> list[str]:
    """Return what is remembered with a word in it, but for tombstones, which are counted."""
    for store in ended.controller._cache.stores.values():  # noqa: SLF001
        store._tombstones = Shares(1)  # noqa: SLF001
    return [text for text in remembered(ended.controller) if word in text]


def asked_in_a_pass() -> tuple[int, set[str]]:
    """Return how many moments there are in which a pass waits, and what it asks for in them."""
    ended = lived_through(None, goes)
    assert ended.cluster.passed
    assert left_of(ended, "first")
    return ended.cluster.passed, {f"{call.verb} {call.kind}" for call in ended.cluster.calls}


def test_a_formation_that_goes_in_the_middle_of_a_pass_leaves_nothing_behind() -> None:
    moments, asked = asked_in_a_pass()
    writes = {"apply Deployment", "delete Deployment", "patch Formation", "replace_status Formation"}
    assert asked >= {*writes, "select Event", "select ReplicaSet", "notify Formation"}
    for moment in range(moments):
        ended = lived_through(moment, goes)
        assert left_of(ended, "first") == left_of(ended, "shop") == [], f"gone in moment {moment}"
        assert ended.controller._reconciler._memories == {}, f"gone in moment {moment}"  # noqa: SLF001


def test_a_formation_of_the_same_name_takes_nothing_over_from_one_that_went_in_the_middle_of_a_pass() -> None:
    moments, _ = asked_in_a_pass()
    for moment in range(moments):
        ended = lived_through(moment, is_replaced)
        assert left_of(ended, "first") == [], f"replaced in moment {moment}"
        owners = [raw["metadata"]["ownerReferences"][0]["uid"] for raw in ended.cluster.all("Deployment")]
        assert owners == ["second"] * 3, f"replaced in moment {moment}"
        assert ended.cluster.read(naming.KIND, *KEY)["status"]["observedGeneration"] == 1
