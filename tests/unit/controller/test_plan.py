"""What a pass is going to do is a value, decided before anything is written."""

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.controller import plan
from formation_operator.controller.memory import Memory
from formation_operator.controller.plan import MOST_MANIFESTS, Planning, Wanted
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from formation_operator.observe.children import Children
from formation_operator.observe.faults import Faults
from formation_operator.release.asked import Asked, Content
from formation_operator.render import desired
from formation_operator.render.desired import Intent
from formation_operator.replicas.count_owner import Replicas
from formation_operator.sync.planner import Action, PlanContext, Verb
from tests import largest
from tests.builders import Manifest, a_formation, a_process, stored
from tests.unit.facts import OWNER, a_child, parsed
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.operator import Operator, Time

KEY = ("default", "shop")


def planning(formation: Manifest, children: Children | None = None, count: int = 2) -> Planning:
    """Return what plans a Formation each of whose types is to have some processes."""
    read = parsed(formation)
    counts = {name: Replicas(count, count, count) for name in read.spec.processes}
    context = PlanContext("uid-1", {"uid-1"}, applied={}, restless={}, exhausted=(), counts=counts)
    wanted = Wanted(read, Content(read.spec, 1), counts=counts)
    return Planning(wanted, children or {}, context, Memory(), Faults(KEY))


def intents(given: Planning, name: str) -> list[Intent]:
    wanted = given.wanted
    return desired.children(wanted.formation.metadata, wanted.content.spec, name, wanted.counts[name])


def child_of(name: str, **more: Any) -> dict[tuple[ChildKind, str], Any]:
    child = a_child(name=naming.child("shop", name), uid=name, owner=OWNER, digest="another", **more)
    return {(child.kind, child.name): child}


async def test_a_plan_lists_what_is_done_about_each_object() -> None:
    types = {"web": a_process(port=80), "worker": a_process()}
    here = planning(a_formation(processes=types), child_of("worker") | child_of("former"))
    (web, service), (worker,) = intents(here, "web"), intents(here, "worker")
    found = await here.plan(["web", "worker"])
    assert found.actions == [
        Action(Verb.CREATE, "web", web),
        Action(Verb.CREATE, "web", service),
        Action(Verb.UPDATE, "worker", worker, here.children[worker.kind, worker.name]),
    ]
    assert found.intents == [each.without_manifest() for each in (web, service, worker)]
    former = here.children[ChildKind.DEPLOYMENT, "shop-former"]
    assert here.obsolete(found.intents) == [Action(Verb.DELETE, "former", child=former)]


async def test_types_that_get_another_count_are_planned_before_all_others() -> None:
    types = {name: a_process() for name in ("a", "b", "new", "theirs")}
    there = child_of("a", replicas=2) | child_of("b", replicas=1) | child_of("theirs", replicas=5)
    here = planning(a_formation(processes=types), there)
    here.wanted.counts["theirs"] = Replicas(5, None, 5)  # type: ignore[index]  # a dict, as it is here
    assert here.parts == (["b"], ["a", "new", "theirs"])


async def test_a_paused_formation_is_planned_without_actions() -> None:
    here = planning(a_formation(paused=True), child_of("worker") | child_of("former"))
    found = await here.plan(["worker"])
    assert (found.actions, [each.name for each in found.intents]) == ([], ["shop-worker"])
    assert here.obsolete(found.intents) == []


async def test_of_a_type_that_cannot_be_rendered_the_child_stays_and_gets_its_count_alone() -> None:
    unfit = a_process(resources={"limits": {"mem": "1Gi"}})
    here = planning(a_formation(processes={"web": a_process(), "worker": unfit}), child_of("worker"))
    found = await here.plan(["web", "worker"])
    assert [(action.verb, action.process_type) for action in found.actions] == [
        (Verb.CREATE, "web"),
        (Verb.SCALE, "worker"),
    ]
    assert [problem.process_type for problem in found.failed] == ["worker"]
    assert here.obsolete(found.intents) == []


async def test_a_large_formation_is_planned_in_parts_that_may_be_held_at_once() -> None:
    here = planning(largest.filled(largest.shared, 24 * 1024))
    types = sorted(here.wanted.content.spec.processes)
    rest: Sequence[str] = types
    sizes, planned = [], []
    while rest:
        part = await here.plan(rest)
        sizes.append([action.meant.size for action in part.actions])
        planned += [action.process_type for action in part.actions]
        assert all(intent.manifest == {} for intent in part.intents)
        rest = part.rest
    assert [*dict.fromkeys(planned)] == types
    assert len(sizes) > 2
    of_a_type = 2  # a Deployment and a Service
    assert all(sum(each[:-of_a_type]) < MOST_MANIFESTS for each in sizes)


async def test_no_more_manifests_are_held_during_a_pass_than_of_a_part_of_its_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = 16 * 1024
    monkeypatch.setattr(plan, "MOST_MANIFESTS", most)  # so that the fake cluster has less to do

    def held() -> int:
        return sum(each.size for each in gc.get_objects() if isinstance(each, Intent) and each.manifest)

    class Weighing(FakeCluster):
        """Weighs the manifests that are held whenever an object is made."""

        most = 0

        async def create(self, manifest: Object, *, manager: str) -> Object:
            for _ in range(20):  # as long as it takes to render some types
                await asyncio.sleep(0)
            self.most = max(self.most, held() - before)
            return await super().create(manifest, manager=manager)

    cluster = Weighing()
    cluster.put(naming.KIND, stored(largest.filled(largest.shared, 4 * 1024)))
    gc.collect()
    before = held()
    await Operator(cluster, Time()).work()
    made = cluster.all("Deployment")
    assert len(made) == 32
    assert most <= cluster.most < 2 * most


# What is rendered, and with which counts


def spec(formation: Manifest) -> Any:
    return parsed(formation).spec


def test_what_a_content_says_of_counts_suspension_and_pauses_is_not_rendered() -> None:
    owner = parsed(a_formation()).metadata
    processes = {"web": a_process(port=80), "worker": a_process(singleton=True)}
    content = spec(a_formation(processes=processes))
    counted = {name: {**process, "replicas": 1} for name, process in processes.items()}
    another = spec(a_formation(processes=counted, suspend=True, paused=True))
    count = Replicas(desired=7, rendered=7, remembered=7)
    for name in processes:
        assert desired.children(owner, content, name, count) == desired.children(owner, another, name, count)


RELEASED = a_formation(
    image="shop:v1",
    suspend=True,
    paused=True,
    processes={"web": a_process("/web", replicas=1, port=80), "old": a_process("/old", replicas=2)},
)
TODAY = {"web": a_process("/web", replicas=3), "new": a_process("/new", replicas=4)}


def written(cluster: FakeCluster) -> dict[str, tuple[str, int]]:
    """Return the image and the count of each Deployment."""
    specs = {raw["metadata"]["name"]: raw["spec"] for raw in cluster.all("Deployment")}
    return {
        name: (each["template"]["spec"]["containers"][0]["image"], each["replicas"])
        for name, each in specs.items()
    }


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch) -> tuple[FakeCluster, Operator]:
    """A Formation that says something else by now than what is rendered."""
    cluster = FakeCluster()
    released = {**RELEASED, "spec": {**RELEASED["spec"], "suspend": False, "paused": False}}
    cluster.put(naming.KIND, stored(released))
    operator = Operator(cluster, Time())
    await operator.work()
    content = Content(spec(RELEASED), version=-1)
    monkeypatch.setattr(Asked, "declared", content)
    cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2", "processes": {**TODAY, "old": None}}})
    return cluster, operator


async def test_another_content_is_rendered_with_the_counts_of_today(
    shop: tuple[FakeCluster, Operator],
) -> None:
    cluster, operator = shop
    templates = {raw["metadata"]["name"]: raw["spec"]["template"] for raw in cluster.all("Deployment")}
    assert await operator.work()
    assert written(cluster) == {"shop-web": ("shop:v1", 3), "shop-old": ("shop:v1", 2)}
    assert templates == {
        raw["metadata"]["name"]: raw["spec"]["template"] for raw in cluster.all("Deployment")
    }
    assert cluster.all("Service"), "the port is of the content, too"


async def test_a_scale_request_on_a_deployment_of_another_content_is_honoured(
    shop: tuple[FakeCluster, Operator],
) -> None:
    cluster, operator = shop
    await operator.work()
    cluster.merge("Deployment", "default", "shop-web", {"spec": {"replicas": 6}}, by=SCALE)
    cluster.merge("Deployment", "default", "shop-old", {"spec": {"replicas": 5}}, by=SCALE)
    for _ in range(2):
        assert await operator.work()
    assert written(cluster) == {"shop-web": ("shop:v1", 6), "shop-old": ("shop:v1", 5)}
    assert cluster.read(naming.KIND, *KEY)["spec"]["processes"]["web"]["replicas"] == 6


async def test_a_formation_is_suspended_and_paused_as_it_says_today(
    shop: tuple[FakeCluster, Operator],
) -> None:
    cluster, operator = shop
    cluster.merge(naming.KIND, *KEY, {"spec": {"suspend": True}})
    await operator.work()
    assert written(cluster) == {"shop-web": ("shop:v1", 0), "shop-old": ("shop:v1", 0)}
    cluster.merge(naming.KIND, *KEY, {"spec": {"suspend": False, "paused": True}})
    await operator.work()
    assert written(cluster) == {"shop-web": ("shop:v1", 0), "shop-old": ("shop:v1", 0)}
    cluster.merge(naming.KIND, *KEY, {"spec": {"paused": False}})
    await operator.work()
    assert written(cluster) == {"shop-web": ("shop:v1", 3), "shop-old": ("shop:v1", 2)}


async def test_once_the_content_is_chosen_that_the_formation_says_that_is_rendered(
    shop: tuple[FakeCluster, Operator], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, operator = shop
    await operator.work()
    monkeypatch.undo()
    for _ in range(2):
        await operator.work()
    assert written(cluster) == {"shop-web": ("shop:v2", 3), "shop-new": ("shop:v2", 4)}
