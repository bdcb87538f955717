"""The CronJob of a schedule has the app's image, configuration and shared podTemplate."""

from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.render.pod_template import InvalidTypeError
from tests.shared.builders import Manifest, a_formation
from tests.unit import structural
from tests.unit.facts import intents, parsed

REPORT: Manifest = {"schedule": "0 3 * * *", "command": ["/shop", "report"]}


def manifest(formation: Manifest) -> dict[str, Any]:
    """Return the CronJob of a Formation with one schedule."""
    (found,) = [each.manifest for each in intents(parsed(formation)) if each.kind is ChildKind.CRON_JOB]
    return found


def report(**fields: Any) -> Manifest:
    return a_formation(schedules={"nightly-report": {**REPORT, **fields}})


def test_kubernetes_knows_each_field_of_the_cron_job() -> None:
    limits = {"successfulJobsHistoryLimit": 0, "failedJobsHistoryLimit": 3, "activeDeadlineSeconds": 600}
    found = manifest(report(timeZone="Europe/Berlin", concurrencyPolicy="Allow", **limits))
    assert [*structural.unknown("V1CronJob", found)] == []


def test_its_jobs_and_pods_say_whose_they_are_and_none_that_a_process_type_runs() -> None:
    found = manifest(report())
    job = found["spec"]["jobTemplate"]
    template = job["spec"]["template"]
    ours = {naming.FORMATION_LABEL: "shop", naming.SCHEDULE_LABEL: "nightly-report"}
    for metadata in (found["metadata"], job["metadata"], template["metadata"]):
        assert ours.items() <= metadata["labels"].items()
        assert not {naming.PROCESS_TYPE_LABEL, naming.TRACK_LABEL} & metadata["labels"].keys()
    env = {each["name"]: each.get("value") for each in template["spec"]["containers"][0]["env"]}
    assert (env["FORMATION"], env["PROCESS_TYPE"]) == ("shop", "nightly-report")


def test_a_night_that_was_missed_is_not_made_up_for_at_noon_and_no_run_is_tried_again() -> None:
    spec = manifest(report())["spec"]
    assert spec["startingDeadlineSeconds"] == 300
    assert spec["concurrencyPolicy"] == "Forbid"
    job = spec["jobTemplate"]["spec"]
    assert (job["backoffLimit"], job["template"]["spec"]["restartPolicy"]) == (0, "Never")


@pytest.mark.parametrize(
    ("today", "suspended"),
    [
        ({}, False),
        ({"suspend": True}, True),
        ({"schedules": {"nightly-report": {**REPORT, "suspend": True}}}, True),
        ({"schedules": {}}, False),
        ({"schedules": None}, False),
    ],
)
def test_today_decides_whether_a_schedule_of_an_older_content_begins_runs(
    today: Manifest, suspended: bool
) -> None:
    content = parsed(report()).spec
    now = {**content.model_dump(by_alias=True, exclude_none=True), **today}
    found = {name: FormationSpec.model_validate(now).suspends(name) for name in content.schedules or ()}
    assert found == {"nightly-report": suspended}


@pytest.mark.parametrize(
    ("formation", "says"),
    [
        (report(command=None), "set command or args"),
        (
            a_formation(image=None, processes={"web": {"image": "w"}}, schedules={"nightly-report": REPORT}),
            r"set spec\.image, or spec\.schedules\.nightly-report\.image",
        ),
        (report(resources={"limits": {"mem": 1}}), r"resources\.limits\.mem: .* memory"),
        (
            {
                **report(),
                "spec": {
                    **report()["spec"],
                    "podTemplate": {"spec": {"containers": [{"name": "nightly-report", "image": "r"}]}},
                },
            },
            "like the schedule: .* give the sidecar another name",
        ),
    ],
)
def test_what_can_not_be_rendered_is_said_with_the_way_out(formation: Manifest, says: str) -> None:
    with pytest.raises(InvalidTypeError, match=says):
        manifest(formation)
