"""A release command comes before any process changes: what is rendered meanwhile, and in which order."""

import copy

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.api.content import content_of, digest_of
from formation_operator.api.reasons import ConditionType
from formation_operator.kube import errors
from tests.shared.builders import Manifest, a_formation, ago
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.releasing import BOTH_V1, KEY, ONE, PULLED, RELEASE, Shop, ended_at_each_call

SUCCEEDS = "the release succeeds"
RUNS = {"running": {"startedAt": ago(0)}}


async def test_a_first_deploy_makes_nothing_before_its_release_has_succeeded() -> None:
    shop = Shop()
    await shop.settle()
    assert [job["metadata"]["name"] for job in shop.jobs()] == [shop.job]
    assert not shop.cluster.all("Deployment")
    assert not shop.cluster.all("Service")
    assert shop.revisions() == {"shop:v1": 0}
    assert shop.status["release"]["state"] == "Running"
    assert shop.status["summary"] == "release=running"
    assert shop.condition(ConditionType.RECONCILING)["reason"] == "Releasing"

    await shop.finish()
    assert shop.images() == BOTH_V1
    assert shop.revisions() == {"shop:v1": 1}
    assert shop.status["revision"]["number"] == 1
    assert shop.status["release"]["state"] == "Succeeded"
    assert shop.status["release"]["released"] == shop.digest


def tries(shop: Shop) -> int:
    """Return how often the newest release may run, as far as it fails."""
    return int(shop.cluster.read("Job", "default", shop.job)["spec"]["backoffLimit"]) + 1


@pytest.mark.parametrize(
    ("limit", "first", "later"),
    [(None, 3, 1), (0, 1, 1), (5, 6, 6)],
    ids=["by default", "never again", "five"],
)
async def test_until_something_is_released_a_release_may_try_more_often_unless_it_says_so(
    limit: int | None, first: int, later: int
) -> None:
    shop = Shop(a_formation(**{**ONE["spec"], "release": {**RELEASE, "backoffLimit": limit}}))
    await shop.settle()
    assert tries(shop) == first
    await shop.tell("the release fails", "the operator restarts", {"image": "shop:v2"})
    assert tries(shop) == first
    await shop.tell("the release succeeds", {"image": "shop:v3"})
    assert tries(shop) == later
    await shop.tell("the release fails", "the operator restarts", {"image": "shop:v4"})
    assert tries(shop) == later


async def test_of_a_release_that_has_failed_the_status_says_how_to_go_on(
    shop: Shop, snapshot: SnapshotAssertion
) -> None:
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget")
    failed = shop.condition(ConditionType.STALLED)
    assert failed["reason"] == "ReleaseFailed"
    assert failed["message"] == snapshot
    assert shop.status["summary"].startswith("release=failed ")
    await shop.change(image="shop:v1")
    assert not shop.is_stalled


async def test_what_an_earlier_formation_has_left_running_names_what_was_released(shop: Shop) -> None:
    shop.orphan()
    shop.come_back()
    await shop.settle()
    assert shop.status["release"]["released"] == shop.digest
    assert shop.jobs() == []
    assert {raw["metadata"]["generation"] for raw in shop.cluster.all("Deployment")} == {1}
    assert shop.status["revision"]["number"] == 1

    shop.orphan()
    shop.come_back("uid-3", image="shop:v2")
    await shop.tell("time passes", "web=1:v1 worker=2:v1 jobs=1")


async def test_a_job_of_that_name_that_is_somebody_elses_is_never_touched(shop: Shop) -> None:
    spec = copy.deepcopy(shop.spec) | {"image": "shop:v2"}
    name = f"shop-release-{digest_of(content_of(spec))}"
    theirs = shop.cluster.put("Job", {"metadata": {"name": name}})
    await shop.change(image="shop:v2")
    assert shop.cluster.read("Job", "default", name) == theirs
    assert shop.condition(ConditionType.STALLED)["reason"] == "NameTaken"
    assert shop.images() == BOTH_V1


async def test_an_operator_that_ends_at_any_call_releases_once_and_changes_no_template_before() -> None:
    async for shop in ended_at_each_call({"image": "shop:v2"}, release=RELEASE):
        shop.shows("web=1:v1 worker=2:v1")
        await shop.tell("time passes", "web=1:v1 worker=2:v1 jobs=2", SUCCEEDS, "web=1:v2 worker=2:v2")
        assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}


# Why one isn't done

NO_IMAGE = {"waiting": {"reason": "InvalidImageName", "message": "couldn't parse image name"}}

UNPULLABLE = {"waiting": {"reason": "ErrImagePull", "message": "shop:v2: not found"}}
ABSENT = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "absent" not found'}}


@pytest.mark.parametrize(
    ("state", "reason", "stalled"),
    [
        (UNPULLABLE, "ImagePullFailed", False),
        (ABSENT, "SecretMissing", False),
        (NO_IMAGE, "ImagePullFailed", True),
        (RUNS, "Releasing", False),
        ({"terminated": {"exitCode": 0, "reason": "Completed"}}, "Releasing", False),
    ],
)
async def test_a_release_that_isnt_done_has_the_reason_of_its_pod(
    shop: Shop, state: Manifest, reason: str, snapshot: SnapshotAssertion, *, stalled: bool
) -> None:
    await shop.change(image="shop:v2")
    shop.put_pod(state)
    await shop.settle()
    said = shop.status["release"]
    assert (said["state"], said["reason"]) == ("Running", reason)
    ready = shop.condition()
    assert (ready["status"], ready["reason"]) == ("False", reason)
    assert ready["message"].startswith(said["message"])
    assert shop.is_stalled == stalled
    assert said["message"] == snapshot
    await shop.finish()
    assert "reason" not in shop.status["release"]


@pytest.mark.parametrize(
    ("why", "stalled"),
    [('violates PodSecurity "restricted": runAsUser=0', True), ("exceeded quota: small", False)],
)
async def test_a_refusal_to_create_its_pod_lasts_as_one_of_a_type_does(
    shop: Shop, why: str, snapshot: SnapshotAssertion, *, stalled: bool
) -> None:
    await shop.change(image="shop:v2")
    uid = shop.cluster.read("Job", "default", shop.job)["metadata"]["uid"]
    note = f'Error creating: pods "{shop.job}-" is forbidden: {why}'
    said = {"regarding": {"kind": "Job", "name": shop.job, "uid": uid}, "type": "Warning", "note": note}
    metadata = {"name": "e1", "creationTimestamp": ago(0)}
    shop.cluster.put("Event", {**said, "metadata": metadata, "reason": "FailedCreate"})
    await shop.later(5)
    assert shop.status["release"]["message"] == snapshot
    assert shop.status["release"]["reason"] == "ReplicaFailure"
    assert shop.is_stalled == stalled


async def test_a_release_whose_job_somebody_has_suspended_says_how_to_go_on(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    shop.cluster.merge("Job", "default", shop.job, {"spec": {"suspend": True}})
    await shop.settle()
    said = shop.status["release"]
    assert (said["state"], said["reason"]) == ("Running", "Waiting")
    assert "the release command waits: someone suspended its Job: kubectl patch job" in said["message"]


async def test_what_runs_beside_a_release_that_has_succeeded_has_a_moment_to_end(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    now = shop.time().strftime("%Y-%m-%dT%H:%M:%SZ")
    well = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": now}}
    statuses = shop.put_pod(well, phase="Running")["status"]["containerStatuses"]
    proxy = {"name": "proxy", "ready": True, "state": RUNS}
    shop.cluster.merge("Pod", "default", "pod", {"status": {"containerStatuses": [*statuses, proxy]}})
    await shop.settle()
    assert shop.status["release"]["reason"] == "Releasing"
    assert not shop.is_stalled
    shop.time.seconds += 3
    await shop.operator.work()
    assert "it has succeeded, but proxy beside it keeps running" in shop.status["release"]["message"]
    assert shop.condition(ConditionType.STALLED)["reason"] == "Completed"


# Jobs that aren't known, have changed, or are of another Formation


async def test_no_release_starts_beside_one_that_isnt_known_yet(shop: Shop) -> None:
    shop.cluster.watchers.clear()  # the watch is late
    shop.operator.known.see(naming.KIND, shop.declare(image="shop:v2"))
    lost = errors.UnavailableError("the answer is lost")
    shop.cluster.incidents.append(Incident("apply", "Job", error=lost, carried_out=True))
    await shop.operator.work()
    assert len(shop.jobs()) == 2
    shop.operator.known.see(naming.KIND, shop.declare(image="shop:v3"))
    shop.time.seconds += 10
    await shop.operator.work()
    assert len(shop.jobs()) == 2, "two releases at once"


# What can't be read


@pytest.mark.parametrize("kind", ["Pod", "Event"])
async def test_the_status_is_written_though_it_cannot_be_read_whether_a_release_has_started(
    shop: Shop, kind: str
) -> None:
    await shop.change(image="shop:v2")
    job = shop.job
    shop.put_pod(PULLED)
    shop.refuse("select", kind)
    for change in ({"image": "shop:v3"}, {"suspend": True}):
        await shop.change(**change)
        generation = shop.cluster.read(naming.KIND, *KEY)["metadata"]["generation"]
        assert shop.condition()["observedGeneration"] == generation
    assert not shop.is_going(job)
    assert shop.images() == BOTH_V1
