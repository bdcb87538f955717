"""What is said of one namespace's Formations takes no memory from others, and nothing of it is lost."""

import dataclasses
import json
import random
from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import Key
from formation_operator.kube.port import Object
from formation_operator.observe import cache, formations
from formation_operator.observe.store import Watched
from formation_operator.observe.watched import FORMATIONS, WATCHED
from formation_operator.requeue import REPORT_SECONDS, Lane, Result
from formation_operator.telemetry.census import Census
from tests.shared.builders import a_formation, a_process, stored
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Operator, Time

MANY = 20
MOST = 256 * 1024
TYPES = [f"type-{number}" for number in range(32)]
LITTLE = [*WATCHED, dataclasses.replace(FORMATIONS, most=MOST)]
BY_NAME = {each.kind.name: each for each in WATCHED}
FIRST, QUIET = ("crowd", "app0"), ("default", "quiet")


def declared(name: str, namespace: str, **spec: Any) -> Object:
    formation = a_formation(name, processes={each: a_process() for each in TYPES}, **spec)
    return stored(formation, uid=f"{namespace}-{name}", namespace=namespace)


class Refusing(FakeCluster):
    """Refuses every Deployment of a namespace, each in many words of its own."""

    refused = "crowd"

    async def create(self, manifest: Object, *, manager: str) -> Object:
        about = manifest["metadata"]
        if about["namespace"] == self.refused and manifest["kind"] == "Deployment":
            words = random.Random(about["name"]).randbytes(600).hex()
            raise errors.RefusedError(f"Deployment is invalid: {words}")
        return await super().create(manifest, manager=manager)


class Crowd:
    """An operator, and a namespace with many Formations of which every type is refused."""

    def __init__(self, watched: Sequence[Watched[Any]] = LITTLE) -> None:
        self.cluster, self.clock = Refusing(), Time()
        self.cluster.put(naming.KIND, declared("quiet", "default"))
        for number in range(MANY):
            self.cluster.put(naming.KIND, declared(f"app{number}", "crowd"))
        self.operator = Operator(self.cluster, self.clock, cache.Cache(watched))

    async def reported(self) -> "Crowd":
        for key in [QUIET, *(("crowd", f"app{number}") for number in range(MANY))]:
            await self.run(key)
            await self.run(key)
        return self

    async def run(self, key: Key = FIRST) -> Result:
        self.clock.seconds += 2 * REPORT_SECONDS
        return await self.operator.run(key)

    def kept(self, key: Key = FIRST) -> dict[str, Any]:
        return self.operator.known.formations[key]

    def status(self, key: Key = FIRST) -> Any:
        return self.cluster.read(naming.KIND, *key)["status"]

    @property
    def written(self) -> int:
        return sum("status" in call.verb for call in self.cluster.calls)

    def metrics(self) -> str:
        registry = CollectorRegistry()
        known = self.operator.known.formations.values()
        shown = [{**each, "status": formations.status_of(each)} for each in known]
        registry.register(Census(lambda: shown, 10_000))
        return generate_latest(registry).decode()


async def test_a_namespace_of_whose_formations_much_is_said_takes_no_memory_of_others() -> None:
    crowd = await Crowd().reported()
    assert len(json.dumps(crowd.status())) > 40_000
    assert crowd.kept()["unkept"]
    assert not crowd.kept(QUIET).get("unkept")
    assert sum(map(formations.size_of, crowd.operator.known.formations.values())) <= MOST


async def test_a_status_that_isnt_kept_is_written_no_more_often_than_one_that_is() -> None:
    crowd = await Crowd().reported()
    before, status = crowd.written, crowd.status()
    for _ in range(3):
        assert (await crowd.run()).requeue is None
    assert (crowd.written, crowd.status()) == (before, status)


async def test_a_status_that_isnt_kept_is_put_right_if_somebody_changes_it() -> None:
    crowd = await Crowd().reported()
    status = crowd.status()
    crowd.operator.due.clear()
    crowd.cluster.merge(
        naming.KIND, *FIRST, {"status": {"processes": {TYPES[0]: {"message": "all is well"}}}}
    )
    assert crowd.operator.due == {FIRST: Lane.REPORT}
    assert (await crowd.run()).requeue is None, "what it has written itself is no news"
    assert crowd.status() == status


async def test_of_a_status_that_isnt_kept_the_next_one_takes_over_what_outlives_the_operator() -> None:
    cluster, crowd = FakeCluster(), Crowd()
    exit_ = {"exitCode": 1, "reason": "Exited", "message": 1000 * "x", "finishedAt": "2026-01-01T00:00:00Z"}
    said = {"desiredReplicas": 5, "readyReplicas": 5, "lastExit": exit_}
    for number in range(MANY):
        raw = declared(f"app{number}", "crowd")
        status = {"observedGeneration": 9, "processes": dict.fromkeys(TYPES, said)}
        cluster.put(naming.KIND, {**raw, "status": status})
    operator = Operator(cluster, crowd.clock, cache.Cache(watched=LITTLE))
    assert operator.known.formations[FIRST]["unkept"]
    assert formations.is_behind(operator.known.formations[FIRST])
    await operator.run(FIRST)
    assert cluster.read("Deployment", "crowd", f"app0-{TYPES[0]}")["spec"]["replicas"] == 5
    crowd.clock.seconds += 2 * REPORT_SECONDS
    await operator.run(FIRST)
    assert cluster.read(naming.KIND, *FIRST)["status"]["processes"][TYPES[0]]["lastExit"] == exit_


async def test_the_metrics_say_the_same_of_a_formation_whether_or_not_its_status_is_kept() -> None:
    whole = await Crowd(WATCHED).reported()
    assert (await Crowd().reported()).metrics() == whole.metrics()
