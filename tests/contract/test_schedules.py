"""Schedules on a real API server with its controllers, with the rights that we ship: no Pod runs here."""

from typing import Any

from tests.live import releases
from tests.live.client import Client, eventually
from tests.shared import builders
from tests.shared.builders import Manifest, a_formation, a_process

V1, V2 = builders.IMAGE, "example.com/shop:v2"
NAME = "shop-nightly-report"
REPORT: Manifest = {"schedule": "0 3 * * *", "command": ["/shop", "report"]}
WEB = a_process("/shop", "web", replicas=0)


def a_shop(**report: Any) -> Manifest:
    """Return a Formation of which nothing but a schedule may run, so that it is ready without a Pod."""
    return a_formation(processes={"web": WEB}, schedules={"nightly-report": {**REPORT, **report}})


def said(user: Client) -> dict[str, Any]:
    """Return what the status says of the schedule."""
    found: dict[str, Any] = user.get("formation", "shop")["status"].get("schedules", {})
    return dict(found.get("nightly-report", {}))


def cron_job(user: Client) -> dict[str, Any]:
    return dict(user.get("cronjob", NAME)["spec"])


def image(user: Client) -> str:
    template = cron_job(user)["jobTemplate"]["spec"]["template"]
    return str(template["spec"]["containers"][0]["image"])


def begin(user: Client, name: str) -> None:
    """Begin a run at once, as people do."""
    user("create", "job", name, f"--from=cronjob/{NAME}")


def pod_of(user: Client, job: str) -> Manifest:
    """Return the Pod of a Job, once there is one."""
    labels = {"labelSelector": f"job-name={job}"}
    return eventually(lambda: user.server.list_all("pod", user.namespace, **labels))[0]


def test_a_schedule_is_a_cron_job_that_each_deploy_changes(user: Client) -> None:
    user.apply(a_shop(timeZone="Europe/Berlin"))
    eventually(lambda: said(user) == {"state": "Scheduled", "active": 0})
    spec = cron_job(user)
    assert (spec["schedule"], spec["timeZone"], spec["suspend"]) == ("0 3 * * *", "Europe/Berlin", False)
    eventually(user.meets)
    user.merge("formation", "shop", {"spec": {"image": V2}})
    eventually(lambda: image(user) == V2)
    before = user.get("cronjob", NAME)["metadata"]["generation"]
    user.merge("formation", "shop", {"spec": {"processes": {"web": {"replicas": 1}}}})
    eventually(lambda: user.get("deployment", "shop-web")["spec"]["replicas"] == 1)
    user.reported()
    assert user.get("cronjob", NAME)["metadata"]["generation"] == before


def test_what_the_api_server_refuses_ends_in_the_status_and_holds_up_no_type(user: Client) -> None:
    user.apply(a_shop(schedule="0 33 * * *"))
    eventually(lambda: said(user).get("state") == "Waiting")
    assert "33" in said(user)["message"]
    stalled = user.condition("Stalled")
    assert stalled is not None
    assert "nightly-report: " in stalled["message"]
    assert user.container("shop-web")["image"] == V1
    user.merge("formation", "shop", {"spec": {"schedules": {"nightly-report": {"schedule": "0 3 * * *"}}}})
    eventually(user.meets)


def test_nobody_ends_a_run_whose_schedule_is_taken_away_and_it_goes_after_that(user: Client) -> None:
    user.apply(a_shop(schedule="@yearly"))
    eventually(lambda: user.find("cronjob", NAME))
    begin(user, "by-hand")
    pod_of(user, "by-hand")
    run = user.server.watch("job", user.namespace, "by-hand")  # Kubernetes deletes it with its schedule
    eventually(lambda: said(user).get("active") == 1)
    user.merge("formation", "shop", {"spec": {"schedules": {"nightly-report": None}}})
    eventually(lambda: cron_job(user)["suspend"] is True)
    user.reported()
    job = user.get("jobs.batch", "by-hand")
    assert "deletionTimestamp" not in job["metadata"]
    assert user.find("cronjob", NAME) is not None
    releases.ended(user, pod_of(user, "by-hand"), 0)
    eventually(lambda: user.find("cronjob", NAME) is None)
    eventually(lambda: any(each["status"].get("succeeded") for each in run.versions()))
    run.end()
