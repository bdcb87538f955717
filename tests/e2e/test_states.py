"""What health checks, status and Events say through the life of a type: exact at every stage, and calm."""

import pytest

from tests.e2e.workers import CRASHES, READY, RUNS, command, is_in, shop, spec, worker
from tests.live.client import Client, eventually, is_ready
from tests.live.history import History, stages
from tests.shared.health_checks import argo_cd, flux, kstatus

pytestmark = pytest.mark.node

TRIES = 3
SERVES = ("python3", "-m", "http.server", "8080")
LISTENS_FIRST = """\
import socket, time
listening = socket.create_server(("", 8080))
time.sleep(2)
raise SystemExit(3)
"""
"""As gunicorn does: its master listens, and only then do its workers load the app."""


def test_health_checks_see_each_stage_of_an_ordinary_life_once(person: Client) -> None:
    history = History(person, "formation", "shop")
    person.ready(shop())
    command(person, "sleep", "1000")
    person.reported()
    person(*READY)
    spec(person, suspend=True)
    eventually(lambda: is_in(person, "Suspended"))
    person(*READY)
    spec(person, suspend=False)
    eventually(lambda: is_in(person, "Running"))
    person(*READY)
    person.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 0}}}})
    eventually(lambda: is_in(person, "Idle"))
    person(*READY)
    person("delete", "formation", "shop", "--cascade=foreground")

    versions = history.end()
    once = ["InProgress", "Current"]
    assert stages(versions, kstatus) == [*once * 5, "Terminating"]
    assert stages(versions, flux)[:10] == once * 5
    assert stages(versions, lambda each: argo_cd(each)["status"]) == [
        *["Progressing", "Healthy"] * 2,
        *["Progressing", "Suspended"],
        *["Progressing", "Healthy"] * 2,
        "Progressing",
    ]


# A process that crashes has written there: to a kubelet that is late it would look ready for a moment, and
# each such moment begins the rollout's deadline anew.
HAS_NOT_CRASHED = {
    "exec": {"command": ["/bin/sh", "-c", "! test -s /dev/termination-log"]},
    "periodSeconds": 1,
}


def test_a_stuck_rollout_fails_and_its_mending_is_under_way_until_it_is_done(person: Client) -> None:
    person.ready(shop(readinessProbe=HAS_NOT_CRASHED))
    # So long that a process on a busy machine is there before, once the command is a good one again.
    person.merge("deployment", "shop-worker", {"spec": {"progressDeadlineSeconds": 30}})
    history = History(person, "formation", "shop")
    old = {pod["metadata"]["name"] for pod in person.list_all("pod")}

    command(person, *CRASHES)
    words = (
        "worker: exited with code 3: no database",
        "the rollout is past its deadline",
        "1 of the old version still run",
    )

    def stalled() -> bool:
        message = (person.condition("Stalled") or {"message": ""})["message"]
        assert [each for each in words if each not in message] == [], message
        return True

    eventually(stalled, patience=150)
    # In between another one may look ready for the moment that it runs.
    eventually(lambda: names_of_ready(person) == old)
    command(person, "sleep", "1000")
    person.reported()
    person(*READY)

    assert stages(history.end(), kstatus) == ["Current", "InProgress", "Failed", "InProgress", "Current"]
    assert person.get("deployment", "shop-worker")["spec"]["progressDeadlineSeconds"] == 30
    last = worker(person)["lastExit"]
    assert (last["exitCode"], last["message"]) == (3, "exited with code 3: no database")


def test_a_process_that_crashes_soon_after_it_has_listened_never_takes_the_place_of_one_that_runs(
    person: Client,
) -> None:
    person.apply(shop(*SERVES, replicas=2, port=8080))

    # Of a kubelet that tells of an end four seconds late, as on a very busy machine, it has run for five.
    assert any(outlives_crashes(person) for _ in range(TRIES))


def outlives_crashes(person: Client) -> bool:
    """Put what crashes soon after its start in place of what runs; tell whether that still does."""
    command(person, *SERVES)
    person.reported()
    person(*READY)
    before = names_of_ready(person)
    history = History(person, "formation", "shop")

    command(person, "python3", "-c", LISTENS_FIRST)
    eventually(lambda: worker(person).get("restarts", 0) >= 2, patience=120)

    outlived = before <= names_of_ready(person)
    seen = stages(history.end(), kstatus)
    assert not outlived or seen == ["Current", "InProgress"]
    return outlived


def names_of_ready(person: Client) -> set[str]:
    return {pod["metadata"]["name"] for pod in person.list_all("pod") if is_ready(pod)}


# Its first life is a long one, so that it is believed and looked at before that ends.
AGAIN_AND_AGAIN = "test -e /memory/lived || sleep 30; touch /memory/lived; sleep 12; exit 3"


@pytest.mark.long
def test_a_process_that_crashes_again_and_again_never_looks_well_in_between(person: Client) -> None:
    """It is believed at first, of course: each of its lives lasts a while."""
    person.ready(shop("/bin/sh", "-c", AGAIN_AND_AGAIN, volume=True))
    history = History(person, "formation", "shop")

    eventually(lambda: worker(person).get("restarts", 0) >= 3, patience=300)

    versions = history.end()
    assert stages(versions, kstatus) == ["Current", "InProgress"]
    assert stages(versions, lambda each: argo_cd(each)["status"]) == ["Healthy", "Progressing"]
    eventually(lambda: [note.split(":")[0] for note in person.events("Crashing")] == ["worker"])


THIRD_TIME = "echo >> /memory/lives; test $(wc -l < /memory/lives) -ge 3 && exec sleep inf; exit 3"


def test_a_process_that_recovers_is_believed_and_how_it_ended_outlives_its_pod(person: Client) -> None:
    person.apply(shop("/bin/sh", "-c", THIRD_TIME, volume=True))

    # Before that, a kubelet that reports the first end seconds late makes it look well, as above.
    eventually(lambda: is_in(person, "Crashing", "Exited"), patience=120)
    history = History(person, "formation", "shop")
    person(*READY)

    assert stages(history.end(), kstatus) == ["InProgress", "Current"]
    before = worker(person)
    assert (before["state"], before["restarts"], before["lastExit"]["exitCode"]) == ("Running", 2, 3)
    command(person, *RUNS)
    person.reported()
    person(*READY)
    after = eventually(lambda: worker(person) if worker(person)["restarts"] == 0 else None)
    assert after["lastExit"] == before["lastExit"]
