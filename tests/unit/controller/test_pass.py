"""One pass: what one type does to it, and for how long it keeps others waiting."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from formation_operator.api import bounds, naming
from formation_operator.api.reasons import ConditionType
from formation_operator.diagnose import diagnosis
from formation_operator.foreground import check
from formation_operator.observe import managed_fields
from formation_operator.render import intents
from formation_operator.requeue import Lane, Requeue, Result, Retry
from formation_operator.sync import executor, planner
from tests.shared import builders
from tests.shared.builders import Manifest, a_container, a_formation, a_pod, a_process, ended
from tests.unit import cost, largest
from tests.unit.facts import HPA
from tests.unit.fakes.cluster import Call, Incident
from tests.unit.fakes.objects import KUBECTL
from tests.unit.fakes.shop import KEY, NO_ANSWER, Shop

TWO = a_formation(processes={"web": a_process(replicas=1), "worker": a_process(replicas=1)})


class Running(Shop):
    """An operator that knows one Formation."""

    def __init__(self, formation: Manifest) -> None:
        super().__init__({**formation, "metadata": {"name": "shop"}})

    def replace(self, formation: Manifest) -> None:
        """Have the whole spec changed."""
        raw = self.cluster.read(naming.KIND, *KEY)
        self.cluster.replace({**raw, "spec": formation["spec"]}, by=KUBECTL)

    async def run(self) -> Result:
        """Run a pass two seconds later, and note for which passes it alone is the reason."""
        self.time.seconds += 2
        self.operator.due.clear()
        return await self.operator.run(KEY)

    async def settle(self) -> list[Call]:
        """Run passes until the first change is made and told of."""
        await self.run()
        await self.run()
        return self.cluster.calls

    @property
    def children(self) -> set[tuple[str, str]]:
        """Kind and name of what was made."""
        kinds = ("Deployment", "Service")
        return {(kind, raw["metadata"]["name"]) for kind in kinds for raw in self.cluster.all(kind)}


def crashing(name: str) -> Manifest:
    labels = {"formations.dev/process-type": name}
    return a_pod(a_container(ended(1), name), labels=labels, name=f"shop-{name}-1")


FAULTS: dict[str, tuple[Any, str, Callable[..., str | None]]] = {
    "rendering": (intents, "deployment", lambda *given: given[2]),
    "deciding": (planner, "decide", lambda *given: given[0].process_type),
    "writing": (executor.Executor, "_create", lambda *given: given[1].process_type),
    "examining": (diagnosis, "finding", lambda *given: given[0].process_type),
    "looking again": (diagnosis, "changes_in", lambda *given: given[0].process_type),
}
"""What is called at each step of a pass, and which type that is about."""


@pytest.mark.parametrize("step", FAULTS)
async def test_an_unexpected_error_ends_one_type_with_a_reason_and_a_line_in_the_log(
    step: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here = Running(TWO)
    if step in ("examining", "looking again"):
        await here.run()
        for name in ("web", "worker"):
            here.cluster.put("Pod", crashing(name))
            status = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}
            here.cluster.merge("Deployment", "default", f"shop-{name}", {"status": status})
    where, called, about = FAULTS[step]
    before = getattr(where, called)

    def broken(*given: Any, **more: Any) -> Any:
        if about(*given) == "web":
            raise KeyError("\x1b[31msecret")
        return before(*given, **more)

    monkeypatch.setattr(where, called, broken)
    await here.settle()
    assert ("Deployment", "shop-worker") in here.children
    assert set(here.status["processes"]) == {"web", "worker"}
    stalled = here.condition(ConditionType.STALLED)
    assert stalled["reason"] == "InternalError"
    assert stalled["message"].startswith("web: a bug in the operator (KeyError)")
    assert "secret" not in str(here.status)
    assert "InternalError" not in str(here.status["processes"]["worker"])
    assert ("web", True) in [(each.process_type, each.warning) for each in here.cluster.notices]
    tracebacks = [record for record in caplog.records if record.exc_info]
    assert tracebacks
    assert all("default/shop" in record.getMessage() for record in tracebacks)
    assert all("web" in record.getMessage() for record in tracebacks)


@pytest.mark.parametrize("processes", [[{"name": "web"}], ["web"], "web", 5, None], ids=str)
async def test_what_no_schema_of_ours_allows_is_reported_and_nothing_of_it_is_touched(processes: Any) -> None:
    here = Running(TWO)
    await here.settle()
    before, types = here.children, here.status["processes"]
    here.replace({**TWO, "spec": {"processes": processes}})
    await here.settle()
    stalled = here.condition(ConditionType.STALLED)
    assert stalled["reason"] == "InvalidSpec"
    assert stalled["message"].startswith("spec.processes: ")
    assert (here.children, here.status["processes"]) == (before, types)


async def test_only_what_another_client_deleted_is_an_event_even_if_it_cannot_be_made_again_at_once() -> None:
    here = Shop(TWO)
    await here.settle()
    here.remove("Deployment", "shop-web")
    here.refuse("apply", "Deployment", times=1)
    await here.passes(3, 2)
    here.refuse("delete", "Deployment", times=1, carried_out=True)
    for process in (None, a_process(replicas=1)):
        here.declare(processes={"web": process})
        await here.passes(3, 2)
    assert set(here.images()) == {"shop-web", "shop-worker"}
    assert [each.process_type for each in here.cluster.notices if each.reason == "Recreated"] == ["web"]


async def test_an_unexpected_error_beside_the_types_is_told_of_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RecursionError

    monkeypatch.setattr(check, "warnings", broken)
    here = Running(TWO)
    assert any([(await here.run()).retry is not Retry.NONE for _ in range(2)])
    assert here.condition(ConditionType.STALLED)["reason"] == "InternalError"
    assert "RecursionError" in here.condition(ConditionType.READY)["message"]
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


async def test_a_formation_that_is_too_large_is_not_rendered_and_says_so() -> None:
    formation = largest.filled(largest.shared, largest.ETCD)
    here = Running(formation)
    assert (await here.run()).retry is Retry.NONE
    assert not here.children
    for kind in (ConditionType.READY, ConditionType.STALLED):
        assert here.condition(kind)["reason"] == "TooLarge"
        assert "ConfigMaps" in here.condition(kind)["message"]
    here.replace(TWO)
    await here.settle()
    assert here.children == {("Deployment", "shop-web"), ("Deployment", "shop-worker")}


@contextlib.asynccontextmanager
async def turns() -> AsyncIterator[list[int]]:
    """Note the lines that are run between two turns of another task."""
    run = cost.Lines()
    steps: list[int] = []

    async def other() -> None:
        while True:
            before = run.number
            await asyncio.sleep(0)
            steps.append(run.number - before)

    task = asyncio.create_task(other())
    await asyncio.sleep(0)
    try:
        with run:
            yield steps
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_others_have_a_turn_after_each_type_of_a_large_formation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Otherwise all of them would be written anew, which costs the fake cluster more than the operator.
    monkeypatch.setattr(managed_fields, "LARGEST", bounds.MOST_RENDERED)
    here = Running(largest.filled(largest.shared, 16 * 1024))
    await here.settle()
    here.restart()
    async with turns() as steps:
        await here.run()
    assert max(steps) < sum(steps) / 8


async def test_a_count_that_changes_comes_before_everything_else_that_is_to_be_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even before the other types are rendered: somebody is waiting for it."""
    types = {f"type-{number:02}": a_process(replicas=2) for number in range(30)}
    declared = {**types, "worker": a_process(replicas=1)}
    here = Running(a_formation(processes=declared))
    await here.settle()
    here.cluster.calls.clear()
    more = {**declared, "worker": a_process(replicas=2), "type-99": a_process(replicas=2)}
    here.replace(a_formation(processes=more, labels={"team": "shop"}))
    render, rendered = intents.children, list[str]()

    def rendering(*given: Any, **named: Any) -> Any:
        rendered.append(given[2])
        return render(*given, **named)

    monkeypatch.setattr(intents, "children", rendering)
    here.cluster.incidents.append(Incident("apply", "Deployment", meanwhile=lambda: before.extend(rendered)))
    before: list[str] = []
    await here.run()
    written = [call.name for call in here.cluster.asked("apply", "Deployment")]
    assert (len(written), written[0]) == (32, "shop-worker")
    assert before == ["worker"]


# What a pass wants next


async def test_a_change_that_comes_during_a_pass_does_not_wait_for_its_report() -> None:
    here = Running(TWO)
    more = {**TWO, "spec": {**TWO["spec"], "image": "shop:v2"}}
    here.cluster.incidents.append(Incident("apply", meanwhile=lambda: here.replace(more)))
    assert await here.run() == Result(Requeue(Lane.CHANGE))


async def test_the_writes_of_a_pass_have_those_looked_at_to_whom_they_matter() -> None:
    here = Running(a_formation(processes={"web-x": a_process(replicas=1)}))
    rival = a_formation("shop-web", processes={"x": a_process()})
    rival = builders.stored(rival, uid="uid-2", creationTimestamp="2099-01-01T00:00:00Z")
    here.operator.known.see(naming.KIND, rival)
    await here.run()
    assert here.children == {("Deployment", "shop-web-x")}
    assert here.operator.due == {("default", "shop-web"): Lane.BUILD}


async def test_an_autoscaler_that_a_pass_finds_by_itself_is_one_of_its_reasons_for_another() -> None:
    here = Running(TWO)
    await here.settle()
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-web"}
    here.cluster.watchers.clear()  # the watch of autoscalers is late
    here.cluster.put(HPA.kind, {"metadata": {"name": "late"}, "spec": {"scaleTargetRef": target}})
    here.cluster.watchers.append(here.operator.see)
    here.scale(web=7)
    await here.run()
    assert here.operator.due == {KEY: Lane.BUILD}
    assert here.cluster.read("Deployment", "default", "shop-web")["spec"]["replicas"] == 7


async def test_a_formation_that_goes_during_a_pass_wants_nothing_more() -> None:
    here = Running(TWO)
    goes = Incident("apply", meanwhile=lambda: here.cluster.remove(naming.KIND, *KEY), error=NO_ANSWER)
    here.cluster.incidents.append(goes)
    assert await here.run() == Result()
