"""Why a Job has failed, by its controller alone."""

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.diagnose import job_pods
from formation_operator.observe import jobs
from tests.shared.builders import a_release_job, condition


@pytest.mark.parametrize(
    ("reason", "message", "command", "seconds"),
    [
        ("DeadlineExceeded", "Job was active longer", "spec.release", 3600),
        ("DeadlineExceeded", "Job was active longer", "spec.schedules.report", 0),
        ("BackoffLimitExceeded", "Job has reached the limit", "spec.release", 3600),
        ("BackoffLimitExceeded", "", "spec.release", 3600),
    ],
)
def test_a_job_that_ran_too_long_names_the_field_and_any_other_has_its_controllers_words(
    reason: str, message: str, command: str, seconds: int, snapshot: SnapshotAssertion
) -> None:
    job = jobs.job(a_release_job(condition("Failed", reason=reason, message=message)))
    assert job is not None
    assert job_pods.ran_too_long(job) == (reason == "DeadlineExceeded")
    assert job_pods.by_its_controller(job, command, seconds) == snapshot
