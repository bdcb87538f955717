"""One replica writes at a time, and another one when it doesn't any more; an hour here takes no time."""

import asyncio
import time
from typing import Any

import pytest

from formation_operator.controller.leader import Leader
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from tests.unit import virtual_time
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.replicas import NEVER, PLACE, Replica, lease, now, release, until

LOOP = {"virtual": virtual_time.VirtualLoop}


@pytest.fixture
def cluster() -> FakeCluster:
    """One with a Lease that nobody holds."""
    cluster = FakeCluster()
    release(cluster)
    return cluster


async def two(cluster: FakeCluster) -> tuple[Replica, Replica]:
    """Return one that works, and one that stands by."""
    first = Replica(cluster, "first").start()
    await until(lambda: first.writes, 1)
    second = Replica(cluster, "second").start()
    await asyncio.sleep(30)
    assert (first.writes, second.works) == (True, False)
    return first, second


async def test_after_the_leader_was_killed_another_one_leads_within_eleven_seconds(
    cluster: FakeCluster,
) -> None:
    first, second = await two(cluster)
    first.crash()
    assert await until(lambda: second.writes, 11) > 8
    assert lease(cluster)["spec"]["holderIdentity"] == "second"


@pytest.mark.parametrize("trouble", ["", "its last renewal had no answer"])
async def test_a_leader_that_ends_stops_working_releases_the_lease_and_is_followed_within_a_second(
    cluster: FakeCluster, trouble: str
) -> None:
    first, second = await two(cluster)
    if "answer" in trouble:
        first.link.answers = 60
        before = lease(cluster)["metadata"]["resourceVersion"]
        await until(lambda: lease(cluster)["metadata"]["resourceVersion"] != before, 2)
        first.link.answers = 0.0
    await first.stop()
    assert not first.works
    assert lease(cluster)["spec"]["holderIdentity"] == ""
    assert await until(lambda: second.writes, 1) < 0.6


async def test_one_that_ends_while_the_api_server_hangs_does_not_wait_for_it_for_long(
    cluster: FakeCluster,
) -> None:
    first, _ = await two(cluster)
    first.link.asks = NEVER
    began = now()
    await first.stop()
    assert now() - began < 2.1
    assert not first.works


@pytest.mark.parametrize(
    "trouble",
    [{"asks": NEVER}, {"answers": NEVER}, {"error": errors.UnavailableError("refused")}],
    ids=["requests hang", "answers hang", "errors"],
)
async def test_who_cannot_renew_works_up_to_the_deadline_and_never_beside_the_next(
    cluster: FakeCluster, trouble: dict[str, Any]
) -> None:
    longer = 3.0 if "answers" in trouble else 0.0  # one more renewal gets through

    first, second = await two(cluster)
    vars(first.link).update(trouble)
    stopped = await until(lambda: not first.works, 8)
    assert stopped > 5.5
    assert not second.works
    await until(lambda: second.writes, 12 - stopped + longer)


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="no clock here knows of a suspended machine")
async def test_who_wakes_up_with_a_machine_that_was_suspended_for_too_long_writes_nothing_and_ends_its_work(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspended, ended = {time.CLOCK_BOOTTIME: 0.0}, asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    monkeypatch.setattr(time, "clock_gettime", lambda clock: now() + suspended.get(clock, 0.0))
    leader = Leader(cluster, PLACE, "only")
    running = asyncio.create_task(leader.run(work))
    await until(leader.leads, 1)
    await asyncio.sleep(30)
    suspended[time.CLOCK_BOOTTIME] = 8.0
    assert not leader.leads()
    await until(ended.is_set, 1.1)
    assert not running.done(), "and it may lead again"


async def test_a_lease_that_is_deleted_is_its_holders_again_who_goes_on_working(cluster: FakeCluster) -> None:
    first, second = await two(cluster)
    cluster.remove(kinds.LEASE, *PLACE)
    await until(lambda: cluster.all(kinds.LEASE) and lease(cluster).get("spec"), 2.1)
    assert lease(cluster)["spec"]["holderIdentity"] == "first"
    for _ in range(60):
        await asyncio.sleep(1)
        assert (first.writes, first.begun, second.works) == (True, 1, False)


async def test_what_keeps_a_replica_from_writing_is_said_once(
    cluster: FakeCluster, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    only = Replica(cluster, "only")
    only.link.error = errors.RefusedError("leases.coordination.k8s.io is forbidden")
    only.start()
    await asyncio.sleep(60)
    only.link.error = None
    await until(lambda: only.writes, 2)

    place = "/".join(PLACE)
    # What an earlier test has left to the garbage collector may be logged here, too.
    own = [record.message for record in caplog.records if record.name.startswith("formation_operator")]
    assert own[:2] == [
        f"Lease {place}: This replica writes nothing: leases.coordination.k8s.io is forbidden",
        f"Lease {place}: This replica leads: it holds the lease",
    ]


@pytest.mark.parametrize(
    "refusal", [errors.ForbiddenError("leases is forbidden"), errors.NotFoundError("namespaces not found")]
)
async def test_who_is_refused_its_lease_isnt_ready_to_take_over_until_it_is_not(
    cluster: FakeCluster, refusal: Exception
) -> None:
    only = Replica(cluster, "only")
    assert only.leader.unready, "nobody knows yet"
    only.link.error = refusal
    only.start()
    await asyncio.sleep(30)
    assert only.leader.unready
    only.link.error = None
    await until(lambda: only.writes, 2)
    assert not only.leader.unready


async def test_who_stands_by_or_cannot_reach_the_api_server_is_ready_all_the_same(
    cluster: FakeCluster,
) -> None:
    _, second = await two(cluster)
    assert not second.leader.unready
    for trouble in ({"error": errors.UnavailableError("503")}, {"error": None, "asks": NEVER}):
        vars(second.link).update(trouble)
        await asyncio.sleep(10)
        assert not second.leader.unready


async def test_work_that_ends_by_itself_ends_all_and_releases_the_lease(cluster: FakeCluster) -> None:
    async def work() -> None:
        await asyncio.sleep(3)
        raise KeyError("a fault")

    loop = asyncio.get_running_loop()
    with pytest.raises(KeyError, match="a fault"):
        await Leader(cluster, PLACE, "only", clock=loop.time).run(work)
    assert lease(cluster)["spec"]["holderIdentity"] == ""
