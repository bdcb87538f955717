from typing import Any

import pytest

from formation_cli.views import processes, progress
from formation_cli.views.progress import Awaited
from tests.shared import builders
from tests.shared.builders import MIDNIGHT, NOW, a_container, a_pod, ago, ended, waiting
from tests.unit.cli.deployments import rolled_out

CRASHED = a_container(waiting("CrashLoopBackOff"), last=ended(1, before=5), restarts=1)
NO_IMAGE = a_container(waiting("ImagePullBackOff", 'Back-off pulling image "shop:v9"'))
RUNNING = {"state": "Running"}
STARTING = {"state": "Starting", "reason": "Progressing", "message": "0 of 2 available"}
BOOM = "exited with code 3: no database"
CRASHING = {"state": "Crashing", "reason": "Exited", "message": f"{BOOM} (8 restarts) (2 restarts)"}
UNPULLABLE = {"state": "Starting", "reason": "ImagePullFailed", "message": "can't pull shop:v9"}
REFUSED = {"state": "Running", "reason": "Refused", "message": "the API server refuses it"}


def shop(
    conditions: dict[str, str] | None = None, *, generation: int = 2, ready: str = "", **types: Any
) -> Any:
    """Return a Formation with these types, as their status is, and with these conditions that are true."""
    listed = [
        {"type": each, "status": "True", "message": said, "reason": "Running"}
        for each, said in (conditions or {}).items()
    ]
    listed += [{"type": "Ready", "status": "False", "reason": ready, "message": "not yet"}] if ready else []
    formation = builders.a_formation(processes={name: builders.a_process() for name in types})
    status = {"observedGeneration": generation, "conditions": listed, "processes": types}
    return {**builders.stored(formation, generation=2), "status": status}


def progress_of(formation: Any, *named: str, stopped: bool = False, pods: Any = ()) -> progress.Progress:
    found = processes.processes(formation, pods, NOW)
    return progress.progress(Awaited(2, NOW - 60, named, stopped=stopped), formation, found, [])


READY = {"Ready": "all is well"}


def test_a_formation_that_is_ready_is_done() -> None:
    found = progress_of(shop(READY, worker=RUNNING))
    assert found.done
    assert found.sentence == "shop: all is well"


def test_what_was_said_of_an_earlier_spec_says_nothing() -> None:
    before = shop({**READY, "Stalled": "worker: broken"}, generation=1, worker=CRASHING)
    assert not progress_of(before).done
    assert not progress_of(before, "worker").failure
    assert not progress_of(shop(READY, generation=1, worker=RUNNING), "worker").done


@pytest.mark.parametrize("why", ["Retrying", "Waiting"])
def test_a_crash_says_nothing_while_the_version_before_could_not_be_written_over(why: str) -> None:
    assert progress_of(shop(ready=why, worker=CRASHING)).failure == ""
    assert progress_of(shop(ready="Exited", worker=CRASHING)).failure != ""


def test_only_the_types_that_are_named_count() -> None:
    formation = shop(web=RUNNING, worker=CRASHING, clock=STARTING)
    assert progress_of(formation, "web") == progress.Progress(
        True, "", "shop: web runs as declared", progress_of(formation, "web").table
    )
    assert [row[0].text for row in progress_of(formation, "web").table.rows] == ["web"]
    assert not progress_of(formation, "web", "clock").done
    assert progress_of(formation, "web", "clock").failure == ""
    assert progress_of(formation, "clock").sentence == "shop isn't ready: clock: 0 of 2 available"
    assert progress_of(formation, "web", "worker").failure == f"worker: {BOOM}"


def test_each_cause_is_said_once() -> None:
    twice = {**CRASHING, "message": f"1 of 4: {BOOM} (1 restart)"}
    left = {**UNPULLABLE, "message": "can't pull shop:v9; 2 of the old version still run"}
    formation = shop(a=CRASHING, b=twice, c=UNPULLABLE, d=left, e=STARTING)
    assert progress_of(formation).failure == f"a, b: {BOOM}; c, d: can't pull shop:v9"


def test_one_that_is_stalled_has_failed() -> None:
    assert progress_of(shop({"Stalled": "the spec is too large"}, worker=RUNNING)).failure
    whole = progress_of(shop({"Stalled": "the spec is too large"}, worker=RUNNING), "worker")
    assert (whole.done, whole.failure) == (False, "the spec is too large")
    of_type = shop({"Stalled": "worker: its Service can't be made"}, worker=RUNNING)
    assert progress_of(of_type).failure == "worker: its Service can't be made"


def test_a_type_that_was_not_named_may_be_stalled() -> None:
    formation = shop({"Stalled": "web: rename it; worker: 0 of 2 available"}, web=REFUSED, worker=STARTING)
    assert progress_of(formation, "worker").failure == ""
    assert progress_of(formation).failure == "web: the API server refuses it"


# A restart


def restart(formation: Any, deployment: Any, *pods: Any) -> progress.Progress:
    found = processes.processes(formation, pods, NOW)
    awaited = Awaited(2, NOW - 60, ("worker",), {"shop-worker": 5})
    return progress.progress(awaited, formation, found, [deployment])


def a_deployment(**status: int) -> Any:
    return rolled_out("worker", 2, **{"observedGeneration": 5, **status})


def test_a_restart_is_over_when_its_deployments_have_rolled_out_whatever_others_do() -> None:
    assert restart(shop(READY, worker=RUNNING), a_deployment()).done
    other = restart(shop(worker=RUNNING, web=CRASHING), a_deployment())
    assert (other.done, other.failure, other.sentence) == (True, "", "shop: worker runs as declared")
    assert not restart(shop(READY, worker=RUNNING), a_deployment(replicas=3)).done
    assert not restart(shop(READY, worker=RUNNING), a_deployment(observedGeneration=4)).done


def test_what_crashed_before_a_restart_says_nothing_about_it() -> None:
    before = a_pod(CRASHED, creationTimestamp=ago(300))
    stalled = shop({"Stalled": "worker: no such program"}, worker=CRASHING)
    under_way = restart(stalled, a_deployment(replicas=3), before)
    assert (under_way.done, under_way.failure) == (False, "")


@pytest.mark.parametrize(("container", "why"), [(CRASHED, "exited with code 1"), (NO_IMAGE, "shop:v9")])
def test_a_process_that_a_restart_has_started_fails_it(container: Any, why: str) -> None:
    after = a_pod(container, creationTimestamp=ago(30))
    assert why in restart(shop(worker=RUNNING), a_deployment(replicas=3), after).failure


def test_a_new_process_of_another_type_says_nothing_about_a_restart() -> None:
    other = a_pod(CRASHED, labels={"formations.dev/process-type": "web"}, creationTimestamp=ago(30))
    assert restart(shop(worker=RUNNING, web=CRASHING), a_deployment(replicas=3), other).failure == ""


# What is said beside


def test_what_is_stopped_is_not_said_to_run() -> None:
    suspended = shop(READY, worker={"state": "Suspended"})
    suspended["spec"]["suspend"] = True
    said = progress_of(suspended).sentence
    assert said.startswith("shop is stopped: no process type runs, and no change is tried")
    assert progress_of(suspended, stopped=True).done


def a_replica_set(template: str, revision: str) -> Any:
    labels = {"formation": "shop", "process-type": "worker", "track": "stable"}
    labelled = {f"formations.dev/{key}": value for key, value in labels.items()}
    annotations = {"deployment.kubernetes.io/revision": revision}
    return {"metadata": {"labels": labelled | {"pod-template-hash": template}, "annotations": annotations}}


def serving(formation: Any, *templates: str) -> str:
    sets = [a_replica_set("one", "9"), a_replica_set("two", "10")]
    pods = [
        a_pod(name=f"shop-worker-{number}", labels={"pod-template-hash": each})
        for number, each in enumerate(templates)
    ]
    return progress.still_serving(processes.processes(formation, pods, NOW, sets))


def test_a_process_is_of_the_version_of_its_replica_set() -> None:
    formation = shop(worker=RUNNING)
    assert serving(formation, "one", "one") == "Old processes keep running: worker=2."
    both = serving(formation, "one", "two", "two")
    assert both == "Processes of two versions run: worker=2 new, worker=1 old."
    assert not serving(formation, "two")


def trying(**status: Any) -> Any:
    formation = shop({"Ready": "all is well"}, worker=status)
    formation["status"]["canary"] = {"state": "Trying", "message": "has to stay ready"}
    return formation


def test_what_crashes_of_the_version_before_is_not_taken_for_the_new_one() -> None:
    formation = trying(**CRASHING, updatedReplicas=1, desiredReplicas=1)
    awaited = Awaited(2, NOW - 60, deployed=True)
    row = progress.progress(awaited, formation, [], []).table.texts()[-1]
    assert row[2] == "0/1"
    assert row[4].startswith(f"the version before: {BOOM}")


def test_the_time_of_a_write_is_the_servers() -> None:
    managed = [{"manager": "formation-cli", "time": ago(0)}, {"manager": "other", "time": ago(-99)}]
    written = progress.written_at({"metadata": {"managedFields": managed}}, "formation-cli")
    assert written == MIDNIGHT.timestamp()
