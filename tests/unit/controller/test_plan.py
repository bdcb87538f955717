"""What a pass is going to do about a type is decided before anything of it is written."""

import asyncio
import gc
from typing import Any

from formation_operator.api import bounds, naming
from formation_operator.controller.budgets import Budgets
from formation_operator.controller.memory import Memory
from formation_operator.controller.passes import Pass
from formation_operator.controller.plan import Planning
from formation_operator.controller.wanted import Wanted
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from formation_operator.observe.cache import Basis
from formation_operator.observe.children import Children
from formation_operator.observe.faults import Faults
from formation_operator.release.asked import Content
from formation_operator.render import desired
from formation_operator.render.desired import Intent
from formation_operator.replicas.count_owner import Replicas
from formation_operator.sync.executor import CONCURRENT_WRITES
from formation_operator.sync.planner import Action, PlanContext, Verb
from tests import largest
from tests.builders import Manifest, a_formation, a_process, stored
from tests.unit.facts import OWNER, a_child, parsed
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Operator, Time


def planning(formation: Manifest, children: Children | None = None, **counts: Replicas) -> Planning:
    """Return what plans a Formation each of whose types is to have two processes, or as given."""
    read = parsed(formation)
    counted = {name: Replicas(2, 2, 2) for name in read.spec.processes} | counts
    context = PlanContext("uid-1", {"uid-1"}, applied={}, restless={}, exhausted=(), counts=counted)
    wanted = Wanted(read, Content(read.spec), counted, {}, Budgets(), {}, {})
    this = Pass(
        ("default", "shop"), Basis(stored(formation), dict(children or {})), Memory(), Faults(("", ""))
    )
    return Planning(this, wanted, context)


def intents(given: Planning, name: str) -> list[Intent]:
    wanted = given.wanted
    return desired.children(wanted.formation.metadata, wanted.content.spec, name, wanted.counts[name])


def child_of(name: str, **more: Any) -> dict[tuple[ChildKind, str], Any]:
    child = a_child(name=naming.child("shop", name), uid=name, owner=OWNER, digest="another", **more)
    return {(child.kind, child.name): child}


def test_a_plan_lists_what_is_done_about_each_object() -> None:
    types = {"web": a_process(port=80), "worker": a_process()}
    here = planning(a_formation(processes=types), child_of("worker") | child_of("former"))
    (web, service), (worker,) = intents(here, "web"), intents(here, "worker")
    known = here.this.basis.children
    assert here.actions("web") == [Action(Verb.CREATE, "web", web), Action(Verb.CREATE, "web", service)]
    assert here.actions("worker") == [Action(Verb.UPDATE, "worker", worker, known[worker.kind, worker.name])]
    assert {each.name: each.manifest for each in here.intents} == {"shop-web": {}, "shop-worker": {}}
    former = known[ChildKind.DEPLOYMENT, "shop-former"]
    assert here.obsolete() == [Action(Verb.DELETE, "former", child=former)]


def test_types_that_get_another_count_are_planned_before_all_others() -> None:
    types = {name: a_process() for name in ("a", "b", "new", "theirs")}
    there = child_of("a", replicas=2) | child_of("b", replicas=1) | child_of("theirs", replicas=5)
    here = planning(a_formation(processes=types), there, theirs=Replicas(5, None, 5))
    assert here.names == ["b", "a", "new", "theirs"]


def test_a_paused_formation_is_planned_without_actions() -> None:
    here = planning(a_formation(paused=True), child_of("worker") | child_of("former"))
    assert here.actions("worker") == []
    assert [each.name for each in here.intents] == ["shop-worker"]
    assert not any(here.obsolete())


def test_of_a_type_that_cannot_be_rendered_the_child_stays_and_gets_its_count_alone() -> None:
    unfit = a_process(resources={"limits": {"mem": "1Gi"}})
    here = planning(a_formation(processes={"web": a_process(), "worker": unfit}), child_of("worker"))
    assert [action.verb for action in here.actions("web")] == [Verb.CREATE]
    assert [action.verb for action in here.actions("worker")] == [Verb.SCALE]
    assert [problem.process_type for problem in here.this.faults.problems.values()] == ["worker"]
    assert not any(here.obsolete())


async def test_no_more_manifests_are_held_during_a_pass_than_of_the_types_that_are_written_at_once() -> None:
    def held() -> int:
        intents = (each for each in gc.get_objects() if isinstance(each, Intent) and each.manifest)
        return sum(bounds.size(each.manifest) for each in intents)

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
    of_a_type = bounds.size({**made[0], "metadata": {**made[0]["metadata"], "managedFields": []}})
    assert cluster.most < 1.5 * CONCURRENT_WRITES * of_a_type


def test_what_a_content_says_of_counts_suspension_and_pauses_is_not_rendered() -> None:
    owner = parsed(a_formation()).metadata
    processes = {"web": a_process(port=80), "worker": a_process(singleton=True)}
    counted = {name: {**process, "replicas": 1} for name, process in processes.items()}
    content, another = (
        parsed(each).spec
        for each in (
            a_formation(processes=processes),
            a_formation(processes=counted, suspend=True, paused=True),
        )
    )
    count = Replicas(desired=7, rendered=7, remembered=7)
    for name in processes:
        assert desired.children(owner, content, name, count) == desired.children(owner, another, name, count)
