"""Events are posted beside the passes: in order, not for long, and not too many."""

import asyncio
import math
from collections.abc import AsyncIterator

import pytest

from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.status import poster
from formation_operator.status.poster import Poster
from tests.shared.builders import a_formation, stored
from tests.unit import virtual_time
from tests.unit.fakes.cluster import FakeCluster, Incident

LOOP = {"virtual": virtual_time.VirtualLoop}
AWAY = errors.UnavailableError("away")
SHOP = stored(a_formation("shop"))
NOISY = stored(a_formation("noisy"), namespace="noisy")


class Posting:
    """What posts, and the cluster that it posts to."""

    def __init__(self) -> None:
        self.cluster = FakeCluster()
        self.poster = Poster(self.cluster)

    def post(self, *notes: str, about: dict[str, object] = SHOP) -> None:
        """Have Events posted."""
        self.poster.post(about, [Notice("Changed", "Change", note) for note in notes])

    def hang(self, name: str = "", seconds: float = math.inf, times: float = math.inf) -> None:
        """Have Events about a Formation get no answer from now on, or some of them after some time."""
        self.cluster.incidents.append(Incident("notify", name=name, error=AWAY, hangs=seconds, times=times))

    @property
    def posted(self) -> list[str]:
        """The notes of all that was posted."""
        return [notice.note for notice in self.cluster.notices]


@pytest.fixture
async def here() -> AsyncIterator[Posting]:
    here = Posting()
    yield here
    await here.poster.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_events_come_in_their_order_and_one_that_fails_holds_up_none_for_long(here: Posting) -> None:
    here.cluster.latency = 0.1
    here.hang(seconds=5, times=1)
    here.post("one", "two")
    await asyncio.sleep(1)
    here.post("three")
    await asyncio.sleep(10)
    assert here.posted == ["two", "three"]


async def test_what_cannot_be_posted_soon_is_lost_and_logged(
    here: Posting, caplog: pytest.LogCaptureFixture
) -> None:
    here.hang()
    here.post("one", "two")
    await asyncio.sleep(poster.SOON + 1)
    assert [line for line in caplog.messages if "couldn't be recorded" in line][1].endswith("(two)")
    here.cluster.incidents.clear()
    here.post("three")
    await asyncio.sleep(1)
    assert here.posted == ["three"]


async def test_a_namespace_whose_events_get_no_answer_loses_its_own_and_holds_up_no_other(
    here: Posting, caplog: pytest.LogCaptureFixture
) -> None:
    here.hang("noisy")
    here.post(*map(str, range(2 * poster.HELD)), about=NOISY)
    here.post("one", "two")
    await asyncio.sleep(1)
    assert here.posted == ["one", "two"]
    assert len(here.poster._waiting) < poster.HELD  # noqa: SLF001
    assert caplog.messages.count(poster.FULL) == 1
