"""What is listed is taken in, and what only a new process can fix ends this one."""

import asyncio
import contextlib
import dataclasses
import datetime
import json
import math
from collections.abc import AsyncIterator, Callable

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.controller.intake import Controller
from formation_operator.kube import errors, reflector, watch_events
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import Key, Kind
from formation_operator.kube.port import Object
from formation_operator.observe import autoscalers, children
from formation_operator.requeue import Result
from formation_operator.settings import Settings
from tests import builders
from tests.builders import a_formation
from tests.unit import virtual_time
from tests.unit.facts import condition_of, intents, parsed
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.replica import View, bring_formations

QUICK = Settings(resync=0.001, resync_retry=0.001, poll=0.001, start_retry=0.001)
JOBS: Object = {
    "metadata": {"name": "jobs", "namespace": "default", "resourceVersion": "5"},
    "spec": {"scaleTargetRef": {"name": "shop-worker"}},
}


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the pauses away."""
    monkeypatch.setattr(reflector, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(reflector, "LONGEST_PAUSE", 0.002)


def controller(cluster: FakeCluster, settings: Settings = QUICK) -> Controller:
    now = datetime.datetime.now
    return Controller(cluster, settings, lambda: now(datetime.UTC))


def refuse(cluster: FakeCluster, *refusals: Exception, kind: str = naming.KIND) -> None:
    """Have the next lists of a kind refused, each for its own reason."""
    cluster.incidents = [Incident("pages", kind, error=refusal) for refusal in refusals]


def known(of: Controller) -> set[str]:
    return {name for kind in kinds.AUTOSCALERS for _, name in of._cache.stores[kind].known}  # noqa: SLF001


async def test_what_the_watches_missed_is_found_deletions_included() -> None:
    cluster = FakeCluster()
    for name in ("a", "b"):
        cluster.put(naming.KIND, builders.stored(a_formation(name), uid=name))
    here = controller(cluster)
    await here.resync()
    assert {name for _, name in here._cache.formations} == {"a", "b"}  # noqa: SLF001
    cluster.remove(naming.KIND, "default", "a")
    await here.resync()
    assert {name for _, name in here._cache.formations} == {"b"}  # noqa: SLF001


async def test_a_pass_that_an_unexpected_error_ends_is_counted_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(_: Key) -> Result:
        raise KeyError("unexpected")

    here = controller(FakeCluster())
    monkeypatch.setattr(here._reconciler, "run", broken)  # noqa: SLF001
    with pytest.raises(KeyError):
        await here._pass(("default", "shop"))  # noqa: SLF001
    counted = here.instruments.registry.get_sample_value
    assert counted("formation_operator_passes_total", {"result": "error"}) == 1


async def test_a_start_waits_for_a_cluster_that_refuses_to_be_listed() -> None:
    cluster = FakeCluster()
    refuse(cluster, errors.RefusedError("no"), errors.UnavailableError("away"), errors.NotFoundError("?"))
    async with asyncio.timeout(60):
        await controller(cluster).start()
    assert not cluster.incidents


@pytest.mark.parametrize(
    "trouble",
    [errors.RefusedError("cannot list"), errors.UnavailableError("webhook")],
    ids=repr,
)
async def test_a_start_does_without_kedas_objects_and_says_so_once(
    trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = FakeCluster()
    cluster.put(naming.KIND, builders.stored(a_formation("a")))
    cluster.incidents = [Incident("pages", kinds.SCALED_OBJECT, error=trouble, times=math.inf)]
    here = controller(cluster, dataclasses.replace(QUICK, resync=60))
    async with asyncio.timeout(60):
        await here.start()
    assert {name for _, name in here._cache.formations} == {"a"}  # noqa: SLF001
    async with at_work(here), asyncio.timeout(60):
        while len(cluster.asked("pages", kinds.SCALED_OBJECT)) < 5:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.001)
    said = [line for line in caplog.messages if kinds.SCALED_OBJECT in line]
    assert len(said) == 1
    assert repr(trouble) in said[0] or str(trouble) in said[0]


@contextlib.asynccontextmanager
async def at_work(here: Controller) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(here.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_comparison_that_fails_ends_nothing_and_is_tried_again_soon() -> None:
    cluster = FakeCluster()
    cluster.put(naming.KIND, builders.stored(a_formation()))
    here = controller(cluster, dataclasses.replace(QUICK, watch_lost=0.001))
    await here.start()
    async with at_work(here) as running, asyncio.timeout(5):
        refuse(cluster, *[errors.UnavailableError("away")] * 20)
        cluster.remove(naming.KIND, "default", "shop")
        while here._cache.formations:  # noqa: ASYNC110, SLF001  # nothing tells
            await asyncio.sleep(0.001)
        assert not cluster.incidents
        assert not running.done()


async def test_keda_may_come_and_go_while_the_operator_runs() -> None:
    cluster = FakeCluster()
    here = controller(cluster, dataclasses.replace(QUICK, resync=60))
    await here.start()
    async with at_work(here) as running:

        async def until(names: set[str]) -> None:
            async with asyncio.timeout(60):
                while known(here) != names:  # noqa: ASYNC110  # nothing tells
                    await asyncio.sleep(0.001)

        cluster.absent.clear()
        cluster.put(kinds.SCALED_OBJECT, JOBS)
        await until({"jobs"})
        refuse(cluster, errors.UnavailableError("away"), kind=kinds.SCALED_OBJECT)
        cluster.absent.add(kinds.SCALED_OBJECT)
        cluster.cut(kinds.SCALED_OBJECT)
        await until(set())
        assert not running.done()


async def test_an_object_that_cannot_be_read_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, read = FakeCluster(), autoscalers.autoscaler
    cluster.absent.clear()
    cluster.put(kinds.SCALED_OBJECT, JOBS)
    for name in ("a", "z"):  # listed before the other, and after it
        cluster.put(kinds.SCALED_OBJECT, {"metadata": {"name": name}})

    def unless_odd(raw: Object, kind: str) -> autoscalers.Autoscaler:
        if raw["metadata"]["name"] != "jobs":
            raise KeyError("spec")
        return read(raw, kind)

    monkeypatch.setattr(autoscalers, "autoscaler", unless_odd)
    here = controller(cluster)
    await here.start()
    await here.start()
    assert "jobs" in known(here)


def a_shop(version: int, uid: str = "uid-1") -> Object:
    return builders.stored(a_formation(), uid=uid, resourceVersion=str(version))


async def listing(here: Controller, cluster: FakeCluster, version: int, *items: Object) -> None:
    """List a cluster of a version, of whose Formations some are as given."""
    for item in items:
        cluster.put(naming.KIND, item)
    cluster.version = version
    await here.resync()


@pytest.mark.parametrize(
    ("restored", "deleted"),
    [(a_shop(12), False), (a_shop(12, "uid-2"), False), (a_shop(15), True)],
    ids=["changed back", "created anew", "deleted no more"],
)
async def test_a_cluster_that_was_restored_is_learnt_from_its_lists_though_its_versions_have_caught_up(
    restored: Object, deleted: bool
) -> None:
    cluster = FakeCluster()
    here = controller(cluster)
    await listing(here, cluster, 20, a_shop(15))
    if deleted:
        here.informers.formation_event("DELETED", a_shop(18))
    await listing(here, cluster, 30, restored)
    (known,) = here._cache.formations.values()  # noqa: SLF001
    assert known["metadata"].items() >= {
        (field, restored["metadata"][field]) for field in ("uid", "resourceVersion")
    }


@pytest.mark.parametrize(
    ("told", "deleted"),
    [(a_shop(25), False), (a_shop(25, "uid-2"), False), (a_shop(25), True)],
    ids=["changed", "created anew", "deleted"],
)
async def test_what_happened_while_a_list_was_under_way_is_newer_than_the_list(
    told: Object, deleted: bool
) -> None:
    class Telling(FakeCluster):
        """Is listed while a watch tells of something."""

        async def pages(
            self, kind: Kind, namespace: str | None = None
        ) -> AsyncIterator[tuple[list[Object], str]]:
            if kind.name == naming.KIND and self.version == 24:
                here.informers.formation_event("DELETED" if deleted else "MODIFIED", told)
            async for page in super().pages(kind, namespace):
                yield page

    cluster = Telling()
    here = controller(cluster)
    await listing(here, cluster, 20, a_shop(15))
    await listing(here, cluster, 24, a_shop(15))
    there = [known["metadata"]["resourceVersion"] for known in here._cache.formations.values()]  # noqa: SLF001
    assert there == ([] if deleted else ["25"])


async def test_an_answer_from_before_a_list_brings_no_formation_back_that_the_list_lacks() -> None:
    cluster = FakeCluster()
    here = controller(cluster)
    await listing(here, cluster, 20, a_shop(15))
    cluster.remove(naming.KIND, "default", "shop")
    await listing(here, cluster, 24)
    here.informers.formation_event("MODIFIED", a_shop(22))
    assert not here._cache.formations  # noqa: SLF001


async def test_a_list_of_one_namespace_has_nothing_of_another_forgotten() -> None:
    cluster = FakeCluster()
    for namespace in ("left", "right", "right-2"):
        cluster.put(naming.KIND, builders.stored(a_formation(namespace), namespace=namespace, uid=namespace))
    here = controller(cluster, dataclasses.replace(QUICK, namespaces=("left", "right")))
    await here.start()
    cluster.remove(naming.KIND, "right", "right")
    for namespace, left in (("left", {"left", "right"}), ("right", {"left"})):
        await here.informers._reflectors[namespace][naming.KIND].list()  # noqa: SLF001
        assert {name for _, name in here._cache.formations} == left  # noqa: SLF001


async def test_what_is_known_already_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = FakeCluster()
    raw = cluster.write(intents(parsed(a_formation()))[0].manifest)
    read, child = [], children.child

    def counted(raw: Object, kind: kinds.ChildKind) -> children.Child:
        read.append(raw)
        return child(raw, kind)

    monkeypatch.setattr(children, "child", counted)
    here = controller(cluster)
    deployments = kinds.BY_NAME["Deployment"]
    for _ in range(3):
        await here.resync()
        here.informers.seen(deployments, raw, deleted=False)
    assert len(read) == 1
    here.informers.seen(deployments, raw, deleted=True)
    known = here._cache.stores["Deployment"].known  # noqa: SLF001
    assert not known, "what lost our labels is deleted under the version that it has"


async def test_a_child_is_made_again_whose_deletion_no_watch_told_of() -> None:
    cluster = FakeCluster()
    cluster.put(naming.KIND, builders.stored(a_formation()))
    here = controller(cluster, dataclasses.replace(QUICK, resync=60))
    await here.start()
    async with at_work(here), asyncio.timeout(60):
        while not cluster.all("Deployment"):  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.001)
        await here.resync()
        cluster.remove("Deployment", "default", "shop-worker")
        await here.resync()
        while not cluster.all("Deployment"):  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.001)


# Whom it concerns


def lived_through(then: Callable[[FakeCluster], None], *formations: Object) -> FakeCluster:
    """Return a cluster some seconds after a change, half an hour after an operator has begun."""

    async def main() -> FakeCluster:
        cluster = FakeCluster()
        for raw in formations:
            cluster.put(naming.KIND, raw)

        def moment(*_: object) -> float:
            """Return when it is known what somebody has done: after they have their answer."""
            return 0.02

        here = Controller(View(cluster, moment).port, Settings(resync=86400), virtual_time.now)
        await here.start()
        bring_formations(cluster, here, moment)
        async with at_work(here):
            await asyncio.sleep(1800)
            then(cluster)
            await asyncio.sleep(5)
        return cluster

    return virtual_time.run(main())


RIVALS = {"a": "b-c", "a-b": "c"}
"""Formations of which a type needs the same name: that type of each."""


def a_rival(name: str) -> Object:
    processes = {each: builders.a_process() for each in (RIVALS[name], "x")}
    return builders.stored(a_formation(name, processes=processes), uid=f"uid-{name}")


def takes_the_type_away(cluster: FakeCluster) -> None:
    """Have the Formation that has the name declare that type no more."""
    (uid,) = who_has_the_name(cluster)
    name = uid.removeprefix("uid-")
    cluster.merge(naming.KIND, "default", name, {"spec": {"processes": {RIVALS[name]: None}}})


def who_has_the_name(cluster: FakeCluster) -> list[str]:
    named = [raw["metadata"] for raw in cluster.all("Deployment") if raw["metadata"]["name"] == "a-b-c"]
    return [metadata["ownerReferences"][0]["uid"] for metadata in named]


def test_who_waits_for_a_name_has_it_as_soon_as_another_formation_gives_it_up() -> None:
    rivals = [*map(a_rival, RIVALS)]
    cluster = lived_through(lambda _: None, *rivals)
    (has,) = who_has_the_name(cluster)
    (waits,) = RIVALS.keys() - {has.removeprefix("uid-")}
    stalled = condition_of(cluster.read(naming.KIND, "default", waits)["status"], ConditionType.STALLED)
    assert stalled["reason"] == "NameTaken"
    assert who_has_the_name(lived_through(takes_the_type_away, *rivals)) == [f"uid-{waits}"]


async def test_that_an_hpa_scales_a_type_from_zero_from_now_on_or_no_more_is_news() -> None:
    cluster = FakeCluster()
    cluster.put(naming.KIND, builders.stored(a_formation()))
    here = controller(cluster)
    await here.resync()
    target = {"kind": "Deployment", "name": "shop-worker", "apiVersion": "apps/v1"}
    asked = []
    for version, status in enumerate((None, "False", "True", "True", "False", "False"), start=200):
        metadata = {"name": "hpa", "namespace": "default", "resourceVersion": str(version)}
        said = [{"type": "ScaledToZero", "status": status}] if status else []
        hpa = {"metadata": metadata, "spec": {"scaleTargetRef": target}, "status": {"conditions": said}}
        line = json.dumps({"type": "MODIFIED", "object": hpa}, separators=(",", ":"))
        here._unled = {}  # noqa: SLF001  # what passes were asked for since
        said_by, kind = await watch_events.read(line.encode()), kinds.BY_NAME[kinds.HPA]
        here.informers.seen(kind, said_by.object, deleted=False)
        asked.append(bool(here._unled))  # noqa: SLF001
    assert asked == [True, False, True, False, True, False]
