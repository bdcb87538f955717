"""A schedule is a CronJob of its own, whose runs are never ended, and whose failures fail no deploy."""

from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import ConditionType
from formation_operator.controller import runs
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from tests.shared.builders import Manifest, a_formation
from tests.unit.fakes import releasing
from tests.unit.fakes.cluster import Call
from tests.unit.fakes.releasing import KEY
from tests.unit.fakes.shop import WRITES

CRON_JOB = "CronJob"
NAME = "shop-nightly-report"
REPORT: Manifest = {"schedule": "0 3 * * *", "command": ["/shop", "report"]}
SCHEDULED = a_formation(image="shop:v1", schedules={"nightly-report": REPORT})
LABELS = {naming.FORMATION_LABEL: "shop", naming.SCHEDULE_LABEL: "nightly-report"}
RAN = "2026-01-01T00:00:00Z"


class Shop(releasing.Shop):
    """A Formation with a schedule, its cluster and its operator."""

    def __init__(self) -> None:
        super().__init__(SCHEDULED)

    async def active(self, *names: str, **status: Any) -> None:
        """Have the CronJob's controller say which Jobs go on."""
        active = [{"kind": "Job", "name": name} for name in names]
        self.cluster.merge(CRON_JOB, "default", NAME, {"status": {"active": active, **status}})
        await self.settle()

    def put_job(self, name: str, *, failed: str = "", complete: str = "") -> None:
        """Have there be a Job of a run, which has failed or succeeded at a time if one is given."""
        owner = {"apiVersion": "batch/v1", "kind": CRON_JOB, "name": NAME, "controller": True}
        said = {"status": "True", "message": "it has reached its limit"}
        ended = {"Failed": failed, "Complete": complete}
        conditions = [{**said, "type": kind, "lastTransitionTime": at} for kind, at in ended.items() if at]
        owners = [{**owner, "uid": self.cron_job["metadata"]["uid"]}]
        metadata = {"name": name, "labels": LABELS, "ownerReferences": owners, "creationTimestamp": RAN}
        self.cluster.put(kinds.JOB, {"metadata": metadata, "status": {"conditions": conditions}})

    def pod_ended(self, job: str, said: str) -> None:
        """Have the process of a Job have ended just now, with a last line."""
        now = self.time().strftime("%Y-%m-%dT%H:%M:%SZ")
        exit_ = {"exitCode": 3, "reason": "Error", "message": said, "startedAt": now, "finishedAt": now}
        owners = [{"apiVersion": "batch/v1", "kind": "Job", "name": job, "controller": True}]
        about = {"labels": LABELS, "ownerReferences": owners, "creationTimestamp": now}
        container = {"name": "nightly-report", "ready": False, "state": {"terminated": exit_}}
        status = {"phase": "Failed", "containerStatuses": [container], "startTime": now}
        pod = {"metadata": {"name": f"{job}-x", **about}, "spec": {}, "status": status}
        self.cluster.put(kinds.POD, pod)

    @property
    def cron_job(self) -> Manifest:
        found: Manifest = self.cluster.read(CRON_JOB, "default", NAME)
        return found

    @property
    def cron_jobs(self) -> list[str]:
        return [raw["metadata"]["name"] for raw in self.cluster.all(CRON_JOB)]

    @property
    def said(self) -> Manifest:
        found: Manifest = self.status["schedules"]["nightly-report"]
        return found

    @property
    def failing(self) -> str:
        return str(self.condition(ConditionType.SCHEDULE_FAILING).get("message", ""))

    @property
    def ready(self) -> str:
        return str(self.condition()["status"])

    @property
    def events(self) -> list[str]:
        return [each.reason for each in self.cluster.notices]


@pytest.fixture
async def shop() -> Shop:
    """One whose schedule has its CronJob."""
    shop = Shop()
    await shop.settle()
    await shop.stand()
    return shop


def writes(calls: list[Call]) -> list[Call]:
    return [each for each in calls if each.verb in WRITES]


async def test_a_suspended_formation_begins_no_run_and_makes_no_revision(shop: Shop) -> None:
    before = shop.status["revision"]
    await shop.change(suspend=True)
    assert shop.cron_job["spec"]["suspend"] is True
    assert shop.said["state"] == "Suspended"
    await shop.stand()
    ready = shop.condition()
    assert (ready["status"], ready["reason"]) == ("True", "Suspended")
    assert ready["message"] == "it is stopped: no process type runs until spec.suspend is false"
    await shop.change(suspend=False)
    await shop.stand()
    assert shop.condition()["reason"] == "Running"
    assert shop.cron_job["spec"]["suspend"] is False
    assert shop.status["revision"] == before


async def test_one_that_is_taken_away_is_suspended_and_goes_once_no_run_of_it_goes_on(shop: Shop) -> None:
    await shop.active("shop-nightly-report-1", lastScheduleTime=RAN)
    assert shop.said == {"state": "Running", "active": 1, "lastScheduleTime": RAN}
    await shop.change(schedules={"nightly-report": None})
    assert shop.cron_job["spec"]["suspend"] is True
    assert "schedules" not in shop.status
    assert shop.ready == "True"
    assert writes(await shop.settle()) == []
    await shop.active()
    assert shop.cron_jobs == []
    assert [each for each in shop.events if each in ("Suspended", "Deleted")] == ["Suspended", "Deleted"]


async def test_none_is_deleted_while_its_controller_may_just_begin_a_run(shop: Shop) -> None:
    shop.declare(schedules={"nightly-report": None})
    result = await shop.operator.run(KEY)
    assert shop.cron_job["spec"]["suspend"] is True
    assert result.requeue is not None
    assert result.requeue.after <= 5
    shop.time.seconds += 4
    await shop.operator.work()
    assert shop.cron_jobs == [NAME]
    shop.time.seconds += 2
    await shop.operator.work()
    assert shop.cron_jobs == []


async def test_a_run_that_failed_is_a_condition_and_an_event_and_the_formation_is_ready(shop: Shop) -> None:
    shop.pod_ended("shop-nightly-report-1", "no database")
    shop.put_job("shop-nightly-report-1", failed=RAN)
    await shop.active(lastScheduleTime=RAN)
    assert shop.ready == "True"
    assert shop.said["state"] == "Failing"
    assert "shop-nightly-report-1 has failed: " in shop.said["message"]
    assert "no database" in shop.said["message"]
    assert shop.failing == f"nightly-report: {shop.said['message']}"
    assert shop.events.count("RunFailed") == 1
    shop.cluster.remove(kinds.POD, "default", "shop-nightly-report-1-x")
    assert writes(await shop.settle()) == []
    assert "no database" in shop.failing


async def test_a_run_is_judged_by_its_job_and_not_while_that_may_still_succeed(shop: Shop) -> None:
    shop.pod_ended("shop-nightly-report-1", "no database")
    shop.put_job("shop-nightly-report-1")
    await shop.active("shop-nightly-report-1")
    assert (shop.said["state"], shop.failing) == ("Running", "")
    shop.cluster.merge(kinds.JOB, "default", "shop-nightly-report-1", {"status": {"failed": 1}})
    shop.time.seconds += 1
    assert await shop.operator.work()
    assert "shop-nightly-report-1 is in trouble: " in shop.failing
    assert "RunFailed" not in shop.events


async def test_a_run_whose_job_somebody_has_suspended_waits_and_does_not_fail(shop: Shop) -> None:
    shop.put_job("shop-nightly-report-1")
    shop.cluster.merge(kinds.JOB, "default", "shop-nightly-report-1", {"spec": {"suspend": True}})
    await shop.active("shop-nightly-report-1")
    assert (shop.said["state"], shop.failing) == ("Running", "")
    assert "waits: someone suspended its Job: kubectl patch job" in shop.said["message"]


async def test_why_a_run_has_no_pod_is_said_and_looked_for_less_and_less_often(shop: Shop) -> None:
    shop.put_job("shop-nightly-report-1")
    uid = shop.cluster.read(kinds.JOB, "default", "shop-nightly-report-1")["metadata"]["uid"]
    about = {"regarding": {"kind": "Job", "uid": uid}, "type": "Warning", "reason": "FailedCreate"}
    note = "Error creating: exceeded quota: small"
    shop.cluster.put("Event", {**about, "note": note, "metadata": {"name": "e", "creationTimestamp": RAN}})
    await shop.active("shop-nightly-report-1")
    assert "its Pod can't be created: exceeded quota: small" in shop.said["message"]
    before = len(shop.cluster.asked("select", "Event"))
    await shop.passes(100, 3)
    assert len(shop.cluster.asked("select", "Event")) - before < 10


async def test_a_run_that_succeeds_later_ends_that_whoever_began_it(shop: Shop) -> None:
    shop.put_job("shop-nightly-report-1", failed=RAN)
    await shop.settle()
    assert "has failed: it has reached its limit" in shop.failing
    shop.put_job("by-hand", complete="2026-01-01T00:05:00Z")
    await shop.settle()
    assert (shop.failing, shop.said["state"]) == ("", "Scheduled")


async def test_a_failure_whose_job_is_not_kept_is_said_until_a_run_succeeds(shop: Shop) -> None:
    shop.put_job("shop-nightly-report-1", failed=RAN)
    await shop.settle()
    shop.cluster.remove(kinds.JOB, "default", "shop-nightly-report-1")
    await shop.settle()
    assert shop.said["state"] == "Failing"
    await shop.active(lastSuccessfulTime="2026-01-02T00:00:00Z")
    assert shop.failing == ""


async def test_what_the_api_server_refuses_ends_in_the_status_and_types_are_rolled_out() -> None:
    shop = Shop()
    why = errors.RefusedError('spec.timeZone: Invalid value: "Mars/Base": unknown time zone')
    shop.refuse("apply", CRON_JOB, why)
    await shop.settle()
    await shop.stand()
    assert shop.ready == "False"
    assert shop.condition(ConditionType.STALLED)["reason"] == "Refused"
    assert (shop.said["state"], "unknown time zone" in shop.said["message"]) == ("Waiting", True)
    assert [each["metadata"]["name"] for each in shop.cluster.all("Deployment")] == ["shop-worker"]
    await shop.change(schedules={"nightly-report": None})
    assert shop.ready == "True"


async def test_a_new_leader_waits_as_long_as_another_before_it_deletes_a_cron_job(shop: Shop) -> None:
    shop.declare(schedules=None)
    await shop.operator.work()
    assert shop.cron_job["spec"]["suspend"]
    shop.restart()
    await shop.operator.work()
    assert shop.cluster.all("CronJob"), "its controller may have begun a run just now"
    await shop.later(runs.GRACE + 1)
    assert not shop.cluster.all("CronJob")
