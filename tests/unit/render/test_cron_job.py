"""The CronJob of a schedule has the app's image, configuration and shared podTemplate."""

from typing import Any

import pytest

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
