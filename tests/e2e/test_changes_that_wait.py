"""A change that something holds back: it is said what, and how what runs is meanwhile."""

import pytest

from tests.e2e.workers import READY, RUNS, command, is_in, shop, worker
from tests.live.client import Client, eventually, throughout
from tests.shared.minors import since

pytestmark = pytest.mark.node

SLOW_TO_END = ("/bin/sh", "-c", "trap '' TERM; until test -e /tmp/go; do sleep 0.2; done")


def test_a_deployment_that_somebody_paused_and_a_quota_of_replica_sets_are_named(person: Client) -> None:
    person.ready(shop(minReadySeconds=0))
    person("rollout", "pause", "deployment/shop-worker")

    command(person, "sleep", "1000")

    found = eventually(lambda: is_in(person, "Running", "DeploymentPaused"))
    assert "kubectl rollout resume deployment/shop-worker" in found["message"]
    assert person.condition("Stalled")
    person("rollout", "resume", "deployment/shop-worker")
    person(*READY)

    person("create", "quota", "one", "--hard=count/replicasets.apps=1")
    command(person, "sleep", "2000")

    def refused() -> bool:  # at first the quota may not have been counted yet
        found = is_in(person, "Running", "ReplicaFailure") or {"message": ""}
        return str(found["message"]).startswith("its ReplicaSet can't be created: exceeded quota: one")

    eventually(refused)
    assert person.condition("Reconciling")
    person("delete", "resourcequota", "one")
    person(*READY)


@since("1.35", "a Deployment of an older one doesn't say that something ends")
def test_a_singleton_waits_for_its_old_process_to_end_however_long_that_takes(person: Client) -> None:
    person.ready(shop(*SLOW_TO_END, singleton=True, terminationGracePeriodSeconds=300, minReadySeconds=0))
    (old,) = (each["metadata"]["name"] for each in person.list_all("pod"))
    person.merge("deployment", "shop-worker", {"spec": {"progressDeadlineSeconds": 6}})

    command(person, *RUNS)

    def waits() -> bool:
        return "waits for the old process to end" in worker(person).get("message", "")

    eventually(waits)
    assert throughout(8, lambda: person.condition("Stalled")) is None
    assert waits()
    person("exec", old, "--", "touch", "/tmp/go")
    person(*READY)
