"""A count is judged before it is written over, whatever comes in between."""

import dataclasses
import functools
import math

import pytest

from formation_operator.api import naming
from formation_operator.controller import reconcile
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from formation_operator.observe.cache import Cache
from formation_operator.render import desired
from formation_operator.replicas.count_owner import Replicas
from formation_operator.requeue import Lane, Requeue
from formation_operator.settings import Settings
from tests.builders import MIDNIGHT, a_formation, a_process, stored
from tests.unit.facts import parsed
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.objects import SCALE, identity_of

KEY = ("default", "shop")
FORMATION = a_formation(processes={name: a_process(replicas=4) for name in ("web", "worker")})
RESTARTED = {"kubectl.kubernetes.io/restartedAt": "now"}


class WithoutStatus(FakeCluster):
    """Keeps no status, so that no pass learns from it what an earlier one did."""

    async def apply_status(self, manifest: Object) -> Object:
        return self.read(*identity_of(manifest))


@dataclasses.dataclass(frozen=True)
class Shop:
    """A Formation with its Deployments as we wrote them, and what is known of them."""

    cluster: FakeCluster
    known: Cache
    reconcilers: list[reconcile.Reconciler] = dataclasses.field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """The counts that the Formation says."""
        processes = self.cluster.read(naming.KIND, *KEY)["spec"]["processes"]
        return {name: item["replicas"] for name, item in processes.items()}

    @property
    def applied(self) -> list[Object]:
        """What we tried to write of the Deployments."""
        return [call.body for call in self.cluster.asked("apply", "Deployment")]

    @property
    def told(self) -> list[str]:
        """Why each Event that is about a request was told."""
        return [notice.reason for notice in self.cluster.notices if notice.action == "Scale"]

    def see(self, kind: str, raw: Object, deleted: bool) -> None:
        """Take what the watch tells: all of the Deployments, but nothing of the Formation."""
        if kind == ChildKind.DEPLOYMENT:
            self.known.see(kind, raw)

    def watched(self) -> None:
        """Have the watch tell of the Formation."""
        self.known.see(naming.KIND, self.cluster.read(naming.KIND, *KEY))
        for here in self.reconcilers:
            here.see(self.known.formations[KEY])

    def edit(self, process_type: str, count: int | None) -> None:
        """Give the Formation a count, or take it away, as anybody may at any time."""
        self.cluster.merge(naming.KIND, *KEY, {"spec": {"processes": {process_type: {"replicas": count}}}})

    def scale(self, process_type: str, count: int) -> None:
        """Have somebody scale a Deployment, and the watch tell of it."""
        name = naming.child("shop", process_type)
        self.cluster.merge("Deployment", "default", name, {"spec": {"replicas": count}}, by=SCALE)

    def let_write(self) -> None:
        """Let the Deployments be written from now on."""
        self.cluster.incidents.clear()


@pytest.fixture
def shop() -> Shop:
    """The shop, none of whose Deployments can be written yet."""
    shop = Shop(WithoutStatus(), Cache())
    shop.cluster.put(naming.KIND, stored(FORMATION))
    shop.watched()
    shop.cluster.watchers.append(shop.see)
    formation, count = parsed(FORMATION), Replicas(desired=4, rendered=4, remembered=4)
    for name in formation.spec.processes:
        shop.cluster.write(desired.deployment(formation.metadata, formation.spec, name, count).manifest)
    seen_enough = errors.UnavailableError("seen enough")
    shop.cluster.incidents.append(Incident("apply", error=seen_enough, times=math.inf))
    return shop


def reconciler(shop: Shop) -> reconcile.Reconciler:
    here = reconcile.Reconciler(shop.cluster, shop.known, lambda: MIDNIGHT, Settings())
    shop.reconcilers.append(here)
    return here


async def unanswered(shop: Shop, here: reconcile.Reconciler) -> None:
    """Run a pass that writes to the Formation and isn't told so."""
    shop.cluster.incidents.append(Incident("patch", error=errors.UnavailableError("lost"), carried_out=True))
    assert isinstance((await here.run(KEY)).error, errors.UnavailableError)


async def unsent(shop: Shop, here: reconcile.Reconciler) -> None:
    """Run a pass that can't reach the Formation."""
    shop.cluster.incidents.append(Incident("patch", error=errors.UnavailableError("not sent")))
    assert isinstance((await here.run(KEY)).error, errors.UnavailableError)


def reported(shop: Shop) -> None:
    """Have the status say what the Formation says, as after a pass."""
    processes = {name: {"desiredReplicas": count} for name, count in shop.counts.items()}
    generation = shop.cluster.read(naming.KIND, *KEY)["metadata"]["generation"]
    status = {"observedGeneration": generation, "processes": processes}
    shop.cluster.merge(naming.KIND, *KEY, {"status": status})
    shop.watched()


@pytest.mark.parametrize("last", [("web", 9), ("worker", 7)], ids=["the same type", "another type"])
async def test_a_request_that_comes_while_another_one_is_judged_is_judged_too(
    shop: Shop, last: tuple[str, int]
) -> None:
    shop.let_write()
    shop.scale("web", 8)
    here = reconciler(shop)
    name, count = last
    shop.cluster.incidents.append(Incident("pages", meanwhile=lambda: shop.scale(name, count)))
    assert (await here.run(KEY)).requeue == Requeue(Lane.CHANGE)
    assert shop.cluster.read("Deployment", "default", f"shop-{name}")["spec"]["replicas"] == count
    await here.run(KEY)
    assert shop.counts == {"web": 8, "worker": 4} | {name: count}


async def test_a_request_after_one_whose_answer_was_lost_is_honoured(shop: Shop) -> None:
    shop.scale("web", 8)
    here = reconciler(shop)
    await unanswered(shop, here)
    shop.scale("web", 9)
    assert isinstance(
        (await here.run(KEY)).error, errors.ConflictError
    )  # the watch hasn't told of the first one yet
    shop.watched()
    await here.run(KEY)
    assert shop.counts["web"] == 9
    assert [notice.reason for notice in shop.cluster.notices][:1] == ["ScaleHonoured"]


async def test_who_edits_the_formation_after_a_request_was_honoured_has_the_last_word(
    shop: Shop,
) -> None:
    shop.scale("web", 8)
    here = reconciler(shop)
    await here.run(KEY)  # the Deployment can't be written
    assert shop.counts["web"] == 8
    shop.edit("web", 4)
    shop.watched()
    for _ in range(2):
        await here.run(KEY)
    assert shop.counts["web"] == 4
    assert [notice.reason for notice in shop.cluster.notices].count("ScaleHonoured") == 1
    assert shop.applied[-1]["spec"]["replicas"] == 4


async def test_an_edit_that_comes_while_the_answer_to_a_request_is_lost_has_the_last_word(
    shop: Shop,
) -> None:
    shop.scale("web", 8)
    here = reconciler(shop)
    await unanswered(shop, here)
    shop.edit("web", 4)
    # the watch has told of nothing yet
    assert isinstance((await here.run(KEY)).error, errors.ConflictError)
    shop.watched()
    await here.run(KEY)
    assert shop.counts["web"] == 4


async def test_a_request_that_is_taken_back_while_its_answer_is_lost_is_not_honoured_later(
    shop: Shop,
) -> None:
    shop.let_write()
    shop.scale("web", 8)
    here = reconciler(shop)
    await unanswered(shop, here)
    shop.scale("web", 4)
    await here.run(KEY)  # the watch hasn't told of the first one yet
    shop.watched()
    await here.run(KEY)
    assert shop.counts["web"] == 4


@pytest.mark.parametrize("before", [[], [5], [5, 6]], ids=["none before", "one before", "both before"])
@pytest.mark.parametrize("error", [None, errors.UnavailableError("not sent")])
async def test_edits_of_something_else_while_a_request_is_on_its_way_do_not_overrule_it(
    shop: Shop, before: list[int], error: errors.ClusterError | None
) -> None:
    def edit(counts: list[int]) -> None:
        for count in counts:
            shop.edit("worker", count)
            shop.watched()

    shop.scale("web", 8)
    here = reconciler(shop)
    after = [5, 6][len(before) :]
    shop.cluster.incidents += [
        Incident("pages", kinds.HPA, meanwhile=functools.partial(edit, before)),
        Incident("patch", meanwhile=functools.partial(edit, after), error=error),
    ]
    for _ in range(3):
        await here.run(KEY)
    assert shop.counts == {"web": 8, "worker": 6}


async def test_edits_that_are_told_of_together_do_not_overrule_a_request_that_came_too_late_for_them(
    shop: Shop,
) -> None:
    shop.scale("web", 8)
    here = reconciler(shop)
    for count in (5, 6):
        shop.edit("worker", count)
    for _ in range(2):  # the watch has told of neither yet
        assert isinstance((await here.run(KEY)).error, errors.ConflictError)
    shop.watched()
    await here.run(KEY)
    assert shop.counts == {"web": 8, "worker": 6}


async def test_an_answered_request_is_no_new_one_because_something_else_of_the_deployment_is_changed(
    shop: Shop,
) -> None:
    shop.scale("web", 8)
    here = reconciler(shop)
    await here.run(KEY)  # the Deployment can't be written
    shop.edit("web", 4)
    shop.watched()
    await here.run(KEY)
    reported(shop)
    restart = {"spec": {"template": {"metadata": {"annotations": RESTARTED}}}}
    shop.cluster.merge("Deployment", "default", "shop-web", restart)
    await here.run(KEY)
    assert shop.counts["web"] == 4


async def test_an_answered_request_is_no_new_one_because_the_count_was_left_open_for_a_while(
    shop: Shop,
) -> None:
    shop.scale("web", 8)
    here = reconciler(shop)
    await here.run(KEY)  # the Deployment can't be written
    for count in (None, 4):
        shop.edit("web", count)
        shop.watched()
        await here.run(KEY)
    assert shop.counts["web"] == 4


@pytest.mark.parametrize("count", [8, 9], ids=["the same count", "another count"])
async def test_a_request_is_a_new_one_once_the_deployment_was_written(shop: Shop, count: int) -> None:
    shop.scale("web", 8)
    here = reconciler(shop)
    await here.run(KEY)  # the Deployment can't be written
    shop.edit("web", 4)
    shop.watched()
    shop.let_write()
    await here.run(KEY)
    assert shop.counts["web"] == 4
    shop.scale("web", count)
    await here.run(KEY)
    assert shop.counts["web"] == count


async def test_a_request_that_never_reached_the_formation_is_not_lost_because_something_else_did(
    shop: Shop,
) -> None:
    shop.scale("web", 8)
    here = reconciler(shop)
    await unsent(shop, here)
    shop.edit("worker", 5)
    shop.watched()
    await here.run(KEY)
    assert shop.counts == {"web": 8, "worker": 5}
    assert shop.told == ["ScaleHonoured"]


async def test_a_request_that_never_reached_the_formation_waits_until_that_is_paused_no_more(
    shop: Shop,
) -> None:
    shop.scale("web", 8)
    here = reconciler(shop)
    await unsent(shop, here)
    for paused in (True, False):
        shop.cluster.merge(naming.KIND, *KEY, {"spec": {"paused": paused}})
        shop.watched()
        await here.run(KEY)
    assert shop.counts["web"] == 8
    assert shop.told == ["ScaleHonoured"]


async def test_a_request_that_may_have_been_overruled_while_its_answer_was_lost_is_told_of(
    shop: Shop,
) -> None:
    shop.scale("web", 8)
    here = reconciler(shop)
    await unsent(shop, here)
    for count in (5, 6):
        shop.edit("worker", count)
    shop.watched()
    await here.run(KEY)
    assert shop.counts == {"web": 4, "worker": 6}
    assert shop.told == ["ScaleOverruled"]


async def test_a_request_is_not_written_to_a_formation_that_has_taken_the_name_of_the_one_it_was_for(
    shop: Shop,
) -> None:
    shop.let_write()
    shop.scale("web", 8)
    shop.cluster.remove(naming.KIND, *KEY)
    shop.cluster.put(naming.KIND, stored(FORMATION, uid="uid-2"))
    assert isinstance((await reconciler(shop).run(KEY)).error, errors.ConflictError)
    assert shop.counts == {"web": 4, "worker": 4}
