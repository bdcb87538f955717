"""A release command comes before any process changes: what is rendered meanwhile, and in which order."""

import copy
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import naming
from formation_operator.api.content import content_of, digest_of
from formation_operator.api.reasons import ConditionType
from formation_operator.diagnose import job_pods
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


async def test_none_starts_for_a_formation_that_goes_although_the_watch_has_not_said_so() -> None:
    shop = Shop()
    await shop.settle()
    await shop.finish()
    shop.declare(image="shop:v2")
    shop.cluster.watchers.remove(shop.operator.see)
    shop.cluster.merge(naming.KIND, *KEY, {"metadata": {"deletionTimestamp": ago(0)}})
    await shop.operator.run(KEY)
    assert len(shop.jobs()) == 1
    assert shop.revisions() == {"shop:v1": 1}


async def test_what_was_stopped_stays_so_until_its_release_succeeds_though_others_scale_it() -> None:
    shop = Shop()
    await shop.settle()
    await shop.finish()
    stopped = "web=0:v1 worker=0:v1 release=Running"
    await shop.tell({"suspend": True}, {"image": "shop:v2"}, {"suspend": None}, stopped)
    shop.remove("Deployment", "shop-web")
    shop.scale(worker=5)
    await shop.settle()
    shop.shows(stopped)


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


async def test_what_was_released_last_runs_on_with_todays_counts_until_the_release_has_succeeded(
    shop: Shop,
) -> None:
    await shop.change(image="shop:v2")
    assert (shop.status["release"]["running"], shop.status["image"]) == (shop.digest, "shop:v1")
    await shop.change(processes={"web": {"replicas": 3}})
    shop.scale(worker=5)
    await shop.tell("time passes", "web=3:v1 worker=5:v1 jobs=2", SUCCEEDS, "web=3:v2 worker=5:v2")
    assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}


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


async def test_a_failed_release_is_tried_again_once_its_job_is_deleted_and_its_pods_are_gone(
    shop: Shop,
) -> None:
    await shop.tell({"image": "shop:v2"}, "the release fails")
    shop.put_pod(RUNS, phase="Running", name="old")
    shop.remove("Job", shop.job)
    await shop.tell("time passes", "jobs=1")
    assert "old" in shop.status["release"]["message"]
    shop.remove("Pod")
    await shop.tell("time passes", "jobs=2", SUCCEEDS, "web=1:v2 worker=2:v2")


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


async def test_without_the_right_to_jobs_the_release_says_so_and_nothing_else_changes(shop: Shop) -> None:
    refused = errors.ForbiddenError("jobs.batch is forbidden")
    shop.refuse("apply", "Job", refused)
    await shop.tell({"image": "shop:v2", "processes": {"web": {"replicas": 4}}}, "web=4:v1 worker=2:v1")
    assert "manifests/rbac" in shop.condition(ConditionType.STALLED)["message"]
    shop.cluster.incidents.clear()
    await shop.tell("time passes", SUCCEEDS, "web=4:v2 worker=2:v2")


async def test_an_operator_that_ends_at_any_call_releases_once_and_changes_no_template_before() -> None:
    async for shop in ended_at_each_call({"image": "shop:v2"}, release=RELEASE):
        shop.shows("web=1:v1 worker=2:v1")
        await shop.tell("time passes", "web=1:v1 worker=2:v1 jobs=2", SUCCEEDS, "web=1:v2 worker=2:v2")
        assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}


# Releases under unlucky orders, and with what others forge, strip or delete meanwhile.


V2, SUCCEEDS = {"image": "shop:v2"}, "the release succeeds"
NO_IMAGE = {"waiting": {"reason": "InvalidImageName", "message": "couldn't parse image name"}}


def positions(shop: Shop, since: int) -> dict[tuple[str, str], int]:
    """Return when the first call of a verb for a kind came, of all since one."""
    found: dict[tuple[str, str], int] = {}
    for number, call in enumerate(shop.cluster.calls[since:]):
        found.setdefault((call.verb, call.kind), number)
    return found


# Why one isn't done

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


async def test_a_release_that_only_seemed_to_start_gives_way_to_the_one_that_mends_it(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    shop.put_pod(PULLED, created=shop.time().strftime("%Y-%m-%dT%H:%M:%SZ"))
    wrong = shop.job
    await shop.change(image="shop:v3")
    assert not shop.is_going(wrong)
    statuses = [{"name": "release", "restartCount": 0, "state": UNPULLABLE}]
    shop.cluster.merge("Pod", "default", "pod", {"status": {"containerStatuses": statuses}})
    await shop.settle()
    assert shop.is_going(wrong)


# Counts


@pytest.mark.parametrize("hangs", [False, True], ids=["that starts a release", "while one hangs"])
async def test_a_count_in_an_edit_is_written_before_anything_about_a_release(shop: Shop, hangs: bool) -> None:
    if hangs:
        await shop.change(image="shop:v2")
        shop.put_pod(NO_IMAGE)
        shop.restart()
    since = len(shop.cluster.calls)
    shop.declare(image="shop:v3", processes={"web": {"replicas": 5}})
    await shop.operator.work()
    came = positions(shop, since)
    assert shop.counts()["shop-web"] == 5
    assert came["apply", "Deployment"] < came["select", "Pod"]
    assert hangs or came["apply", "Deployment"] < came["apply", "Job"]


async def test_whatever_fails_about_a_release_counts_are_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(job_pods, "alive", broken)
    await shop.tell({**V2, "processes": {"web": {"replicas": 5}}}, "web=5:v1 worker=2:v1")
    assert shop.is_stalled


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


async def test_a_job_that_a_formation_of_the_same_name_leaves_behind_is_waited_for() -> None:
    shop = Shop()
    theirs = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": "shop", "uid": "old"}
    labels = {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: shop.digest}
    owners = [{**theirs, "controller": True}]
    shop.cluster.put("Job", {"metadata": {"name": shop.job, "labels": labels, "ownerReferences": owners}})
    await shop.settle()
    assert not shop.is_stalled
    shop.remove("Job", shop.job)
    await shop.tell("time passes", SUCCEEDS, "web=1:v1 worker=2:v1")


async def test_a_job_that_has_lost_its_annotations_holds_up_no_later_release(shop: Shop) -> None:
    await shop.tell(V2, "the release fails")
    shop.cluster.merge("Job", "default", shop.job, {"metadata": {"annotations": None}})
    await shop.change(image="shop:v3")
    assert not shop.is_going(shop.job)


async def test_a_content_whose_number_is_refused_waits_and_the_status_says_why(shop: Shop) -> None:
    refused = errors.ForbiddenError("controllerrevisions is forbidden")
    shop.refuse("patch", "ControllerRevision", refused)
    await shop.tell(V2, SUCCEEDS, "web=1:v1 worker=2:v1")
    assert "controllerrevisions is forbidden" in shop.condition(ConditionType.STALLED)["message"]
    await shop.tell({"processes": {"web": {"replicas": 4}}}, "web=4:v1 worker=2:v1")
    shop.cluster.incidents.clear()
    await shop.tell("time passes", "web=4:v2 worker=2:v2 jobs=2")


async def test_hundreds_of_forged_jobs_are_deleted_a_few_at_a_time(shop: Shop) -> None:
    [job] = shop.jobs()
    for number in range(300):
        about = {key: value for key, value in job["metadata"].items() if key in ("labels", "ownerReferences")}
        shop.cluster.put("Job", {"metadata": {"name": f"forged-{number}", **about}, "status": job["status"]})
    since = len(shop.cluster.calls)
    await shop.change(image="shop:v2")
    assert len([each for each in shop.cluster.calls[since:] if each.verb == "delete"]) <= 20
    assert not shop.is_going(shop.job)


async def test_a_content_of_the_same_key_stays_if_the_operator_ends_before_it_reports_that(
    shop: Shop,
) -> None:
    await shop.change(image="shop:v2")
    shop.put_pod(RUNS, phase="Running")
    await shop.change(labels={"team": "red"})
    shop.end()
    for _ in range(2):
        await shop.operator.work()  # its report comes later
    shop.restart()
    await shop.tell(({},), "web=1:v2 worker=2:v2", "time passes", "web=1:v2 worker=2:v2 jobs=2")
    assert shop.status["release"]["released"] == shop.digest
    await shop.tell({"image": "shop:v3"}, "web=1:v2 worker=2:v2")
    assert shop.cluster.read("Deployment", "default", "shop-web")["metadata"]["labels"]["team"] == "red"


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


async def test_a_release_whose_job_cant_be_watched_any_more_says_so(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    shop.operator.known.set_forbidden("Job", None, forbidden=True)
    await shop.tell("time passes", "web=1:v1 worker=2:v1")
    assert "may not list Jobs" in shop.condition(ConditionType.STALLED)["message"]
    shop.operator.known.set_forbidden("Job", None, forbidden=False)
    await shop.tell(SUCCEEDS, "web=1:v2 worker=2:v2")


# Without a release
