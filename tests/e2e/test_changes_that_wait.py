"""A change that something holds back: it is said what, and how what runs is meanwhile."""

import pytest

from tests.client import Client, eventually, throughout
from tests.e2e.workers import CRASHES, READY, RUNS, command, is_in, shop, spec, worker
from tests.health_checks import kstatus
from tests.history import History, stages
from tests.minors import since

pytestmark = pytest.mark.node

QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "one"},
    "spec": {"hard": {"count/replicasets.apps": "1"}},
}
SLOW_TO_END = ("/bin/sh", "-c", "trap '' TERM; until test -e /tmp/go; do sleep 0.2; done")


def test_a_deployment_that_somebody_paused_is_named_with_the_command_that_resumes_it(person: Client) -> None:
    person.apply(shop())
    person(*READY)
    person("rollout", "pause", "deployment/shop-worker")

    command(person, "sleep", "1000")

    found = eventually(lambda: is_in(person, "Running", "DeploymentPaused"))
    assert "kubectl rollout resume deployment/shop-worker" in found["message"]
    assert person.condition("Stalled")
    person("rollout", "resume", "deployment/shop-worker")
    person(*READY)


def test_a_quota_of_replica_sets_is_named_as_long_as_it_is_full(person: Client) -> None:
    person.apply(shop())
    person(*READY)
    person.apply(QUOTA)

    command(person, "sleep", "1000")

    def refused() -> bool:  # at first the quota may not have been counted yet
        found = is_in(person, "Running", "ReplicaFailure") or {"message": ""}
        return str(found["message"]).startswith("its ReplicaSet can't be created: exceeded quota: one")

    eventually(refused)
    assert person.condition("Reconciling")
    person("delete", "resourcequota", "one")
    person(*READY)


@since("1.35", "a Deployment of an older one doesn't say that something ends")
def test_a_singleton_waits_for_its_old_process_to_end_however_long_that_takes(person: Client) -> None:
    person.apply(shop(*SLOW_TO_END, singleton=True, terminationGracePeriodSeconds=300))
    person(*READY)
    (old,) = (each["metadata"]["name"] for each in person.list_all("pod"))
    person.merge("deployment", "shop-worker", {"spec": {"progressDeadlineSeconds": 6}})

    command(person, *RUNS)

    def waits() -> bool:
        return "waits for the old process to end" in worker(person).get("message", "")

    eventually(waits)
    assert throughout(12, lambda: person.condition("Stalled")) is None
    assert waits()
    person("exec", old, "--", "touch", "/tmp/go")
    person(*READY)


def test_a_singleton_past_its_deadline_is_under_way_again_while_its_old_process_ends(person: Client) -> None:
    never = {"exec": {"command": ["false"]}}
    person.apply(shop(*SLOW_TO_END, singleton=True, terminationGracePeriodSeconds=15, readinessProbe=never))
    eventually(lambda: person.find("deployment", "shop-worker"))
    # So long that a process on a busy machine is there before, once it is a good one.
    person.merge("deployment", "shop-worker", {"spec": {"progressDeadlineSeconds": 25}})
    eventually(lambda: person.condition("Stalled"), patience=120)
    history = History(person, "formation", "shop")

    spec(person, processes={"worker": {"command": [*RUNS], "readinessProbe": None}})
    person.reported()
    person(*READY)

    assert stages(history.end(), kstatus) == ["Failed", "InProgress", "Current"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"paused": True}, "; a change waits: spec.paused is true"),
        (
            {"processes": {"worker": {"podTemplate": {"spec": {"serviceAccountName": "No Name"}}}}},
            "serviceAccountName",
        ),
    ],
    ids=["paused", "refused"],
)
def test_a_crash_is_told_of_while_its_mending_waits(
    person: Client, change: dict[str, object], says: str
) -> None:
    person.apply(shop(*CRASHES))
    eventually(lambda: is_in(person, "Crashing", "Exited"), patience=120)
    spec(person, **change)

    command(person, *RUNS)
    person.reported()

    def told() -> bool:
        found = is_in(person, "Crashing", "Exited")
        return found is not None and "exited with code 3" in found["message"] and says in found["message"]

    eventually(told)
