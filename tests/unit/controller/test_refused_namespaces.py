"""Of several namespaces one that takes our rights away stops the work in no other."""

import asyncio
import dataclasses
import datetime
import math
from collections.abc import Callable
from typing import TypeVar

import pytest

from formation_operator.api import naming
from formation_operator.controller.intake import Controller
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.settings import Settings
from tests.shared import builders
from tests.shared.builders import a_formation
from tests.unit.fakes.cluster import Call, FakeCluster
from tests.unit.fakes.replica import at_work

T = TypeVar("T")
QUICK = Settings(("left", "right"), resync=0.001, start_retry=0.001, retry_first=0.001)

WATCHING = dataclasses.replace(QUICK, resync=600)


class Guarded(FakeCluster):
    """Refuses what is asked of some namespaces, all of it or of some kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[str, set[str]] = {}
        """The kinds by namespace."""

    async def _carry_out(self, call: Call, answer: Callable[[], T]) -> T:
        if call.kind in self.refused.get(call.namespace, ()):
            self.calls.append(call)
            await asyncio.sleep(0)
            raise errors.ForbiddenError(f"{call.kind} is forbidden in {call.namespace}")
        return await super()._carry_out(call, answer)


def a_cluster(*refused: str) -> Guarded:
    """Return one with a Formation in each of two namespaces, of which some refuse everything."""
    cluster = Guarded()
    for name in ("left", "right"):
        cluster.put(naming.KIND, builders.stored(a_formation(name), namespace=name, uid=name))
    cluster.refused = {name: set(kinds.BY_NAME) for name in refused}
    return cluster


def controller(cluster: FakeCluster, settings: Settings = QUICK) -> Controller:
    return Controller(cluster, settings, lambda: datetime.datetime.now(datetime.UTC))


def known(here: Controller) -> set[str]:
    return {namespace for namespace, _ in here._cache.formations}  # noqa: SLF001


def said(caplog: pytest.LogCaptureFixture, about: str = "Namespace") -> list[str]:
    return [line for line in caplog.messages if line.startswith(about)]


def measured(here: Controller, name: str, **labels: str) -> float:
    value = here.instruments.registry.get_sample_value(f"formation_operator_{name}", labels)
    assert value is not None
    return value


def silence(here: Controller) -> float:
    """Return for how long nothing was heard of Pods."""
    return measured(here, "watch_age_seconds", kind="Pod")


def left_out(here: Controller) -> float:
    """Return how many namespaces are left out."""
    return measured(here, "namespaces_left_out")


async def until(happened: Callable[[], object]) -> None:
    while not happened():  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.001)


async def test_who_starts_serves_the_others_and_says_once_what_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    cluster = a_cluster("left")
    here = controller(cluster)
    async with asyncio.timeout(60):
        await here.start()
    for _ in range(6):
        await here.informers.list()
    assert known(here) == {"right"}
    tried = (kinds.SCALED_OBJECT, naming.KIND)
    logged = [f"{each} can't be listed or watched: {each} is forbidden in left" for each in tried]
    assert caplog.messages == logged
    cluster.refused.clear()
    await here.informers.list()
    assert known(here) == {"left", "right"}


@pytest.mark.usefixtures("in_haste")
@pytest.mark.parametrize("namespaces", [("left", "right"), ()], ids=repr)
async def test_where_jobs_and_budgets_are_forbidden_all_else_is_served_until_they_are_permitted(
    caplog: pytest.LogCaptureFixture, namespaces: tuple[str, ...]
) -> None:
    cluster = a_cluster()
    cluster.put(kinds.JOB, builders.a_release_job(namespace="left"))
    cluster.refused = {key: {kinds.JOB, ChildKind.POD_DISRUPTION_BUDGET} for key in namespaces or ("",)}
    here = controller(cluster, dataclasses.replace(WATCHING, namespaces=namespaces))
    cache = here._cache  # noqa: SLF001
    async with at_work(here):
        await until(lambda: len(cluster.all("Deployment")) == 2)
        assert left_out(here) == 0
        assert cache.is_forbidden(kinds.JOB, "left")
        cluster.refused.clear()
        await until(lambda: not cache.is_forbidden(kinds.JOB, "left"))
        assert [job.digest for job in cache.jobs_of(("left", "shop"))] == ["abcdefghij"]
    assert len(said(caplog, kinds.JOB)) == len(namespaces or ("",))


@pytest.mark.parametrize("namespaces", [("left", "right"), ("left",), ()], ids=repr)
async def test_where_all_refuse_that_is_an_error(namespaces: tuple[str, ...]) -> None:
    cluster = a_cluster("left", "right", "")
    here = controller(cluster, dataclasses.replace(QUICK, namespaces=namespaces))
    with pytest.raises(errors.ForbiddenError):
        await here.informers.list()


async def test_what_is_known_of_a_namespace_that_refuses_stays_until_it_can_be_listed_again() -> None:
    cluster = a_cluster()
    here = controller(cluster)
    await here.informers.list()
    cluster.refused["left"] = set(kinds.BY_NAME)
    cluster.remove(naming.KIND, "left", "left")
    await here.informers.list()
    assert known(here) == {"left", "right"}
    cluster.refused.clear()
    await here.informers.list()
    assert known(here) == {"right"}


@pytest.mark.usefixtures("in_haste")
async def test_a_namespace_that_takes_us_back_is_listed_once_and_worked_on() -> None:
    cluster = a_cluster("left")
    here = controller(cluster, WATCHING)
    async with at_work(here):
        await until(lambda: len(cluster.asked("pages", naming.KIND)) > 5)
        cluster.calls.clear()
        cluster.refused.clear()
        await until(lambda: cluster.all("Deployment", "left") and cluster.streams[kinds.POD][1:])
    assert [call.namespace for call in cluster.asked("pages", kinds.POD)] == ["left"]


@pytest.mark.usefixtures("in_haste")
async def test_a_namespace_that_is_left_out_is_counted_and_hides_no_silence_of_the_others() -> None:
    cluster = a_cluster("left")
    here = controller(cluster, WATCHING)
    async with at_work(here):
        await until(lambda: len(cluster.streams[kinds.POD]) == 1)
        assert (left_out(here), silence(here)) == (1, math.inf)
        here.instruments.reached("Pod", "right")
        assert silence(here) < math.inf
        cluster.refused.clear()
        await until(lambda: len(cluster.streams[kinds.POD]) == 2)
        here.informers.formations_reached("left")
        assert (left_out(here), silence(here)) == (0, math.inf), "it is watched again, or should be"


@pytest.mark.usefixtures("in_haste")
@pytest.mark.parametrize("when", ["at the start", "later"])
async def test_where_only_kopfs_watch_is_forbidden_all_else_is_watched_and_a_resync_lists_formations(
    when: str,
) -> None:
    """kopf tries again by itself, however long it takes."""
    cluster = a_cluster()
    here = controller(cluster, WATCHING)
    if when == "at the start":
        here.informers.formations_refused("left")
    async with at_work(here):
        here.informers.formations_refused("left")
        await until(lambda: len(cluster.streams[kinds.POD]) == 2)
        assert left_out(here) == 1
        cluster.calls.clear()
        await asyncio.sleep(0.1)
        assert not cluster.asked("pages")
        cluster.put(naming.KIND, builders.stored(a_formation("new"), namespace="left", uid="new"))
        await here.informers.list()
        assert ("left", "new") in here._cache.formations  # noqa: SLF001
        assert left_out(here) == 1
        here.informers.formations_reached("left")
        assert left_out(here) == 0
