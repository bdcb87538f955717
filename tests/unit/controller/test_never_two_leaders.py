"""Never do two replicas write at once, whatever is wrong with their links and clocks."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.replicas import LONG_AGO, NEVER, PLACE, Replica, now, play, put, until

WELL = {"asks": 0.0, "answers": 0.0, "error": None}
TROUBLES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {},
        {"asks": NEVER},
        {"answers": NEVER},
        {"asks": 2.0},
        {"asks": 2.9},
        {"asks": 5.0},
        {"answers": 2.0},
        {"asks": 8.0},
        {"asks": 1.5, "answers": 1.4},
        {"error": errors.UnavailableError("away")},
        {"error": errors.ConflictError("somebody was faster")},
    ]
)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        TROUBLES,
        st.sampled_from(["", "", "", "restart", "crash", "delete", "empty", "restore"]),
        st.floats(0.05, 13.0),
    ),
    max_size=12,
)
CLOCKS = st.lists(st.tuples(st.floats(0.87, 1.13), st.floats(-1e6, 1e6)), min_size=3, max_size=3)


@given(clocks=CLOCKS, steps=STEPS)
def test_never_do_two_write_at_once_whatever_is_wrong_with_their_links_and_clocks(
    clocks: list[tuple[float, float]], steps: list[tuple[int, dict[str, Any], str, float]]
) -> None:
    async def scene(cluster: FakeCluster) -> None:
        replicas = [a_replica(cluster, clock).start() for clock in clocks]
        gone: list[Replica] = []
        for number, trouble, deed, seconds in steps:
            vars(replicas[number].link).update(WELL | trouble)
            if deed == "delete" and cluster.all(kinds.LEASE):
                cluster.remove(kinds.LEASE, *PLACE)
            elif deed == "empty":
                put(cluster, {})
            elif deed == "restore":
                put(cluster, {"holderIdentity": "", "renewTime": LONG_AGO})
            elif deed in ("restart", "crash"):
                gone.append(replicas[number])
                await end(gone[-1], deed)
                replicas[number] = a_replica(cluster, clocks[number]).start()
            await watch([*replicas, *gone], seconds)
        for each in replicas:
            vars(each.link).update(WELL)
        await until(lambda: any(each.writes for each in replicas), 30)

    play(scene)


def a_replica(cluster: FakeCluster, clock: tuple[float, float]) -> Replica:
    rate, ahead = clock
    return Replica(cluster, f"{id(clock)}-{now()}", rate=rate, ahead=ahead)


async def end(replica: Replica, deed: str) -> None:
    if deed == "crash":
        replica.crash()
        await asyncio.sleep(0.01)
    else:
        await replica.stop()


async def watch(replicas: list[Replica], seconds: float) -> None:
    """Look for a while at who writes."""
    over = now() + seconds
    while now() < over:
        assert sum(each.writes for each in replicas) <= 1
        await asyncio.sleep(0.1)
