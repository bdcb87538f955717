"""What is told at an unlucky moment is acted on all the same: of a rival, of a label, of a deletion."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from formation_operator.api import naming
from formation_operator.kube.objects.kinds import ChildKind
from tests.shared.builders import a_formation, a_process, stored
from tests.unit import virtual_time
from tests.unit.fakes.unreliable import FOLLOWED, UnreliableCluster, Watching

LOOP = {"virtual": virtual_time.VirtualLoop}
SHOP = (naming.KIND, "default", "shop")
WEB = (ChildKind.DEPLOYMENT, "default", "shop-web")


@asynccontextmanager
async def working(cluster: UnreliableCluster, lag: float = 0.01) -> AsyncIterator[Watching]:
    """A replica that leads, and whose watches tell so many seconds late."""
    operator = Watching(cluster, dict.fromkeys(FOLLOWED, lag))
    operator.leads.set()
    await asyncio.sleep(10)
    try:
        yield operator
    finally:
        await operator.end()


async def test_a_name_is_taken_at_once_though_its_rival_goes_while_a_pass_is_under_way() -> None:
    cluster = UnreliableCluster([0.2])
    rival = a_formation(processes={"web-x": a_process(replicas=1)}, paused=True)
    cluster.put(naming.KIND, stored(rival, uid="u1", creationTimestamp="2025-01-01T00:00:00Z"))
    waiting = a_formation("shop-web", processes={"x": a_process(replicas=1)})
    cluster.put(naming.KIND, stored(waiting, uid="u2", creationTimestamp="2026-01-01T00:00:00Z"))
    async with working(cluster) as operator:
        await asyncio.sleep(2000)  # it is tried again and again, less and less often
        cluster.merge(naming.KIND, "default", "shop-web", {"spec": {"image": "other:v2"}})
        under_way = operator.controller._reconciler._under_way  # noqa: SLF001
        while ("default", "shop-web") not in under_way:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.001)
        cluster.remove(*SHOP)
        await asyncio.sleep(2)
        assert [raw["metadata"]["name"] for raw in cluster.all(ChildKind.DEPLOYMENT)] == ["shop-web-x"]


async def test_a_label_that_a_list_finds_missing_before_the_watch_tells_is_put_back() -> None:
    cluster = UnreliableCluster([0.005])
    cluster.put(naming.KIND, stored(a_formation(processes={"web": a_process(replicas=1)})))
    async with working(cluster, lag=60.0) as operator:
        await asyncio.sleep(120)
        labels = {naming.FORMATION_LABEL: None}
        cluster.merge(*WEB, {"metadata": {"labels": labels}})
        cluster.merge(*SHOP, {"metadata": {"labels": {"anything": "newer"}}})
        await operator.controller.informers.list()
        await asyncio.sleep(10)
        assert cluster.read(*WEB)["metadata"]["labels"][naming.FORMATION_LABEL] == "shop"


@pytest.mark.parametrize("lag", [0.0, 0.005, 0.05])
async def test_a_service_that_its_user_turns_off_and_on_was_deleted_by_nobody_else(lag: float) -> None:
    cluster = UnreliableCluster([0.02])
    cluster.put(naming.KIND, stored(a_formation(processes={"web": a_process(replicas=1, port=8080)})))
    async with working(cluster, lag):
        for there in (False, True):
            cluster.merge(*SHOP, {"spec": {"processes": {"web": {"service": there}}}})
            await asyncio.sleep(10)
            assert bool(cluster.all(ChildKind.SERVICE)) == there
    assert "Recreated" not in {notice.reason for notice in cluster.notices}
