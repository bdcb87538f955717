"""What is listed is taken in, and what only a new process can mend ends this one."""

import asyncio
import contextlib
import dataclasses
import datetime
from collections.abc import AsyncIterator
from typing import Any

import pytest

from formation_operator import autoscalers, errors, naming
from formation_operator.cluster import Object
from formation_operator.controller import Controller
from formation_operator.settings import Settings
from tests import builders
from tests.builders import a_formation

QUICK = Settings(first_resync=0.001, resync=0.001, resync_retry=0.001, poll=0.001, start_retry=0.001)
JOBS: Object = {
    "metadata": {"name": "jobs", "namespace": "default", "resourceVersion": "5"},
    "spec": {"scaleTargetRef": {"name": "shop-worker"}},
}


class Lists:
    """A cluster of which only lists are asked: nothing that is listed here leads to anything else."""

    def __init__(self, version: int = 10) -> None:
        self.version = version
        self.items: dict[str, list[Object]] = {}
        self.refusals: list[Exception] = []
        self.absent = {autoscalers.SCALED_OBJECT}
        self.asked = 0

    async def pages(self, kind: str) -> AsyncIterator[tuple[list[Object], str]]:
        self.asked += 1
        if self.refusals:
            raise self.refusals.pop(0)
        if kind in self.absent:
            raise errors.NotFoundError(kind)
        for item in self.items.get(kind, []):
            yield [item], str(self.version)
        yield [], str(self.version)


def controller(cluster: Lists, settings: Settings = QUICK) -> Controller:
    now = datetime.datetime.now
    return Controller(cluster, settings, lambda: now(datetime.UTC))  # type: ignore[arg-type]  # all that is asked


def known(of: Controller) -> set[str]:
    return {each.name for each in of._cache.all_autoscalers()}  # noqa: SLF001


async def test_what_the_watches_missed_is_found_deletions_included() -> None:
    cluster = Lists()
    cluster.items[naming.KIND] = [builders.stored(a_formation(name), uid=name) for name in ("a", "b")]
    here = controller(cluster)
    await here.resync()
    assert {name for _, name in here._cache.formations} == {"a", "b"}  # noqa: SLF001
    del cluster.items[naming.KIND][0]
    await here.resync()
    assert {name for _, name in here._cache.formations} == {"b"}  # noqa: SLF001


async def test_a_start_waits_for_a_cluster_that_refuses_to_be_listed() -> None:
    cluster = Lists()
    cluster.refusals = [errors.RefusedError("no"), errors.UnavailableError("away"), errors.NotFoundError("?")]
    async with asyncio.timeout(5):
        await controller(cluster).start()
    assert not cluster.refusals


@contextlib.asynccontextmanager
async def at_work(here: Controller) -> AsyncIterator[asyncio.Task[None]]:
    running = asyncio.create_task(here.run())
    try:
        yield running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def ended(running: Controller) -> Exception:
    async with asyncio.timeout(5):
        with pytest.raises(ExceptionGroup) as raised:
            await running.run()
    (error,) = raised.value.exceptions
    return error


async def test_a_cluster_that_was_restored_from_a_backup_is_learnt_anew_by_a_new_process() -> None:
    cluster = Lists()
    here = controller(cluster)
    await here.start()
    cluster.version = 9
    assert isinstance(await ended(here), errors.RestoredError)


async def test_lists_that_fail_again_and_again_end_the_process() -> None:
    cluster = Lists()
    here = controller(cluster, dataclasses.replace(QUICK, poll=60))
    cluster.refusals = [errors.UnavailableError("certificate")] * QUICK.resync_tries
    assert isinstance(await ended(here), errors.UnavailableError)


async def test_lists_that_fail_now_and_then_end_nothing() -> None:
    cluster = Lists()
    here = controller(cluster, dataclasses.replace(QUICK, poll=60))
    async with at_work(here) as running:
        for _ in range(3):
            cluster.refusals = [errors.UnavailableError("away")] * (QUICK.resync_tries - 1)
            before = cluster.asked
            while cluster.refusals or cluster.asked < before + 20:
                await asyncio.sleep(0.001)
                assert not running.done()


async def test_keda_may_come_and_go_while_the_operator_runs() -> None:
    cluster = Lists()
    here = controller(cluster, dataclasses.replace(QUICK, first_resync=60, resync=60))
    await here.start()
    async with at_work(here) as running:

        async def until(names: set[str]) -> None:
            async with asyncio.timeout(5):
                while known(here) != names:  # noqa: ASYNC110  # nothing tells
                    await asyncio.sleep(0.001)

        cluster.absent.clear()
        cluster.items[autoscalers.SCALED_OBJECT] = [JOBS]
        await until({"jobs"})
        cluster.refusals = [errors.UnavailableError("away")]
        cluster.absent.add(autoscalers.SCALED_OBJECT)
        await until(set())
        assert not running.done()


async def test_an_object_that_cannot_be_read_hides_no_other() -> None:
    cluster = Lists()
    odd: dict[str, Any] = {"metadata": {"name": "odd", "namespace": "default", "resourceVersion": "?"}}
    cluster.absent.clear()
    cluster.items[autoscalers.SCALED_OBJECT] = [odd, odd, JOBS]
    here = controller(cluster)
    await here.start()
    await here.start()
    assert "jobs" in known(here)


@pytest.mark.parametrize(
    "oddity", [errors.RefusedError("no"), KeyError("items"), TypeError("null")], ids=repr
)
async def test_whatever_is_wrong_with_kedas_objects_the_operator_runs_on(oddity: Exception) -> None:
    cluster = Lists()
    here = controller(cluster, dataclasses.replace(QUICK, first_resync=60, resync=60))
    await here.start()
    async with at_work(here) as running:
        for _ in range(2 * QUICK.resync_tries):
            cluster.refusals = [oddity]
            while cluster.refusals:
                await asyncio.sleep(0.001)
                assert not running.done()
