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


def test_a_process_that_ends_is_shown_as_such() -> None:
    assert rows(a_pod(deletionTimestamp=builders.ago(3)))[1][2:4] == ("Stopping", "3s")


def test_a_type_without_a_process_has_a_line_from_the_status() -> None:
    reported = {**SHOP, "status": {"processes": {"clock": {"state": "Idle"}}}}
    found = processes.table(processes.processes(reported, [], NOW), NOW).texts()
    assert found[0] == ("clock", "-", "Idle", "-", "0", "-", "-")


def test_a_one_off_process_comes_last() -> None:
    one_off = a_pod(a_container(running(), "run"), name="shop-run-x-y", labels={"formations.dev/run": "run"})
    assert [row[0] for row in rows(one_off, a_pod())] == ["clock", "worker", "run"]


def test_a_pod_that_no_deployment_made_is_no_process() -> None:
    assert [row[1] for row in rows(a_pod(ownerReferences=[]))] == ["-", "-"]
