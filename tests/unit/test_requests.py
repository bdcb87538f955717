"""A count is judged before it is written over, whatever comes in between."""

import copy
import datetime
from typing import Any

import pytest

from formation_operator import desired, errors, naming, reconcile
from formation_operator.cache import Cache
from formation_operator.cluster import Object
from formation_operator.counts import Count
from formation_operator.notices import Notice
from formation_operator.observed import child
from formation_operator.settings import Settings
from tests.builders import a_formation, a_process, stored
from tests.unit.facts import fields, parsed

KEY = ("default", "shop")
FORMATION = a_formation(processes={name: a_process(replicas=4) for name in ("web", "worker")})


def deployment(name: str, *, scaled_to: int = 0, version: str = "5") -> Object:
    """Return a Deployment as we wrote it, or as somebody scaled it since."""
    formation = parsed(FORMATION)
    wanted = Count(desired=4, rendered=4, remembered=4)
    manifest = desired.deployment(formation, name, formation.spec.processes[name], wanted).manifest
    raw: Object = copy.deepcopy(manifest)
    owned = fields({"metadata": raw["metadata"], "spec": raw["spec"]})
    managed = [{"manager": naming.FIELD_MANAGER, "operation": "Apply", "fieldsV1": owned}]
    if scaled_to:
        raw["spec"]["replicas"] = scaled_to
        del owned["f:spec"]["f:replicas"]
        theirs: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
        managed.append(
            {"manager": "kubectl", "operation": "Update", "subresource": "scale", "fieldsV1": theirs}
        )
    raw["metadata"].update(uid=f"uid-of-{name}", resourceVersion=version, managedFields=managed)
    return raw


class Cluster:
    """Holds what is there; while autoscalers are looked for, the watch brings what happened last."""

    def __init__(self, known: Cache) -> None:
        self.known = known
        self.formation = stored(FORMATION)
        self.deployments = {"shop-web": deployment("web"), "shop-worker": deployment("worker")}
        self.late: list[Object] = []
        self.lost_answers = 0
        self.unsent = 0
        self.written: Object | None = None
        self.applied: list[Object] = []
        self.told: list[Notice] = []

    async def select(self, *_: Any, **__: Any) -> list[Object]:
        while self.late:
            raw = self.late.pop()
            self.deployments[raw["metadata"]["name"]] = raw
            self.known.put_child(child(raw, "Deployment"))
        return []

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        return copy.deepcopy(self.deployments[name])

    async def apply(self, manifest: Object, **_: Any) -> Object:
        self.applied.append(manifest)
        if self.written is None:
            raise errors.UnavailableError("seen enough")
        return self.written

    async def patch(self, kind: str, namespace: str, name: str, operations: list[Any]) -> Object:
        if self.unsent:
            self.unsent -= 1
            raise errors.UnavailableError("not sent")
        generation, before, after = operations
        *_, process_type, _ = after["path"].split("/")
        metadata, processes = self.formation["metadata"], self.formation["spec"]["processes"]
        there = metadata["generation"], processes[process_type]["replicas"]
        if there != (generation["value"], before["value"]):
            raise errors.RefusedError("the server rejected our request due to an error in our request")
        self.edit(process_type, after["value"])
        if self.lost_answers:
            self.lost_answers -= 1
            raise errors.UnavailableError("lost")
        return copy.deepcopy(self.formation)

    def edit(self, process_type: str, count: int | None) -> None:
        """Give the Formation a count, or take it away, as anybody may at any time."""
        self.formation["spec"]["processes"][process_type]["replicas"] = count
        metadata = self.formation["metadata"]
        metadata["generation"] += 1
        metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)

    async def apply_status(self, manifest: Object) -> Object:
        return copy.deepcopy(self.formation)

    async def notify(self, _: Object, notice: Notice) -> None:
        self.told.append(notice)


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(Cache())
    watched(cluster)
    for raw in cluster.deployments.values():
        cluster.known.put_child(child(raw, "Deployment"))
    return cluster


def scaled(cluster: Cluster, raw: Object) -> None:
    cluster.late.append(raw)


async def web_scaled(cluster: Cluster, count: int, *, version: str = "6") -> None:
    """Have somebody scale web, and the watch tell of it."""
    scaled(cluster, deployment("web", scaled_to=count, version=version))
    await cluster.select()


def told(cluster: Cluster) -> list[str]:
    """Return why each Event that is about a request was told."""
    return [notice.reason for notice in cluster.told if notice.action == "Scale"]


def watched(cluster: Cluster) -> None:
    """Have the watch tell of the Formation."""
    cluster.known.put_formation(copy.deepcopy(cluster.formation))


def reported(cluster: Cluster) -> None:
    """Have the status say what the Formation says, as after a pass."""
    processes = {name: {"desiredReplicas": count} for name, count in counts_of(cluster).items()}
    metadata = cluster.formation["metadata"]
    cluster.formation["status"] = {"observedGeneration": metadata["generation"], "processes": processes}
    metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)
    watched(cluster)


def reconciler(cluster: Cluster) -> reconcile.Reconciler:
    def clock() -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC)

    return reconcile.Reconciler(
        cluster,  # type: ignore[arg-type]  # all that is asked
        cluster.known,
        clock,
        lambda *_: None,
        Settings(),
    )


async def unanswered(cluster: Cluster, here: reconcile.Reconciler) -> None:
    """Run a pass that writes to the Formation and isn't told so."""
    cluster.lost_answers = 1
    with pytest.raises(errors.UnavailableError):
        await here.run(KEY)


async def unsent(cluster: Cluster, here: reconcile.Reconciler) -> None:
    """Run a pass that can't reach the Formation."""
    cluster.unsent = 1
    with pytest.raises(errors.UnavailableError):
        await here.run(KEY)


def counts_of(cluster: Cluster) -> dict[str, int]:
    return {name: item["replicas"] for name, item in cluster.formation["spec"]["processes"].items()}


@pytest.mark.parametrize("last", [("web", 9), ("worker", 7)], ids=["the same type", "another type"])
async def test_a_request_that_comes_while_another_one_is_judged_is_judged_too(
    cluster: Cluster, last: tuple[str, int]
) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    name, count = last
    scaled(cluster, deployment(name, scaled_to=count, version="7"))
    assert not await here.run(KEY)
    asked = {raw["metadata"]["name"] for raw in cluster.applied}
    assert f"shop-{name}" not in asked
    await here.run(KEY)
    assert counts_of(cluster) == {"web": 8, "worker": 4} | {name: count}


async def test_a_request_after_one_whose_answer_was_lost_is_honoured(cluster: Cluster) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    await unanswered(cluster, here)
    await web_scaled(cluster, 9, version="7")
    with pytest.raises(errors.ConflictError):
        await here.run(KEY)  # the watch hasn't told of the first one yet
    watched(cluster)
    await here.run(KEY)
    assert counts_of(cluster)["web"] == 9
    assert [notice.reason for notice in cluster.told][:1] == ["ScaleHonoured"]


async def test_who_edits_the_formation_after_a_request_was_honoured_has_the_last_word(
    cluster: Cluster,
) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    await here.run(KEY)  # the Deployment can't be written
    assert counts_of(cluster)["web"] == 8
    cluster.edit("web", 4)
    watched(cluster)
    for _ in range(2):
        await here.run(KEY)
    assert counts_of(cluster)["web"] == 4
    assert [notice.reason for notice in cluster.told].count("ScaleHonoured") == 1
    assert cluster.applied[-1]["spec"]["replicas"] == 4


async def test_an_edit_that_comes_while_the_answer_to_a_request_is_lost_has_the_last_word(
    cluster: Cluster,
) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    await unanswered(cluster, here)
    cluster.edit("web", 4)
    with pytest.raises(errors.ConflictError):
        await here.run(KEY)  # the watch has told of nothing yet
    watched(cluster)
    await here.run(KEY)
    assert counts_of(cluster)["web"] == 4


async def test_an_answered_request_is_no_new_one_because_something_else_of_the_deployment_is_changed(
    cluster: Cluster,
) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    await here.run(KEY)  # the Deployment can't be written
    cluster.edit("web", 4)
    watched(cluster)
    await here.run(KEY)
    reported(cluster)
    await web_scaled(cluster, 8, version="7")  # kubectl rollout restart
    await here.run(KEY)
    assert counts_of(cluster)["web"] == 4


async def test_an_answered_request_is_no_new_one_because_the_count_was_left_open_for_a_while(
    cluster: Cluster,
) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    await here.run(KEY)  # the Deployment can't be written
    for count in (None, 4):
        cluster.edit("web", count)
        watched(cluster)
        await here.run(KEY)
    assert counts_of(cluster)["web"] == 4


@pytest.mark.parametrize("count", [8, 9], ids=["the same count", "another count"])
async def test_a_request_is_a_new_one_once_the_deployment_was_written(cluster: Cluster, count: int) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    await here.run(KEY)  # the Deployment can't be written
    cluster.edit("web", 4)
    watched(cluster)
    cluster.written = deployment("web", version="7")
    await here.run(KEY)
    await web_scaled(cluster, count, version="8")
    await here.run(KEY)
    assert counts_of(cluster)["web"] == count


async def test_a_request_that_never_reached_the_formation_is_not_lost_because_something_else_did(
    cluster: Cluster,
) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    await unsent(cluster, here)
    cluster.edit("worker", 5)
    watched(cluster)
    await here.run(KEY)
    assert counts_of(cluster) == {"web": 8, "worker": 5}
    assert told(cluster) == ["ScaleHonoured"]


async def test_a_request_that_never_reached_the_formation_waits_until_that_is_paused_no_more(
    cluster: Cluster,
) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    await unsent(cluster, here)
    for paused in (True, False):
        cluster.formation["spec"]["paused"] = paused
        cluster.edit("worker", 4)
        watched(cluster)
        await here.run(KEY)
    assert counts_of(cluster)["web"] == 8
    assert told(cluster) == ["ScaleHonoured"]


async def test_a_request_that_may_have_been_overruled_while_its_answer_was_lost_is_told_of(
    cluster: Cluster,
) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    await unsent(cluster, here)
    for count in (5, 6):
        cluster.edit("worker", count)
    watched(cluster)
    await here.run(KEY)
    assert counts_of(cluster) == {"web": 4, "worker": 6}
    assert told(cluster) == ["ScaleOverruled"]


async def test_what_is_known_of_a_first_request_outlasts_a_second_one_that_never_reached_the_formation(
    cluster: Cluster,
) -> None:
    await web_scaled(cluster, 8)
    here = reconciler(cluster)
    await here.run(KEY)  # the Deployment can't be written
    await web_scaled(cluster, 9, version="7")
    await unsent(cluster, here)
    await here.run(KEY)
    assert counts_of(cluster)["web"] == 9
