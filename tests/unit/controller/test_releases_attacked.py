"""Releases under unlucky orders, and with what others forge, strip or delete meanwhile."""

from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.diagnose import job_pods
from formation_operator.kube import errors
from formation_operator.kube.port import Object
from tests.builders import Manifest, a_formation, a_process, ago
from tests.unit.facts import condition_of
from tests.unit.fakes.cluster import Call, Incident
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.releasing import BOTH_V1, BOTH_V2, KEY, RELEASE, EndedError, Shop


def a_pod(shop: Shop, state: Manifest, *, phase: str = "Pending") -> Object:
    """Return the Pod of the release of the content that the Formation has now, an hour old."""
    labels = {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: shop.digest}
    name = f"shop-release-{shop.digest}"
    uid = shop.cluster.read("Job", "default", name)["metadata"]["uid"]
    job = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid}
    return {
        "metadata": {
            "name": f"pod-{shop.digest}",
            "labels": labels,
            "ownerReferences": [{**job, "controller": True}],
            "creationTimestamp": ago(3600),
        },
        "spec": {"nodeName": "n1", "containers": [{"name": "release"}]},
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": ago(3600)}],
            "containerStatuses": [{"name": "release", "ready": False, "restartCount": 0, "state": state}],
        },
    }


RUNS = {"running": {"startedAt": ago(0)}}
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
    shop: Shop, state: Manifest, reason: str, *, stalled: bool
) -> None:
    await shop.change(image="shop:v2")
    shop.cluster.put("Pod", a_pod(shop, state))
    await shop.settle()
    said = shop.status["release"]
    assert (said["state"], said["reason"]) == ("Running", reason)
    ready = condition_of(shop.status, ConditionType.READY)
    assert (ready["status"], ready["reason"]) == ("False", reason)
    assert ready["message"].startswith(said["message"])
    assert ("Stalled" in {each["type"] for each in shop.status["conditions"]}) == stalled
    word = "runs" if reason == "Releasing" else "waits"
    assert said["message"].startswith(f"the release command {word} in Job shop-release-{shop.digest} since ")
    assert said["message"].endswith("Z") == (reason == "Releasing")
    await shop.finish()
    assert "reason" not in shop.status["release"]


@pytest.mark.parametrize(
    ("why", "stalled"),
    [('violates PodSecurity "restricted": runAsUser=0', True), ("exceeded quota: small", False)],
)
async def test_a_refusal_to_create_its_pod_lasts_as_one_of_a_type_does(
    shop: Shop, why: str, *, stalled: bool
) -> None:
    await shop.change(image="shop:v2")
    name = f"shop-release-{shop.digest}"
    about = {"kind": "Job", "name": name, "uid": shop.cluster.read("Job", "default", name)["metadata"]["uid"]}
    note = f'Error creating: pods "{name}-" is forbidden: {why}'
    metadata = {"name": "e1", "creationTimestamp": ago(0)}
    shop.cluster.put(
        "Event",
        {
            "metadata": metadata,
            "regarding": about,
            "type": "Warning",
            "reason": "FailedCreate",
            "note": note,
        },
    )
    shop.time.seconds += 5
    await shop.settle()
    message = shop.status["release"]["message"]
    assert f"waits in Job {name}" in message
    assert f"its Pod can't be created: {why}" in message
    assert shop.status["release"]["reason"] == "ReplicaFailure"
    assert ("Stalled" in {each["type"] for each in shop.status["conditions"]}) == stalled


async def test_what_runs_beside_a_release_that_has_succeeded_has_a_moment_to_end(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    now = shop.time().strftime("%Y-%m-%dT%H:%M:%SZ")
    well = {"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": now}}
    pod = a_pod(shop, well, phase="Running")
    pod["status"]["containerStatuses"].append({"name": "proxy", "ready": True, "state": RUNS})
    shop.cluster.put("Pod", pod)
    await shop.settle()
    assert shop.status["release"]["reason"] == "Releasing"
    assert "Stalled" not in {each["type"] for each in shop.status["conditions"]}
    shop.time.seconds += 3
    await shop.operator.work()
    assert "it has succeeded, but proxy beside it keeps running" in shop.status["release"]["message"]
    assert condition_of(shop.status, ConditionType.STALLED)["reason"] == "Completed"


async def test_a_release_that_only_seemed_to_start_gives_way_to_the_one_that_mends_it(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    pod = a_pod(shop, {"waiting": {"reason": "ContainerCreating"}})
    pod["metadata"]["creationTimestamp"] = shop.time().strftime("%Y-%m-%dT%H:%M:%SZ")
    shop.cluster.put("Pod", pod)
    wrong = f"shop-release-{shop.digest}"
    await shop.change(image="shop:v3")
    assert "deletionTimestamp" not in shop.cluster.read("Job", "default", wrong)["metadata"]
    statuses = [{"name": "release", "restartCount": 0, "state": UNPULLABLE}]
    unpulled = {"status": {"containerStatuses": statuses}}
    shop.cluster.merge("Pod", "default", pod["metadata"]["name"], unpulled)
    await shop.settle()
    assert "deletionTimestamp" in shop.cluster.read("Job", "default", wrong)["metadata"]


# Counts


async def test_a_count_in_the_edit_that_starts_a_release_is_written_before_anything_of_the_release(
    shop: Shop,
) -> None:
    since = len(shop.cluster.calls)
    shop.cluster.merge(
        naming.KIND, *KEY, {"spec": {"image": "shop:v2", "processes": {"web": {"replicas": 5}}}}
    )
    await shop.operator.work()
    came = positions(shop, since)
    assert shop.counts()["shop-web"] == 5
    assert came["apply", "Deployment"] < came["apply", "Job"]
    assert came["apply", "Deployment"] < came["select", "Pod"]


async def test_a_count_is_written_before_it_is_read_why_a_release_hangs(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    shop.cluster.put("Pod", a_pod(shop, NO_IMAGE))
    shop.restart()
    since = len(shop.cluster.calls)
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"processes": {"web": {"replicas": 5}}, "image": "v3"}})
    await shop.operator.work()
    came = positions(shop, since)
    assert shop.counts()["shop-web"] == 5
    assert came["apply", "Deployment"] < came["select", "Pod"]


async def test_whatever_fails_about_a_release_counts_are_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(job_pods, "alive", broken)
    await shop.change(image="shop:v2", processes={"web": {"replicas": 5}})
    assert shop.counts() == {"shop-web": 5, "shop-worker": 2}
    assert shop.images() == BOTH_V1
    assert condition_of(shop.status, ConditionType.STALLED)


# A release command that was taken away for a while


async def test_what_was_rolled_out_while_there_was_no_release_command_counts_as_released(shop: Shop) -> None:
    await shop.change(release=None, image="shop:v2")
    assert shop.images() == BOTH_V2
    await shop.change(release=RELEASE)
    assert shop.images() == BOTH_V2
    assert len(shop.jobs()) == 1
    await shop.change(image="shop:v3")
    assert shop.images() == BOTH_V2


@pytest.mark.parametrize("restarted", [False, True])
async def test_the_result_of_a_release_whose_command_was_taken_away_is_ignored_for_good(
    shop: Shop, restarted: bool
) -> None:
    await shop.change(image="shop:v2")
    await shop.change(release=None, image="shop:v5")
    await shop.finish()
    assert set(shop.images().values()) == {"shop:v5"}
    if restarted:
        shop.restart()
    await shop.change(release=RELEASE, image="shop:v6")
    assert set(shop.images().values()) == {"shop:v5"}
    await shop.finish()
    assert set(shop.images().values()) == {"shop:v6"}


async def test_a_release_command_that_is_added_just_after_a_deploy_leaves_what_was_deployed(
    shop: Shop,
) -> None:
    await shop.change(release=None)
    for change in ({"image": "shop:v2"}, {"release": RELEASE}):
        shop.cluster.merge(naming.KIND, *KEY, {"spec": change})
        await shop.operator.work()  # its report comes later
        assert shop.images() == BOTH_V2
    await shop.settle()
    assert len(shop.jobs()) == 1
    assert shop.status["release"]["released"] == shop.digest


async def test_a_release_command_that_is_away_for_a_moment_leaves_what_was_deployed_in_that(
    shop: Shop,
) -> None:
    for change in ({"release": None, "image": "shop:v2"}, {"release": RELEASE}):
        shop.cluster.merge(naming.KIND, *KEY, {"spec": change})
        await shop.operator.work()  # its report comes later
        assert shop.images() == BOTH_V2
    await shop.settle()
    assert len(shop.jobs()) == 1


async def test_a_changed_release_command_runs_although_all_is_as_rendered(shop: Shop) -> None:
    shop.restart()
    await shop.change(release={"env": [{"name": "AGAIN", "value": "1"}]})
    assert len(shop.jobs()) == 2


async def test_counts_go_on_where_a_content_was_rolled_out_just_before_a_release_starts(shop: Shop) -> None:
    for change in ({"labels": {"team": "red"}}, {"image": "shop:v2"}):
        shop.cluster.merge(naming.KIND, *KEY, {"spec": change})
        await shop.operator.work()  # its report comes later
    await shop.change(processes={"web": {"replicas": 5}})
    assert shop.counts()["shop-web"] == 5
    assert shop.images() == BOTH_V1
    assert shop.cluster.read("Deployment", "default", "shop-web")["metadata"]["labels"]["team"] == "red"
    await shop.finish()
    assert shop.images() == BOTH_V2


# Suspended


async def test_a_deploy_just_after_a_resumption_leaves_the_processes_that_run(shop: Shop) -> None:
    await shop.change(suspend=True)
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"suspend": False}})
    await shop.operator.work()  # its report comes later
    assert shop.counts() == {"shop-web": 1, "shop-worker": 2}
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2"}})
    await shop.operator.work()
    assert shop.counts() == {"shop-web": 1, "shop-worker": 2}


async def test_suspend_deploy_and_resume_in_a_breath_keep_the_processes_at_zero_until_the_release(
    shop: Shop,
) -> None:
    for change in ({"suspend": True}, {"image": "shop:v2"}, {"suspend": False}):
        shop.cluster.merge(naming.KIND, *KEY, {"spec": change})
        await shop.operator.work()
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}
    await shop.settle()
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}
    await shop.finish()
    assert shop.images() == BOTH_V2
    assert shop.counts() == {"shop-web": 1, "shop-worker": 2}


async def test_a_pause_during_a_held_resumption_starts_no_process(shop: Shop) -> None:
    await shop.change(suspend=True)
    await shop.change(image="shop:v2")
    await shop.change(suspend=False, paused=True)
    await shop.change(paused=False)
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}
    await shop.finish()
    assert shop.counts() == {"shop-web": 1, "shop-worker": 2}


async def test_a_process_that_somebody_starts_during_a_held_resumption_resumes_no_other(shop: Shop) -> None:
    await shop.change(suspend=True)
    await shop.change(image="shop:v2")
    await shop.change(suspend=False)
    shop.cluster.merge("Deployment", "default", "shop-web", {"spec": {"replicas": 3}}, by=SCALE)
    await shop.settle()
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}
    await shop.finish()
    assert shop.counts() == {"shop-web": 3, "shop-worker": 2}


async def test_counts_of_an_autoscaler_come_back_after_a_held_resumption_too() -> None:
    shop = Shop(a_formation(image="shop:v1", release=RELEASE, processes={"web": a_process("/web")}))
    await shop.settle()
    await shop.finish()
    shop.cluster.merge("Deployment", "default", "shop-web", {"spec": {"replicas": 4}}, by=SCALE)
    await shop.settle()
    for change in ({"suspend": True}, {"image": "shop:v2"}, {"suspend": False}):
        shop.cluster.merge(naming.KIND, *KEY, {"spec": change})
        await shop.operator.work()
    await shop.settle()
    assert shop.counts() == {"shop-web": 0}
    await shop.finish()
    assert shop.counts() == {"shop-web": 4}
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v3"}})
    await shop.operator.work()
    assert shop.counts() == {"shop-web": 4}


# Jobs that aren't known, have changed, or are of another Formation


async def test_no_release_starts_beside_one_that_isnt_known_yet(shop: Shop) -> None:
    shop.cluster.watchers.clear()  # the watch is late
    shop.operator.known.see(
        naming.KIND, shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2"}})
    )
    lost = errors.UnavailableError("the answer is lost")
    shop.cluster.incidents.append(Incident("apply", "Job", error=lost, carried_out=True))
    await shop.operator.work()
    assert len(shop.jobs()) == 2
    shop.operator.known.see(
        naming.KIND, shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v3"}})
    )
    shop.time.seconds += 10
    await shop.operator.work()
    assert len(shop.jobs()) == 2, "two releases at once"


async def test_a_job_that_changes_just_when_it_is_deleted_is_deleted_later(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    waiting = f"shop-release-{shop.digest}"

    def change() -> None:
        shop.cluster.merge("Job", "default", waiting, {"status": {"ready": 0}})

    shop.cluster.incidents.append(Incident("delete", "Job", meanwhile=change))
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v3"}})
    result = await shop.operator.run(KEY)
    assert waiting in {job["metadata"]["name"] for job in shop.jobs()}
    assert result.requeue is not None
    assert result.requeue.after <= 2


async def test_the_trouble_of_a_release_that_gives_way_isnt_that_of_the_newer_one(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    shop.cluster.put("Pod", a_pod(shop, NO_IMAGE))
    await shop.settle()
    assert condition_of(shop.status, ConditionType.STALLED)
    job = shop.cluster.read("Job", "default", f"shop-release-{shop.digest}")
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v3"}})
    for _ in range(3):
        shop.time.seconds += 2
        await shop.operator.work()
        assert shop.cluster.read("Job", "default", job["metadata"]["name"])["metadata"]["deletionTimestamp"]
        assert "Stalled" not in {each["type"] for each in shop.status["conditions"]}
    assert job["metadata"]["name"] in shop.status["release"]["message"]


@pytest.mark.parametrize("kind", ["ControllerRevision", "Job"])
async def test_what_a_formation_of_the_same_name_leaves_behind_is_waited_for(kind: str) -> None:
    shop = Shop()
    theirs = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "name": "shop", "uid": "old"}
    name = f"shop-{shop.digest}" if kind == "ControllerRevision" else f"shop-release-{shop.digest}"
    labels = {naming.FORMATION_LABEL: "shop", naming.RELEASE_LABEL: shop.digest}
    owners = [{**theirs, "controller": True}]
    shop.cluster.put(kind, {"metadata": {"name": name, "labels": labels, "ownerReferences": owners}})
    await shop.settle()
    assert "Stalled" not in {each["type"] for each in shop.status["conditions"]}
    shop.cluster.remove(kind, "default", name)
    await shop.settle()
    await shop.finish()
    assert shop.images() == BOTH_V1


async def test_a_job_that_has_lost_its_annotations_holds_up_no_later_release(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    await shop.finish("FailureTarget", "Failed")
    failed = f"shop-release-{shop.digest}"
    shop.cluster.merge("Job", "default", failed, {"metadata": {"annotations": None}})
    await shop.change(image="shop:v3")
    assert f"shop-release-{shop.digest}" in {job["metadata"]["name"] for job in shop.jobs()}


async def test_a_content_whose_number_is_refused_waits_and_the_status_says_why(shop: Shop) -> None:
    refused = errors.ForbiddenError("controllerrevisions is forbidden")
    shop.cluster.incidents.append(Incident("patch", "ControllerRevision", error=refused, times=float("inf")))
    await shop.change(image="shop:v2")
    await shop.finish()
    assert shop.images() == BOTH_V1
    assert "controllerrevisions is forbidden" in condition_of(shop.status, ConditionType.STALLED)["message"]
    await shop.change(processes={"web": {"replicas": 4}})
    assert shop.counts()["shop-web"] == 4
    shop.cluster.incidents.clear()
    await shop.settle()
    assert shop.images() == BOTH_V2
    assert len(shop.jobs()) == 2


async def test_hundreds_of_forged_jobs_are_deleted_a_few_at_a_time(shop: Shop) -> None:
    [job] = shop.jobs()
    for number in range(300):
        about = {key: value for key, value in job["metadata"].items() if key in ("labels", "ownerReferences")}
        shop.cluster.put("Job", {"metadata": {"name": f"forged-{number}", **about}, "status": job["status"]})
    since = len(shop.cluster.calls)
    await shop.change(image="shop:v2")
    assert len([each for each in shop.cluster.calls[since:] if each.verb == "delete"]) <= 20
    assert f"shop-release-{shop.digest}" in {each["metadata"]["name"] for each in shop.jobs()}


async def test_what_was_rolled_out_but_not_reported_when_the_operator_ended_stays(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    ended = EndedError()
    shop.cluster.incidents.append(Incident("replace_status", error=ended))
    with pytest.raises(EndedError):
        await shop.finish()
    assert shop.images() == BOTH_V2
    assert shop.revisions()["shop:v2"] == 2
    shop.restart()
    await shop.change(image="shop:v3")
    assert shop.images() == BOTH_V2
    await shop.finish()
    assert set(shop.images().values()) == {"shop:v3"}


async def test_a_content_of_the_same_key_stays_if_the_operator_ends_before_it_reports_that(
    shop: Shop,
) -> None:
    await shop.change(image="shop:v2")
    shop.cluster.put("Pod", a_pod(shop, RUNS, phase="Running"))
    await shop.change(labels={"team": "red"})
    [job] = [each for each in shop.jobs() if not each.get("status")]
    now = shop.time().strftime("%Y-%m-%dT%H:%M:%SZ")
    complete = {"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": now}]}
    shop.cluster.merge("Job", "default", job["metadata"]["name"], {"status": complete})
    for _ in range(2):
        await shop.operator.work()  # its report comes later
    assert shop.images() == BOTH_V2
    shop.restart()
    await shop.operator.work()
    assert shop.images() == BOTH_V2
    await shop.settle()
    assert shop.images() == BOTH_V2
    assert len(shop.jobs()) == 2
    assert shop.status["release"]["released"] == shop.digest
    await shop.change(image="shop:v3")
    assert shop.images() == BOTH_V2
    assert shop.cluster.read("Deployment", "default", "shop-web")["metadata"]["labels"]["team"] == "red"


# What can't be read


async def test_without_the_right_to_read_revisions_it_is_said_why_nothing_changes(shop: Shop) -> None:
    shop.restart()
    refused = errors.ForbiddenError("controllerrevisions.apps is forbidden")
    shop.cluster.incidents.append(Incident("get", "ControllerRevision", error=refused, times=float("inf")))
    await shop.change(image="shop:v2")
    assert shop.images() == BOTH_V1
    assert "controllerrevisions" in condition_of(shop.status, ConditionType.READY)["message"]
    shop.cluster.incidents.clear()
    await shop.settle()
    await shop.finish()
    assert shop.images() == BOTH_V2


async def test_a_release_whose_job_cant_be_watched_any_more_says_so(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    shop.operator.known.set_forbidden("Job", None, forbidden=True)
    await shop.settle()
    assert "may not list Jobs" in condition_of(shop.status, ConditionType.STALLED)["message"]
    assert shop.images() == BOTH_V1
    shop.operator.known.set_forbidden("Job", None, forbidden=False)
    await shop.finish()
    assert shop.images() == BOTH_V2


# What runs, where no revision keeps it


async def test_where_no_revision_keeps_what_runs_an_added_release_command_runs_once_more() -> None:
    shop = Shop(a_formation(image="shop:v1", processes={"web": a_process(replicas=1)}))
    await shop.settle()
    for raw in shop.cluster.all("ControllerRevision"):
        shop.cluster.remove("ControllerRevision", "default", raw["metadata"]["name"])
    shop.cluster.merge(naming.KIND, *KEY, {"status": None})
    shop.restart()
    await shop.change(release=RELEASE)
    assert len(shop.jobs()) == 1
    await shop.change(suspend=True)
    assert shop.counts() == {"shop-web": 0}
    await shop.change(suspend=False)
    await shop.finish()
    assert shop.status["release"]["state"] == "Succeeded"
    assert shop.counts() == {"shop-web": 1}


# Twice, and at zero


async def test_what_was_let_through_needs_no_second_release_though_its_job_is_gone(shop: Shop) -> None:
    await shop.change(image="shop:v2")
    await shop.finish()
    for raw in shop.jobs():
        shop.cluster.remove("Job", "default", raw["metadata"]["name"])
    await shop.change(release=None, image="shop:v3")
    await shop.change(release=RELEASE, image="shop:v2")
    assert not shop.jobs()
    assert shop.images() == BOTH_V2


async def test_a_type_that_was_at_zero_before_a_suspension_can_be_scaled_while_a_release_waits(
    shop: Shop,
) -> None:
    await shop.change(processes={"web": {"replicas": 0}})
    await shop.change(image="shop:v2")
    await shop.change(suspend=True)
    await shop.change(suspend=False)
    await shop.change(processes={"web": {"replicas": 3}})
    assert (shop.counts(), shop.images()) == ({"shop-web": 3, "shop-worker": 0}, BOTH_V1)


# Without a release


async def test_a_formation_without_a_release_command_reads_nothing_of_jobs() -> None:
    shop = Shop(a_formation(image="shop:v1", processes={"web": a_process(replicas=1)}))
    await shop.settle()
    await shop.change(image="shop:v2")
    asked: list[Call] = shop.cluster.calls
    assert not [each for each in asked if each.kind in ("Job", "Pod")]
