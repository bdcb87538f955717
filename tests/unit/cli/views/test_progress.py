from typing import Any

from formation_cli.views import processes, progress
from formation_cli.views.progress import Awaited
from tests import builders
from tests.builders import MIDNIGHT, NOW, a_container, a_pod, ago, ended, waiting

CRASHED = a_container(waiting("CrashLoopBackOff"), last=ended(1, before=5), restarts=1)
NO_IMAGE = a_container(waiting("ImagePullBackOff", 'Back-off pulling image "shop:v9"'))


def shop(*, generation: int = 2, **conditions: str) -> Any:
    listed = [{"type": type_, "status": "True", "message": message} for type_, message in conditions.items()]
    status = {"observedGeneration": generation, "conditions": listed}
    return {**builders.stored(builders.a_formation(), generation=2), "status": status}


def progress_of(formation: Any, *pods: Any) -> progress.Progress:
    found = processes.processes(formation, pods, NOW)
    return progress.progress(Awaited(2, NOW - 60), formation, found, [])


def test_a_formation_that_is_ready_is_done() -> None:
    assert progress_of(shop(Ready="all is well")).done


def test_what_was_said_of_an_earlier_spec_says_nothing() -> None:
    assert not progress_of(shop(generation=1, Ready="all is well")).done
    assert not progress_of(shop(generation=1, Stalled="broken")).failure


def test_one_that_is_stalled_has_failed() -> None:
    assert progress_of(shop(Stalled="web: rename it")).failure == "web: rename it"


def test_one_that_is_paused_has_failed_until_somebody_lets_it_go_on() -> None:
    paused = shop()
    waits = {"type": "Ready", "status": "False", "reason": "Paused", "message": "a change waits"}
    paused["status"]["conditions"] = [waits]
    assert progress_of(paused).failure == "a change waits"


def test_a_new_process_that_crashes_has_failed_it() -> None:
    failure = progress_of(shop(), a_pod(CRASHED, creationTimestamp=ago(30))).failure
    assert failure.startswith("worker: exited with code 1")


def test_an_old_process_that_crashes_says_nothing_about_the_change() -> None:
    assert progress_of(shop(), a_pod(CRASHED, creationTimestamp=ago(300))).failure == ""


def test_an_image_that_cannot_be_pulled_has_failed_it() -> None:
    assert "shop:v9" in progress_of(shop(), a_pod(NO_IMAGE, creationTimestamp=ago(30))).failure


def test_a_restart_is_over_when_its_deployment_has_rolled_out() -> None:
    status = {"observedGeneration": 5, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2}
    over = {"metadata": {"name": "shop-web"}, "spec": {"replicas": 2}, "status": status}
    under_way = {**over, "status": {**status, "replicas": 3}}
    wanted = {"shop-web": 5}
    assert progress.progress(Awaited(2, NOW, wanted), shop(Ready=""), [], [over]).done
    assert not progress.progress(Awaited(2, NOW, wanted), shop(Ready=""), [], [under_way]).done
    assert not progress.progress(Awaited(2, NOW, {"shop-web": 6}), shop(Ready=""), [], [over]).done


def test_what_is_stopped_is_so_when_its_last_process_has_ended() -> None:
    def stopped(*pods: Any) -> bool:
        found = processes.processes(shop(), pods, NOW)
        return progress.progress(Awaited(2, NOW, stopped=True), shop(Ready="stopped"), found, []).done

    assert not stopped(a_pod(deletionTimestamp=ago(1)))
    assert stopped()


def test_processes_from_before_go_on_serving() -> None:
    old, new = a_pod(), a_pod(name="shop-worker-2", creationTimestamp=ago(30))
    found = processes.processes(shop(), [old, new], NOW)
    assert progress.still_serving(found, NOW - 60) == "Processes from before go on: worker=1."


def test_the_time_of_a_write_is_the_servers() -> None:
    managed = [{"manager": "formation-cli", "time": ago(0)}, {"manager": "other", "time": ago(-99)}]
    assert (
        progress.written_at({"metadata": {"managedFields": managed}}, "formation-cli") == MIDNIGHT.timestamp()
    )
