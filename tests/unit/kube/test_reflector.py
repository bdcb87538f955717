"""What a reflector reports is what there is, whatever becomes of its lists and watches."""

import asyncio
import contextlib
import itertools
import math
from collections.abc import AsyncIterator

import pytest

from formation_operator.kube import errors, reflector
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import Key, Kind
from formation_operator.kube.port import Object
from tests.unit import virtual_time
from tests.unit.fakes.cluster import FakeCluster, Incident

LOOP = {"virtual": virtual_time.VirtualLoop}
POD, HPA, KEDA, JOB = (kinds.BY_NAME[name] for name in (kinds.POD, kinds.HPA, kinds.SCALED_OBJECT, kinds.JOB))
AWAY = errors.UnavailableError("away")


class Seen:
    """Takes in what a reflector reads, as a store would."""

    def __init__(self) -> None:
        self.known: dict[Key, int] = {}
        """By name, the version that is known."""
        self.said: list[tuple[str, str]] = []
        """What was reported, and of which object."""
        self.reports: list[tuple[str, str | None]] = []
        """Of which kind, and where, an event or a bookmark came."""

    def seen(self, _: Kind, raw: Object, *, deleted: bool = False, as_of: int = 0) -> None:
        about = raw["metadata"]
        self.said.append(("deleted" if deleted else "listed" if as_of else "seen", about["name"]))
        if deleted:
            self.known.pop((about["namespace"], about["name"]), None)
        else:
            self.known[about["namespace"], about["name"]] = int(about["resourceVersion"])

    def replaced(self, _: Kind, namespace: str | None, names: set[Key], version: int) -> None:
        self.said.append(("replaced", namespace or ""))
        for key in self.known.keys() - names:
            if self.known[key] <= version and namespace in (None, key[0]):
                del self.known[key]

    def reached(self, kind: str, namespace: str | None, /) -> None:
        self.reports.append((kind, namespace))

    def permitted(self, _: Kind, namespace: str | None, *, permitted: bool) -> None:
        self.said.append(("permitted" if permitted else "forbidden", namespace or ""))

    @property
    def objects(self) -> list[tuple[str, str]]:
        """What was reported of objects."""
        return [each for each in self.said if each[0] not in ("permitted", "forbidden")]

    @property
    def names(self) -> set[str]:
        return {name for _, name in self.known}


class Scene:
    """A reflector of a cluster."""

    def __init__(self, kind: Kind = POD, namespace: str | None = None) -> None:
        self.cluster = FakeCluster()
        self.kind = kind
        self.seen = Seen()
        self.reflector = reflector.Reflector(self.cluster, kind, namespace, self.seen)
        self.times: list[tuple[str, float]] = []
        """When which verb was asked for."""

    def put(self, name: str, namespace: str = "default", **about: object) -> None:
        labels = {self.kind.label_selector: "shop"} if self.kind.label_selector else {}
        metadata = {"name": name, "namespace": namespace, "labels": labels, **about}
        self.cluster.put(self.kind.name, {"metadata": metadata})

    def fail(self, verb: str, error: Exception, times: float = 1) -> None:
        """Have the next calls of a verb fail."""
        now = asyncio.get_running_loop().time
        incident = Incident(verb, self.kind.name, error=error, times=times)
        incident.meanwhile = lambda: self.times.append((verb, now()))
        self.cluster.incidents.append(incident)

    def asked(self) -> list[str]:
        """Return which verbs were asked for since the last time."""
        calls, self.cluster.calls = self.cluster.calls, []
        return [call.verb for call in calls]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[object]]:
        """Reflect, and wait until it watches."""
        task: asyncio.Task[object] = asyncio.create_task(self.reflector.run())
        await asyncio.sleep(5)
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_it_lists_once_and_watches_from_the_version_of_the_list() -> None:
    here = Scene()
    here.put("a")
    async with here.running():
        assert here.asked() == ["pages", "watch"]
        here.put("b")
        here.cluster.remove(kinds.POD, "default", "a")
        await asyncio.sleep(0.01)
        assert here.seen.objects == [("listed", "a"), ("replaced", ""), ("seen", "b"), ("deleted", "a")]
        assert here.seen.reports == [(kinds.POD, None)] * 2


async def test_a_list_that_came_before_is_not_made_again() -> None:
    here = Scene()
    here.put("a")
    await here.reflector.list()
    here.put("b")  # between the list and the watch
    async with here.running():
        assert here.asked() == ["pages", "watch"]
        assert here.seen.names == {"a", "b"}


async def test_a_watch_that_ends_goes_on_from_its_last_event_or_bookmark() -> None:
    here = Scene()
    async with here.running():
        here.put("a")
        await asyncio.sleep(0.01)
        here.cluster.version += 100
        bookmark = {"metadata": {"name": "", "namespace": "", "resourceVersion": str(here.cluster.version)}}
        for stream in here.cluster.streams[kinds.POD]:
            stream.put_nowait({"type": "BOOKMARK", "object": bookmark})
        await asyncio.sleep(0.01)
        assert len(here.seen.reports) == 2, "a bookmark counts, too"
        assert here.seen.objects[1:] == [("seen", "a")], "and brings nothing new"
        here.cluster.cut(kinds.POD)
        await asyncio.sleep(0.01)
        here.put("b")
        here.cluster.remove(kinds.POD, "default", "a")
        await asyncio.sleep(5)
        assert here.asked() == ["pages", "watch", "watch"]
        assert here.seen.objects[2:] == [("seen", "b"), ("deleted", "a")], "nothing comes twice"


@pytest.mark.parametrize("error", [AWAY, errors.ConflictError("?"), errors.RefusedError("400")], ids=repr)
async def test_a_connection_that_is_lost_costs_no_list(error: Exception) -> None:
    here = Scene()
    async with here.running():
        here.cluster.cut(kinds.POD, error)
        await asyncio.sleep(0.01)
        here.put("a")
        await asyncio.sleep(5)
        assert here.asked() == ["pages", "watch", "watch"]
        assert here.seen.names == {"a"}


async def test_after_410_it_lists_anew_and_finds_what_was_deleted() -> None:
    here = Scene()
    for name in "abc":
        here.put(name)
    async with here.running():
        here.cluster.cut(kinds.POD, errors.ExpiredError("too old"))
        await asyncio.sleep(0.01)
        here.cluster.remove(kinds.POD, "default", "b")
        here.cluster.remove(kinds.POD, "default", "c")
        here.put("d")
        await asyncio.sleep(5)
        assert here.asked() == ["pages", "watch", "pages", "watch"]
        assert here.seen.names == {"a", "d"}
        assert ("deleted", "b") not in here.seen.said


@pytest.mark.parametrize("error", [AWAY, errors.ExpiredError("410"), errors.NotFoundError("?")], ids=repr)
async def test_a_watch_that_cannot_begin_is_followed_by_a_list(error: Exception) -> None:
    """The server may have been restored meanwhile, and a watch doesn't show that."""
    here = Scene()
    async with here.running():
        here.asked()
        here.fail("watch", error)
        here.cluster.cut(kinds.POD)
        await asyncio.sleep(5)
        assert here.asked() == ["watch", "pages", "watch"]


async def test_a_list_that_is_older_than_what_is_known_is_of_a_restored_cluster() -> None:
    here = Scene()
    async with here.running() as task:
        here.put("a")
        await asyncio.sleep(0.01)
        here.cluster.version -= 1
        here.cluster.cut(kinds.POD, errors.ExpiredError("too old"))
        await asyncio.sleep(5)
        with pytest.raises(errors.RestoredError, match="Pod: version 100 after 101"):
            task.result()


async def test_only_its_own_namespace_is_listed_watched_and_forgotten() -> None:
    here = Scene(namespace="left")
    here.put("a", "left")
    here.put("b", "right")
    here.seen.known["right", "b"] = 1
    async with here.running():
        here.put("c", "left")
        here.put("d", "right")
        here.cluster.remove(kinds.POD, "left", "a")
        here.cluster.cut(kinds.POD, errors.ExpiredError("too old"))
        await asyncio.sleep(5)
        assert here.seen.known.keys() == {("left", "c"), ("right", "b")}
        assert {call.namespace for call in here.cluster.calls} == {"left"}


@pytest.mark.parametrize("kind", [POD, KEDA])
@pytest.mark.parametrize("verb", ["pages", "watch"])
async def test_what_is_forbidden_is_reported_and_listed_again_and_so_is_that_it_is_permitted(
    kind: Kind, verb: str, caplog: pytest.LogCaptureFixture
) -> None:
    here = Scene(kind, namespace="left")
    here.cluster.absent.clear()
    here.fail(verb, errors.ForbiddenError("no"), times=3)
    async with here.running():
        await asyncio.sleep(60)
        asked = [each for each in here.asked() if each == "pages"]
        verdicts = [what for what, _ in here.seen.said if what in ("permitted", "forbidden")]
        assert (len(asked), verdicts) == (4, ["forbidden"] * 3 + ["permitted"])
    assert caplog.messages == [f"{kind.name} can't be listed or watched: no"]


@pytest.mark.parametrize("namespace", [None, "left"])
async def test_a_dispensable_kind_that_is_forbidden_counts_as_listed_and_is_tried_until_it_is_permitted(
    namespace: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    here = Scene(JOB, namespace)
    where = namespace or ""
    here.fail("pages", errors.ForbiddenError("no"), times=5)
    await here.reflector.list()
    assert here.seen.said == [("forbidden", where)]
    here.put("a", "left")
    async with here.running() as task:
        await asyncio.sleep(300)
        assert not task.done()
        assert {*here.seen.said[:5]} == {("forbidden", where)}
        assert here.seen.said[5:] == [("listed", "a"), ("replaced", where), ("permitted", where)]
    assert caplog.messages == ["Job can't be listed or watched: no"]


async def test_while_a_dispensable_kind_can_be_listed_and_not_watched_it_stays_forbidden() -> None:
    here = Scene(JOB, "left")
    here.put("a", "left")
    here.fail("watch", errors.ForbiddenError("no"), times=math.inf)
    async with here.running():
        await asyncio.sleep(300)
        await here.reflector.list()
        verdicts = {what for what, _ in here.seen.said} & {"forbidden", "permitted"}
        assert (verdicts, here.seen.names) == ({"forbidden"}, {"a"})


async def test_a_kind_that_may_be_absent_is_looked_for_now_and_then_and_forgotten_when_it_is_taken_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = Scene(KEDA)
    async with here.running():
        await asyncio.sleep(60)
        assert here.asked() == ["pages"] * 5
        here.cluster.absent.clear()
        here.put("a")
        await asyncio.sleep(15)
        assert here.asked() == ["pages", "watch"]
        here.cluster.cut(KEDA.name, errors.ExpiredError("too old"))
        await asyncio.sleep(60)
        assert here.seen.names == {"a"}
        here.cluster.absent.add(KEDA.name)
        here.cluster.cut(KEDA.name)
        await asyncio.sleep(5)
        assert here.seen.names == set()
    assert caplog.messages == [], "none of this is trouble"


@pytest.mark.parametrize("verb", ["pages", "watch"])
@pytest.mark.parametrize("error", [AWAY, errors.ForbiddenError("no")], ids=["away", "forbidden"])
async def test_what_goes_on_failing_is_tried_ever_more_seldom_up_to_a_bound(
    verb: str, error: Exception
) -> None:
    here = Scene()
    here.fail(verb, error, times=20)
    async with here.running() as task:
        await asyncio.sleep(3600)
        assert not task.done()
    times = [at for what, at in here.times if what == verb]
    pauses = [after - before for before, after in itertools.pairwise(times)]
    most = reflector.BACK_OFF[1]
    assert len(times) == 20
    assert sum(pauses[:4]) < most, "what is soon over is soon noticed"
    assert all(most / 2 <= pause <= most for pause in pauses[5:])
    assert len(set(pauses[5:])) > 1, "replicas don't ask all at the same moment"


async def test_a_watch_that_ends_at_once_is_asked_for_ever_more_seldom_and_a_useful_one_soon() -> None:
    here = Scene()
    async with here.running():
        here.asked()
        for _ in range(3600):
            here.cluster.cut(kinds.POD)
            await asyncio.sleep(1)
        assert here.asked().count("watch") < 300
        await asyncio.sleep(60)
        here.asked()
        for number in range(60):
            here.put(f"a{number}")
            await asyncio.sleep(0.01)
            here.cluster.cut(kinds.POD)
            await asyncio.sleep(1)
        assert here.asked().count("watch") > 50


@pytest.mark.parametrize("brings", ["nothing", "events"])
async def test_a_watch_that_ends_as_it_should_is_followed_by_the_next_one_at_once(brings: str) -> None:
    """A scale request in a gap would wait."""
    here = Scene()
    async with here.running():
        here.asked()
        for number in range(5):
            if brings == "events":
                here.put(f"a{number}")
            await asyncio.sleep(300)
            here.cluster.cut(kinds.POD)
            await asyncio.sleep(0.001)
            assert here.asked() == ["watch"]
