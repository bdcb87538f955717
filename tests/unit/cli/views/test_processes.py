from syrupy.assertion import SnapshotAssertion

from formation_cli.views import processes
from tests.shared import builders
from tests.shared.builders import NOW, a_container, a_pod, ended, running, waiting

SHOP = builders.stored(
    builders.a_formation(processes={"worker": builders.a_process(), "clock": builders.a_process()})
)


def test_each_process_is_shown_as_it_is_and_a_type_without_one_by_its_status(
    snapshot: SnapshotAssertion,
) -> None:
    reported = {**SHOP, "status": {"processes": {"clock": {"state": "Idle"}}}}
    memory: builders.Manifest = {"resources": {"limits": {"memory": "64Mi"}}}
    back_off = waiting("CrashLoopBackOff")
    crashes = [ended(3, before=20), ended(139, before=20), ended(137, reason="OOMKilled")]
    pods = [
        a_pod(a_container(running(), "run"), name="shop-run-x-y", labels={"formations.dev/run": "run"}),
        a_pod(a_container(running(3600))),
        *(a_pod(a_container(back_off, last=last, restarts=4, **memory)) for last in crashes),
        a_pod(deletionTimestamp=builders.ago(-27), deletionGracePeriodSeconds=30),
        a_pod(ownerReferences=[]),  # of no Deployment
    ]
    found = processes.processes(reported, pods, NOW)
    assert processes.table(found, NOW, wide=True).texts() == snapshot


def test_what_runs_once_and_fails_is_said_to_have_failed() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "name": "shop-x", "controller": True}
    container = a_container(ended(3, "no database"), "nightly")
    failed = a_pod(container, labels={"formations.dev/schedule": "nightly"}, ownerReferences=[job])
    said = processes.process(failed, NOW)
    assert (said.state, said.reason, said.message) == ("Failed", "Exited", "exited with code 3: no database")
