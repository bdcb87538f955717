"""Schedules as `ps` shows them, `logs` names them and `run` begins them."""

import json
import re

import pytest

from formation_cli import failures
from formation_operator.api import naming
from tests.shared import builders
from tests.shared.builders import Manifest, a_container, a_pod, ended, running
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import cells, run

REPORT: Manifest = {"schedule": "0 3 * * *", "command": ["/shop", "report"]}
LABELS = {naming.FORMATION_LABEL: "shop", naming.SCHEDULE_LABEL: "nightly-report"}
FAILED = "the run in Job shop-nightly-report-1 has failed: exited with code 3"
JOB: Manifest = {"backoffLimit": 0, "template": {"spec": {}}}
CRON_JOB: Manifest = {
    "metadata": {"name": "shop-nightly-report", "uid": "uid-of-it"},
    "spec": {"jobTemplate": {"metadata": {"labels": LABELS}, "spec": JOB}},
}


def shop(**report: object) -> Manifest:
    formation = builders.stored(builders.a_formation(schedules={"nightly-report": REPORT, "sweep": REPORT}))
    said = {"nightly-report": {"state": "Scheduled", **report}, "sweep": {"state": "Suspended"}}
    return {**formation, "status": {"observedGeneration": 1, "conditions": [], "schedules": said}}


def pod(state: Manifest, phase: str) -> Manifest:
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "shop-nightly-report-1", "controller": True}
    found = a_pod(
        a_container(state, "nightly-report"), name="shop-nightly-report-1-x7k2p", ownerReferences=[owner]
    )
    found["metadata"]["labels"] = LABELS
    found["status"]["phase"] = phase
    return found


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster(Formation=[shop(message=FAILED, state="Failing")], Pod=[], CronJob=[CRON_JOB])


def lines(name: str = "") -> list[Manifest]:
    found: list[Manifest] = json.loads(run(f"ps shop {name} -o json").stdout)
    return found


def test_each_has_a_line_behind_the_types(cluster: FakeCluster) -> None:
    found = lines()
    assert [each["type"] for each in found] == ["worker", "nightly-report", "sweep"]
    report = found[1]
    assert (report["state"], report["message"], report["process"]) == ("Failing", FAILED, "")
    assert [each["type"] for each in lines("sweep")] == ["sweep"]


def test_a_run_that_goes_on_is_in_its_place_and_one_that_is_over_is_not(cluster: FakeCluster) -> None:
    cluster.objects["Pod"] = [pod(running(), "Running")]
    (found,) = lines("nightly-report")
    assert (found["process"], found["state"]) == ("shop-nightly-report-1-x7k2p", "Running")
    cluster.objects["Pod"] = [pod(ended(3), "Failed")]
    (found,) = lines("nightly-report")
    assert (found["process"], found["state"]) == ("", "Failing")


def test_a_run_is_begun_now_from_its_cron_job_which_keeps_it(cluster: FakeCluster) -> None:
    result = run("run shop --schedule nightly-report --detach --timeout 90s")
    (job,) = cluster.objects["Job"]
    assert job["metadata"]["labels"] == LABELS
    assert job["metadata"]["annotations"] == {"cronjob.kubernetes.io/instantiate": "manual"}
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("CronJob", "uid-of-it", True)
    assert job["spec"] == {**JOB, "activeDeadlineSeconds": 90}
    assert result.stdout.startswith("job.batch/shop-nightly-report-")


@pytest.mark.parametrize(
    "words", ["--type worker", "--image x:1", "--env A=1", "--args", "-i", "-- /shop report"]
)
def test_a_schedule_says_what_runs(cluster: FakeCluster, words: str) -> None:
    stderr = run(f"run shop --schedule nightly-report {words}", failures.OURS).stderr
    assert "leave out the command and its options" in stderr
    assert "Job" not in cluster.objects


def test_one_that_there_is_not_is_asked_for_in_vain(cluster: FakeCluster) -> None:
    stderr = run("run shop --schedule nightly-repor", failures.OURS).stderr
    assert "There is no schedule nightly-repor." in stderr
    cluster.objects["CronJob"] = []
    stderr = run("run shop --schedule nightly-report", failures.OURS).stderr
    assert "nightly-report has no CronJob." in stderr
    assert "kubectl formation ps shop says why." in stderr


def test_when_it_ran_last_and_runs_next_is_shown(cluster: FakeCluster) -> None:
    report = {**REPORT, "timeZone": "Europe/Berlin"}
    formation = builders.stored(builders.a_formation(schedules={"nightly-report": report}))
    said = {"nightly-report": {"state": "Scheduled", "lastScheduleTime": builders.ago(7200)}}
    cluster.objects["Formation"] = [{**formation, "status": {"schedules": said}}]
    assert [each["schedule"] for each in lines()] == ["", "0 3 * * * Europe/Berlin"]
    assert lines()[1]["nextScheduleTime"] > builders.ago(0)
    header, _, row = cells(run("ps shop").stdout)
    assert header[-1] == "SCHEDULE"
    assert re.fullmatch(r"0 3 \* \* \* Europe/Berlin, next in \d+[mhs]", row[-1])
    assert lines("nightly-report")[0]["since"] == builders.ago(7200)
    cluster.objects["Pod"] = [pod(running(), "Running")]
    assert lines("nightly-report")[0]["schedule"] == "0 3 * * * Europe/Berlin"


def test_whoever_stops_looking_at_a_run_hears_how_it_is_ended(cluster: FakeCluster) -> None:
    cluster.failing = {"shop-nightly-report-1-x7k2p": KeyboardInterrupt()}
    cluster.objects["Pod"] = [pod(running(), "Running")]
    stderr = run("run shop --schedule nightly-report", failures.INTERRUPTED).stderr
    (job,) = cluster.objects["Job"]
    name = job["metadata"]["name"]
    assert stderr == f"The run continues. To end it: kubectl formation stop shop --process {name}\n"


def test_of_a_suspended_schedule_no_next_run_is_shown(cluster: FakeCluster) -> None:
    formation = builders.stored(
        builders.a_formation(schedules={"nightly-report": {**REPORT, "suspend": True}})
    )
    cluster.objects["Formation"] = [formation]
    assert lines("nightly-report")[0]["nextScheduleTime"] == ""
