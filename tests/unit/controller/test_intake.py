"""What is listed is taken in, and what only a new process can fix ends this one."""

import asyncio
import dataclasses
import datetime
import math

import pytest

from formation_operator.api import naming
from formation_operator.controller.intake import Controller
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import Key
from formation_operator.kube.port import Object
from formation_operator.observe import autoscalers
from formation_operator.requeue import Result
from formation_operator.settings import Settings
from tests.shared import builders
from tests.shared.builders import a_formation
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.replica import at_work

pytestmark = pytest.mark.usefixtures("in_haste")
QUICK = Settings(resync=0.001, start_retry=0.001)
JOBS: Object = {
    "metadata": {"name": "jobs", "namespace": "default", "resourceVersion": "5"},
    "spec": {"scaleTargetRef": {"name": "shop-worker"}},
}


def controller(cluster: FakeCluster, settings: Settings = QUICK) -> Controller:
    now = datetime.datetime.now
    return Controller(cluster, settings, lambda: now(datetime.UTC))


def refuse(cluster: FakeCluster, *refusals: Exception, kind: str = naming.KIND) -> None:
    """Have the next lists of a kind refused, each for its own reason."""
    cluster.incidents = [Incident("pages", kind, error=refusal) for refusal in refusals]


def known(of: Controller) -> set[str]:
    return {name for kind in kinds.AUTOSCALERS for _, name in of._cache.stores[kind].items}  # noqa: SLF001


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
    "trouble", [errors.RefusedError("cannot list"), errors.UnavailableError("webhook")], ids=repr
)
async def test_a_start_does_without_kedas_objects_and_says_so_once(
    trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = FakeCluster()
    cluster.put(naming.KIND, builders.stored(a_formation("a")))
    cluster.incidents = [Incident("pages", kinds.SCALED_OBJECT, error=trouble, times=math.inf)]
    here = controller(cluster, dataclasses.replace(QUICK, resync=60))
    async with at_work(here):
        assert {name for _, name in here._cache.formations} == {"a"}  # noqa: SLF001
        while len(cluster.asked("pages", kinds.SCALED_OBJECT)) < 5:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.001)
    said = [line for line in caplog.messages if kinds.SCALED_OBJECT in line]
    assert len(said) == 1
    assert repr(trouble) in said[0] or str(trouble) in said[0]


async def test_a_comparison_that_fails_ends_nothing_and_is_tried_again_soon() -> None:
    cluster = FakeCluster()
    cluster.put(naming.KIND, builders.stored(a_formation()))
    here = controller(cluster, QUICK)
    async with at_work(here) as running:
        refuse(cluster, *[errors.UnavailableError("away")] * 20)
        cluster.remove(naming.KIND, "default", "shop")
        while here._cache.formations:  # noqa: ASYNC110, SLF001  # nothing tells
            await asyncio.sleep(0.001)
        assert not cluster.incidents
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
