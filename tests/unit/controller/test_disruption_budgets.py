"""A type that declares a disruption budget has one, unless another one selects its Pods."""

import asyncio
import contextlib
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.controller import intake
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.replicas import write_through
from formation_operator.settings import Settings
from tests.builders import Manifest, a_formation, a_process, stored
from tests.unit import virtual_time
from tests.unit.facts import condition_of
from tests.unit.fakes.cluster import Call, FakeCluster, Incident
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.operator import Operator, Time

KEY = ("default", "shop")
BUDGET = "PodDisruptionBudget"
WRITES = ("apply", "patch", "delete")
TYPES = {"web": a_process("/web", replicas=2, port=80), "worker": a_process(replicas=4)}
PLAIN = a_formation(processes=TYPES)
BUDGETED = a_formation(disruptionBudget={}, processes=TYPES)


def another(selector: Any, name: str = "theirs", **metadata: Any) -> Manifest:
    """Return a budget that somebody else made."""
    about = {"name": name, "namespace": "default", "uid": f"uid-of-{name}", **metadata}
    return {"metadata": about, "spec": {"maxUnavailable": 1, "selector": selector}}


EVERYTHING = another({})


class Shop:
    """A Formation, its cluster and its operator."""

    def __init__(self, formation: Manifest = BUDGETED, *others: Manifest) -> None:
        self.cluster, self.time = FakeCluster(), Time()
        for each in others:
            self.cluster.put(BUDGET, each)
        self.cluster.put(naming.KIND, stored(formation))
        self.operator = Operator(self.cluster, self.time)
        for each in others:
            self.operator.see(BUDGET, self.cluster.read(BUDGET, "default", each["metadata"]["name"]), False)

    async def settle(self) -> list[Call]:
        """Run passes until all is reported, and return the requests."""
        before = len(self.cluster.calls)
        for _ in range(3):
            self.time.seconds += 2
            assert await self.operator.work()
        return self.cluster.calls[before:]

    async def change(self, **spec: Any) -> list[Call]:
        self.cluster.merge(naming.KIND, *KEY, {"spec": spec})
        return await self.settle()

    @property
    def budgets(self) -> dict[str, Any]:
        """How many processes of each may be down, by the names of the budgets."""
        return {raw["metadata"]["name"]: raw["spec"]["maxUnavailable"] for raw in self.cluster.all(BUDGET)}

    @property
    def contended(self) -> str:
        said = self.cluster.read(naming.KIND, *KEY)["status"]
        return str(condition_of(said, ConditionType.DISRUPTION_CONTENDED).get("message", ""))

    @property
    def ready(self) -> Manifest:
        return condition_of(self.cluster.read(naming.KIND, *KEY)["status"], ConditionType.READY)

    @property
    def notes(self) -> list[str]:
        return [each.note for each in self.cluster.notices]


@pytest.fixture
async def shop() -> Shop:
    """One whose types have their budgets."""
    shop = Shop()
    await shop.settle()
    return shop


def about_budgets(calls: list[Call]) -> list[Call]:
    return [each for each in calls if each.kind == BUDGET]


def writes(calls: list[Call]) -> list[Call]:
    return [each for each in calls if each.verb in WRITES]


async def test_each_type_has_a_budget_of_its_own(shop: Shop) -> None:
    assert shop.budgets == {"shop-web": "25%", "shop-worker": "25%"}
    web = shop.cluster.read(BUDGET, "default", "shop-web")
    assert web["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert web["spec"]["selector"] == {"matchLabels": naming.selector("shop", "web")}
    (owner,) = web["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == ("uid-1", True)
    assert not shop.contended


async def test_a_formation_without_one_costs_no_request_and_no_annotation() -> None:
    shop = Shop(PLAIN, EVERYTHING)
    calls = await shop.settle()
    assert about_budgets(calls) == []
    assert shop.contended == ""
    budgeted = Shop()
    await budgeted.settle()
    templates = [
        [(raw["metadata"].get("annotations"), raw["spec"]) for raw in each.cluster.all("Deployment")]
        for each in (shop, budgeted)
    ]
    assert templates[0] == templates[1]


@pytest.mark.parametrize("scale", [{"worker": {"replicas": 9}}, {"worker": {"replicas": 0}}])
async def test_scaling_writes_no_budget(shop: Shop, scale: Manifest) -> None:
    assert about_budgets(await shop.change(processes=scale)) == []
    assert about_budgets(await shop.change(suspend=True)) == []
    shop.cluster.merge("Deployment", "default", "shop-web", {"spec": {"replicas": 5}}, by=SCALE)
    assert about_budgets(await shop.settle()) == []
    assert len(shop.budgets) == 2


async def test_a_change_is_written_and_rolls_nothing_out(shop: Shop) -> None:
    calls = writes(await shop.change(processes={"web": {"disruptionBudget": {"maxUnavailable": 1}}}))
    assert [(each.kind, each.name) for each in calls] == [(BUDGET, "shop-web")]
    assert shop.budgets == {"shop-web": 1, "shop-worker": "25%"}


async def test_a_budget_that_is_no_longer_declared_goes(shop: Shop) -> None:
    calls = writes(await shop.change(disruptionBudget=None, processes={"worker": {"disruptionBudget": {}}}))
    assert [(each.verb, each.kind, each.name) for each in calls] == [("delete", BUDGET, "shop-web")]
    assert "PodDisruptionBudget shop-web is no longer declared: deleted it" in shop.notes
    await shop.change(processes={"worker": None})
    assert shop.budgets == {}


async def test_nothing_is_written_or_listed_when_nothing_differs(shop: Shop) -> None:
    assert about_budgets(await shop.settle()) == []
    shop.operator = Operator(shop.cluster, shop.time)  # another one takes over
    assert about_budgets(await shop.settle()) == []


async def test_ours_is_not_made_beside_another_one_that_the_watch_has_not_brought() -> None:
    shop = Shop(BUDGETED)
    shop.cluster.watchers.clear()
    shop.cluster.put(BUDGET, EVERYTHING)
    await shop.operator.work()
    assert shop.budgets == {"theirs": 1}


async def test_however_many_budgets_formations_have_those_of_a_new_one_are_made() -> None:
    ours = [
        another({"matchLabels": {"app": "blog"}}, f"blog-{number}", labels={naming.FORMATION_LABEL: "blog"})
        for number in range(write_through.MOST_PAGES + 1)
    ]
    shop = Shop(BUDGETED)
    shop.cluster.watchers.clear()
    for each in ours:
        shop.cluster.put(BUDGET, each)
    await shop.operator.work()
    assert shop.budgets.keys() >= {"shop-web", "shop-worker"}


async def test_ours_steps_back_as_long_as_another_one_selects_the_pods(shop: Shop) -> None:
    shop.cluster.put(BUDGET, another({"matchLabels": {"app.kubernetes.io/component": "web"}}))
    await shop.settle()
    assert shop.budgets == {"theirs": 1, "shop-worker": "25%"}
    assert shop.contended.startswith("web: PodDisruptionBudget theirs selects its processes")
    assert any(
        note.startswith("deleted PodDisruptionBudget shop-web, which steps back") for note in shop.notes
    )
    assert "theirs" not in shop.ready["message"]
    assert about_budgets(await shop.settle()) == []
    shop.cluster.remove(BUDGET, "default", "theirs")
    await shop.settle()
    assert shop.budgets == {"shop-web": "25%", "shop-worker": "25%"}
    assert shop.contended == ""


@pytest.mark.parametrize("selector", [None, {"matchLabels": {"app": "blog"}}])
async def test_one_that_selects_other_pods_changes_nothing(shop: Shop, selector: Any) -> None:
    shop.cluster.put(BUDGET, another(selector))
    await shop.settle()
    assert shop.budgets == {"theirs": 1, "shop-web": "25%", "shop-worker": "25%"}


async def test_one_of_the_same_name_by_hand_stays_and_is_named() -> None:
    shop = Shop(BUDGETED, another({"matchLabels": naming.selector("shop", "web")}, "shop-web"))
    await shop.settle()
    assert shop.budgets == {"shop-web": 1, "shop-worker": "25%"}
    assert "PodDisruptionBudget shop-web" in shop.contended
    shop.cluster.remove(BUDGET, "default", "shop-web")
    await shop.settle()
    assert shop.budgets["shop-web"] == "25%"


async def test_what_another_client_changes_or_deletes_is_repaired(shop: Shop) -> None:
    shop.cluster.merge(BUDGET, "default", "shop-web", {"spec": {"maxUnavailable": 7}})
    await shop.settle()
    assert shop.budgets["shop-web"] == "25%"
    drift = next(note for note in shop.notes if "set it back" in note)
    assert "spec.maxUnavailable" in drift
    shop.cluster.remove(BUDGET, "default", "shop-web")
    await shop.settle()
    assert shop.budgets["shop-web"] == "25%"
    assert any("remove disruptionBudget" in note for note in shop.notes)


async def test_an_orphan_is_adopted(shop: Shop) -> None:
    shop.cluster.merge(BUDGET, "default", "shop-web", {"metadata": {"ownerReferences": None}})
    await shop.settle()
    web = shop.cluster.read(BUDGET, "default", "shop-web")
    assert [each["uid"] for each in web["metadata"]["ownerReferences"]] == ["uid-1"]
    assert shop.contended == ""


async def test_a_paused_formation_makes_none_and_looks_for_none() -> None:
    paused = {**BUDGETED, "spec": {**BUDGETED["spec"], "paused": True}}
    shop = Shop(paused)
    assert about_budgets(await shop.settle()) == []


@pytest.mark.parametrize(
    ("verb", "error", "reason"),
    [
        ("pages", errors.ForbiddenError("no right to list budgets"), "Refused"),
        ("pages", errors.UnavailableError("no answer"), "Retrying"),
        ("apply", errors.ForbiddenError("no right to create budgets"), "Refused"),
        ("apply", errors.UnavailableError("exceeded quota"), "Retrying"),
    ],
)
async def test_one_that_cannot_be_made_is_said_and_all_else_is_made(
    verb: Any, error: Exception, reason: str
) -> None:
    shop = Shop()
    shop.cluster.incidents.append(Incident(verb, BUDGET, error=error, times=99))
    for _ in range(3):
        shop.time.seconds += 2
        assert not await shop.operator.work()
    assert {raw["metadata"]["name"] for raw in shop.cluster.all("Deployment")} == {"shop-web", "shop-worker"}
    assert (shop.ready["status"], shop.ready["reason"]) == ("False", reason)
    assert str(error) in shop.ready["message"]
    shop.cluster.incidents.clear()
    await shop.settle()
    assert shop.budgets == {"shop-web": "25%", "shop-worker": "25%"}


# The watch of everybody's


async def watched(*formations: Manifest, namespaces: tuple[str, ...] = ()) -> tuple[FakeCluster, Any]:
    """Return a cluster whose Formations an operator works on, and that."""
    cluster = FakeCluster()
    for each in formations:
        cluster.put(naming.KIND, each)
    here = intake.Controller(cluster, Settings(namespaces, resync=86400), virtual_time.now)
    await here.start()
    return cluster, here


@contextlib.asynccontextmanager
async def running(here: intake.Controller) -> Any:
    work = asyncio.create_task(here.run())
    await asyncio.sleep(60)
    yield
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work


def watches(cluster: FakeCluster, scope: str = "") -> int:
    """Return how many watches of budgets there are: one is of our own."""
    return len([each for each in cluster.asked("watch", BUDGET) if each.namespace == scope])


def test_the_budgets_of_others_are_watched_only_once_a_formation_declares_one() -> None:
    async def scenario() -> None:
        cluster, here = await watched(stored(PLAIN))
        async with running(here):
            assert watches(cluster) == 1
            assert len(cluster.asked("pages", BUDGET)) == 1
            cluster.merge(naming.KIND, *KEY, {"spec": {"disruptionBudget": {}}})
            here.informers.formation_event("MODIFIED", cluster.read(naming.KIND, *KEY))
            here.informers.formations_reached(None)  # as kopf's watch does by a bookmark
            await asyncio.sleep(60)
            assert watches(cluster) == 2
            assert len(cluster.all(BUDGET)) == 2
            cluster.put(BUDGET, EVERYTHING)
            here.informers.formations_reached(None)  # as kopf's watch does by a bookmark
            await asyncio.sleep(60)
            assert [raw["metadata"]["name"] for raw in cluster.all(BUDGET)] == ["theirs"]
            cluster.remove(BUDGET, "default", "theirs")
            here.informers.formations_reached(None)  # as kopf's watch does by a bookmark
            await asyncio.sleep(60)
            assert len(cluster.all(BUDGET)) == 2

    virtual_time.run(scenario())


def test_of_several_namespaces_only_those_that_declare_one_are_watched() -> None:
    async def scenario() -> None:
        left = stored(BUDGETED, namespace="left", uid="left")
        right = stored(PLAIN, namespace="right", uid="right")
        cluster, here = await watched(left, right, namespaces=("left", "right"))
        async with running(here):
            assert (watches(cluster, "left"), watches(cluster, "right")) == (2, 1)

    virtual_time.run(scenario())


@pytest.mark.parametrize("formation", [PLAIN, BUDGETED])
def test_without_the_right_to_budgets_the_rest_works(formation: Manifest) -> None:
    async def scenario() -> None:
        cluster = FakeCluster()
        cluster.put(naming.KIND, stored(formation))
        forbidden = errors.ForbiddenError("budgets are forbidden")
        cluster.incidents.append(Incident(kind=BUDGET, error=forbidden, times=9**9))
        here = intake.Controller(cluster, Settings(resync=86400), virtual_time.now)
        await here.start()
        async with running(here):
            assert len(cluster.all("Deployment")) == 2
            ready = condition_of(cluster.read(naming.KIND, *KEY)["status"], ConditionType.READY)
            assert ("budgets are forbidden" in ready["message"]) == (formation is BUDGETED)
            assert here.informers.left_out() == set()

    virtual_time.run(scenario())


def test_a_status_of_a_budget_of_others_has_no_pass() -> None:
    async def scenario() -> None:
        cluster, here = await watched(stored(BUDGETED))
        cluster.put(BUDGET, another({"matchLabels": {"app": "blog"}}))
        async with running(here):
            before = here.instruments.registry.get_sample_value(PASSES, {"result": "success"})
            for healthy in range(5):
                cluster.merge(BUDGET, "default", "theirs", {"status": {"currentHealthy": healthy}})
                await asyncio.sleep(5)
            after = here.instruments.registry.get_sample_value(PASSES, {"result": "success"})
            assert after == before

    virtual_time.run(scenario())


PASSES = "formation_operator_passes_total"


def test_both_watches_of_budgets_are_gathered_and_dispensable() -> None:
    for kind in (kinds.ANY_BUDGET, kinds.BY_NAME[BUDGET]):
        assert kind.gathered
        assert kind.dispensable
