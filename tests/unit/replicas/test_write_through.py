"""A count is judged before it is written over, whatever comes in between."""

import math

import pytest

from formation_operator.api import naming
from formation_operator.controller import reconcile
from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from formation_operator.observe.cache import Cache
from formation_operator.render import intents
from formation_operator.replicas.count_owner import Replicas
from formation_operator.requeue import Result, Retry
from formation_operator.settings import Settings
from tests.shared.builders import MIDNIGHT, a_formation, a_process, stored
from tests.unit.facts import parsed
from tests.unit.fakes import operator
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.objects import SCALE, identity_of

KEY = ("default", "shop")
FORMATION = a_formation(processes={name: a_process(replicas=4) for name in ("web", "worker")})
RESTARTED = {
    "spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}
}
LOST = errors.UnavailableError("no answer")


class WithoutStatus(FakeCluster):
    """Keeps no status, so that no pass learns from it what an earlier one did."""

    async def replace_status(self, manifest: Object) -> Object:
        return self.read(*identity_of(manifest))


class Shop:
    """A Formation with its Deployments as we wrote them, and an operator of which a watch is late.

    The watch of Deployments brings all at once, that of Formations what has happened until a step says so.
    """

    def __init__(self) -> None:
        self.cluster = WithoutStatus()
        self.known = Cache()
        self.here = reconcile.Reconciler(
            self.cluster, self.known, lambda: MIDNIGHT, Settings(), lambda _: None
        )
        self.cluster.put(naming.KIND, stored(FORMATION))
        self.watch()
        self.cluster.watchers.append(self._see)
        formation, count = parsed(FORMATION), Replicas(desired=4, rendered=4, remembered=4)
        for name in formation.spec.processes:
            self.cluster.write(intents.deployment(formation.metadata, formation.spec, name, count).manifest)
        self.cluster.incidents.append(Incident("apply", error=LOST, times=math.inf))

    @property
    def counts(self) -> dict[str, int]:
        """The counts that the Formation says."""
        processes = self.cluster.read(naming.KIND, *KEY)["spec"]["processes"]
        return {name: item["replicas"] for name, item in processes.items()}

    @property
    def events(self) -> list[str]:
        """The reasons of the Events about requests."""
        return [notice.reason for notice in self.cluster.notices if notice.action == "Scale"]

    def _see(self, kind: str, raw: Object, deleted: bool) -> None:
        if kind == ChildKind.DEPLOYMENT:
            self.known.see(kind, raw)

    async def play(self, *steps: str) -> None:
        """Have things happen, each as `verb`, or as `verb type count`."""
        for step in steps:
            verb, *what = step.split()
            if verb in ("scale", "edit"):
                getattr(self, verb)(what[0], None if what[1] == "none" else int(what[1]))
            elif verb in ("watch", "writable", "report", "restart", "pause", "resume"):
                getattr(self, verb)()
            else:
                await getattr(self, verb)()

    def scale(self, process_type: str, count: int) -> None:
        """Have somebody scale a Deployment."""
        name = naming.child("shop", process_type)
        self.cluster.merge("Deployment", "default", name, {"spec": {"replicas": count}}, by=SCALE)

    def edit(self, process_type: str, count: int | None) -> None:
        """Have somebody give the Formation a count, or take it away."""
        self._merge({"spec": {"processes": {process_type: {"replicas": count}}}})

    def watch(self) -> None:
        """Have the watch bring the Formation."""
        self.known.see(naming.KIND, self.cluster.read(naming.KIND, *KEY))

    def writable(self) -> None:
        """Let the Deployments be written from now on."""
        self.cluster.incidents.clear()

    def report(self) -> None:
        """Have the status say what the Formation says, as after a pass."""
        processes = {name: {"desiredReplicas": count} for name, count in self.counts.items()}
        generation = self.cluster.read(naming.KIND, *KEY)["metadata"]["generation"]
        self._merge({"status": {"observedGeneration": generation, "processes": processes}})
        self.watch()

    def restart(self) -> None:
        """Have somebody change something else of a Deployment."""
        self.cluster.merge("Deployment", "default", "shop-web", RESTARTED)

    def pause(self) -> None:
        self._merge({"spec": {"paused": True}})

    def resume(self) -> None:
        self._merge({"spec": {"paused": False}})

    def _merge(self, changes: Object) -> None:
        self.cluster.merge(naming.KIND, *KEY, changes)

    async def run(self) -> Result:
        """Run a pass."""
        return await operator.run(self.here, KEY)

    async def conflict(self) -> None:
        """Run a pass that finds another Formation than is known."""
        assert (await self.run()).retry is Retry.PASSING

    async def unanswered(self) -> None:
        """Run a pass whose patch of the Formation is carried out, and gets no answer."""
        await self._lose(carried_out=True)

    async def unsent(self) -> None:
        """Run a pass whose patch of the Formation never gets there."""
        await self._lose(carried_out=False)

    async def _lose(self, *, carried_out: bool) -> None:
        self.cluster.incidents.append(Incident("patch", error=LOST, carried_out=carried_out))
        assert (await self.run()).retry is Retry.PASSING


@pytest.fixture
def shop() -> Shop:
    """The shop, none of whose Deployments can be written yet."""
    return Shop()


@pytest.mark.parametrize(
    ("steps", "counts", "events"),
    [
        ("unanswered; scale web 9; conflict; watch; run", {"web": 9}, ["ScaleHonoured"]),
        ("unanswered; watch; scale web 4; run", {"web": 4}, ["ScaleHonoured"]),
        ("run; edit web 4; watch; run; run", {"web": 4}, ["ScaleHonoured"]),
        ("run; edit web 4; watch; run; report; restart; run", {"web": 4}, ["ScaleHonoured"]),
        ("run; edit web none; watch; run; edit web 4; watch; run", {"web": 4}, ["ScaleHonoured"]),
        ("run; edit web 4; watch; writable; run; scale web 8; run", {"web": 8}, 2 * ["ScaleHonoured"]),
        ("run; edit web 4; watch; writable; run; scale web 9; run", {"web": 9}, 2 * ["ScaleHonoured"]),
        ("edit worker 5; edit worker 6; conflict; conflict; watch; run", {"web": 8}, ["ScaleHonoured"]),
        ("unsent; edit worker 5; edit worker 6; watch; run", {"web": 8}, ["ScaleHonoured"]),
        ("unsent; pause; watch; run; resume; watch; run", {"web": 8}, ["ScaleHonoured"]),
    ],
    ids=[
        "a request after one that got no answer is honoured",
        "a request that got no answer may be taken back",
        "an edit after an honoured request has the last word",
        "an answered request is no new one because something else of the Deployment changes",
        "an answered request is no new one because the count was left open for a while",
        "the same count is a new request once the Deployment was written",
        "another count is a new request once the Deployment was written",
        "a request that came too late for edits of something else isn't overruled by them",
        "a request that never got there isn't lost because others did",
        "a request that never got there waits while the Formation is paused",
    ],
)
async def test_of_a_scale_to_8_and_what_happens_next_the_last_wish_counts(
    shop: Shop, steps: str, counts: dict[str, int], events: list[str]
) -> None:
    await shop.play("scale web 8", *steps.split("; "))
    assert shop.counts.items() >= counts.items()
    assert shop.events == events


async def test_a_request_whose_answer_is_lost_is_not_taken_back_before_it_is_known(shop: Shop) -> None:
    await shop.play("writable", "scale web 8")
    for step in ("unanswered", "conflict", "watch", "run"):
        await shop.play(step)
        assert shop.cluster.read("Deployment", "default", "shop-web")["spec"]["replicas"] == 8
    assert shop.counts["web"] == 8


async def test_a_request_is_not_written_to_a_formation_that_has_taken_the_name_of_the_one_it_was_for(
    shop: Shop,
) -> None:
    await shop.play("writable", "scale web 8")
    shop.cluster.remove(naming.KIND, *KEY)
    shop.cluster.put(naming.KIND, stored(FORMATION, uid="uid-2"))
    await shop.conflict()
    assert shop.counts == {"web": 4, "worker": 4}
