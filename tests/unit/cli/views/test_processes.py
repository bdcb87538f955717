import pytest

from formation_cli.views import processes
from tests import builders
from tests.builders import NOW, a_container, a_pod, ended, running, waiting

SHOP = builders.stored(
    builders.a_formation(processes={"worker": builders.a_process(), "clock": builders.a_process()})
)


def rows(*pods: builders.Manifest) -> list[tuple[str, ...]]:
    return processes.table(processes.processes(SHOP, pods, NOW), NOW).texts()


def test_a_process_that_runs_is_shown_with_its_age() -> None:
    assert ("worker", "shop-worker-1", "Running", "60m", "0", "-", "-") in rows(
        a_pod(a_container(running(3600)))
    )


def test_a_process_that_crashes_is_shown_with_how_it_ended() -> None:
    crashed = a_container(waiting("CrashLoopBackOff"), last=ended(3, before=20), restarts=4)
    assert ("worker", "shop-worker-1", "Crashing", "20s", "4", "code 3 (Exited), 20s ago", "Exited") in rows(
        a_pod(crashed)
    )


def test_a_process_that_a_signal_ended_is_shown_with_it() -> None:
    killed = a_container(waiting("CrashLoopBackOff"), last=ended(139, before=20), restarts=1)
    assert rows(a_pod(killed))[1][5] == "signal 11 (Killed), 20s ago"


def test_a_process_that_ends_is_shown_since_it_was_asked_to_not_since_its_grace_period_is_over() -> None:
    asked = a_pod(deletionTimestamp=builders.ago(-27), deletionGracePeriodSeconds=30)
    assert rows(asked)[1][2:4] == ("Stopping", "3s")


def test_a_type_without_a_process_has_a_line_from_the_status() -> None:
    reported = {**SHOP, "status": {"processes": {"clock": {"state": "Idle"}}}}
    found = processes.table(processes.processes(reported, [], NOW), NOW).texts()
    assert found[0] == ("clock", "-", "Idle", "-", "0", "-", "-")


def test_a_one_off_process_comes_last() -> None:
    one_off = a_pod(a_container(running(), "run"), name="shop-run-x-y", labels={"formations.dev/run": "run"})
    assert [row[0] for row in rows(one_off, a_pod())] == ["clock", "worker", "run"]


JOB: builders.Manifest = {
    "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "shop-x", "controller": True}]
}
ONCE = {
    "one that `run` has started": {"formations.dev/run": "run"},
    "a run of a schedule": {"formations.dev/schedule": "nightly"},
    "a release": {"formations.dev/release": "abcdefghij"},
    "a Job of somebody's": {},
}


@pytest.mark.parametrize("labels", ONCE.values(), ids=ONCE)
@pytest.mark.parametrize("phase", ["Running", "Succeeded"])
def test_what_runs_once_and_ends_well_is_said_to_have_done_nothing_wrong(
    labels: builders.Manifest, phase: str
) -> None:
    name = labels.get(
        "formations.dev/schedule", "release" if "formations.dev/release" in labels else "worker"
    )
    done = a_pod(a_container(ended(0, ran=2), name), labels=labels, status={"phase": phase}, **JOB)
    said = processes.process(done, NOW)
    assert (said.state, said.reason, said.message) == ("Completed", "", "")
    assert said.last_exit == {
        "exitCode": 0,
        "reason": "Completed",
        "message": "exited with code 0",
        "finishedAt": builders.ago(5),
    }


def test_what_runs_once_and_fails_is_said_to_have_failed() -> None:
    failed = a_pod(a_container(ended(3, "no database"), "nightly"), labels=ONCE["a run of a schedule"], **JOB)
    said = processes.process(failed, NOW)
    assert (said.state, said.reason, said.message) == ("Failed", "Exited", "exited with code 3: no database")


def test_the_memory_that_was_too_little_is_named() -> None:
    last = ended(137, reason="OOMKilled")
    killed = a_container(waiting("CrashLoopBackOff"), last=last, resources={"limits": {"memory": "64Mi"}})
    said = processes.process(a_pod(killed), NOW).last_exit
    assert said is not None
    assert said["message"].startswith("needed more memory than its limit (64Mi)")


def test_a_pod_that_no_deployment_made_is_no_process() -> None:
    assert [row[1] for row in rows(a_pod(ownerReferences=[]))] == ["-", "-"]
