"""Release commands as real processes: what they do, how they fail, and never two at once."""

import time
from typing import Any

import pytest

from tests.e2e.containers import beside, its_own, of_debian, sh, version_of
from tests.e2e.workers import READY, RUNS
from tests.live import releases
from tests.live.client import Client, eventually
from tests.live.releases import Alive
from tests.shared.builders import Manifest, a_process

pytestmark = pytest.mark.node
WORKER = a_process(*RUNS, replicas=1, terminationGracePeriodSeconds=1, minReadySeconds=0)
WAITS = "until test -e /tmp/go; do sleep 0.1; done"
"""Ends when a test lets it go: what ends by itself may do so before a busy machine has looked at it."""


def shop(script: str = "exit 0", version: str = "1", **release: Any) -> Manifest:
    """Return a Formation with a worker and a release command; each version needs a release."""
    return of_debian(
        env=[{"name": "VERSION", "value": version}],
        release={"command": [*sh(script)], **release},
        processes={"worker": WORKER},
    )


def with_pod(formation: Manifest, **fields: Any) -> Manifest:
    """Return a Formation whose shared podTemplate says more."""
    template = formation["spec"]["podTemplate"]
    spec = {**formation["spec"], "podTemplate": {"spec": {**template["spec"], **fields}}}
    return {**formation, "spec": spec}


@pytest.fixture
def deployed(person: Client) -> Client:
    """A user whose app is released and runs."""
    person.ready(shop())
    return person


def job(user: Client) -> str:
    return f"shop-release-{releases.digest(user)}"


def said(user: Client, *words: str) -> str:
    """Wait until the status says words about the release, and return all of it; print how long that took."""
    began = time.monotonic()

    def found() -> str | None:
        message = str(releases.status(user).get("message"))
        assert all(word in message for word in words), message
        return message

    message = eventually(found)
    print(f"after {time.monotonic() - began:.1f} s: {message}")
    return message


def stalled(user: Client, reason: str = "ReleaseFailed") -> str:
    """Wait until the Formation is stalled for a reason, and return the message."""

    def found() -> str | None:
        condition = user.condition("Stalled") or {}
        assert condition.get("reason") == reason, (condition, releases.status(user))
        return str(condition["message"])

    return eventually(found)


def running(user: Client) -> Manifest:
    """Wait until a container of the present content's release runs that nobody ends, and return its Pod."""

    def runs(pod: Manifest) -> bool:
        return pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]

    return eventually(lambda: next(filter(runs, releases.pods(user, releases.digest(user))), None))


def let_go(user: Client, pod: Manifest) -> None:
    """Let a release that waits succeed."""
    user("exec", pod["metadata"]["name"], "--", "touch", "/tmp/go")


def check_reverted(user: Client, before: dict[str, str]) -> None:
    """Go back to the first version, and check that it is ready, with the same Pods and no Job of its own."""
    user.ready(shop())
    after = releases.uids(user, "deployment", "replicaset", "pod", "job")
    workers = {key: uid for key, uid in after.items() if "release" not in key}
    assert workers == {key: uid for key, uid in before.items() if "release" not in key}
    assert {key for key in after if key.startswith("job/")} >= {
        key for key in before if key.startswith("job/")
    }
    assert user.condition("Stalled") is None


def test_a_migration_of_some_seconds_comes_before_the_first_process_and_before_each_new_one(
    person: Client,
) -> None:
    migrate = "echo migrating; sleep 2; echo done"
    for version in ("1", "2"):
        person.ready(shop(migrate, version))
        done = person.get("job", job(person))["status"]["completionTime"]
        made = [each for each in person.list_all("pod") if "-worker-" in each["metadata"]["name"]]
        new = [each for each in made if version_of(each) == version]
        assert new
        assert all(each["metadata"]["creationTimestamp"] >= done for each in new)
        assert "migrating\ndone\n" in person("logs", f"job/{job(person)}").stdout
    assert len(person.list_all("job")) == 2


def test_a_migration_that_fails_is_said_with_its_last_line_and_the_revert_is_ready_without_a_job(
    deployed: Client,
) -> None:
    before = releases.uids(deployed, "deployment", "replicaset", "pod", "job")
    deployed.apply(shop("echo 'no database at db:5432' >&2; sleep 1; exit 3", "2"))
    message = stalled(deployed)
    for words in (
        "exited with code 3: no database at db:5432",
        "kubectl formation rollback shop",
        f"kubectl delete job {job(deployed)}",
    ):
        assert words in message
    assert "release=failed" in deployed.get("formation", "shop")["status"]["summary"]
    eventually(lambda: "no database" in "".join(deployed.events("ReleaseFailed")))  # it follows the status
    assert len(deployed.list_all("job")) == 2
    check_reverted(deployed, before)
    assert len(deployed.list_all("job")) == 2

    deployed("delete", "job", "--all")  # the one that has failed, too: it isn't wanted any more
    assert deployed(*READY)
    assert not deployed.list_all("job")


def test_a_plain_sidecar_that_keeps_a_release_from_ending_is_said_with_the_way_out(person: Client) -> None:
    plain = beside(command=["sleep", "inf"])
    person.apply(with_pod(shop(), containers=[its_own(), plain]))
    message = said(person, "helper", "restartPolicy: Always", "initContainers")
    assert "it has succeeded" in message
    assert not releases.uids(person, "deployment")

    native = {**plain, "restartPolicy": "Always"}
    person.apply(with_pod(shop(), initContainers=[native]))
    time.sleep(3)
    assert len(releases.jobs(person)) == 1, "one that has started isn't ended"
    person("delete", "job", "--all")
    person(*READY)


def test_a_drain_runs_a_release_again_and_never_two_at_once(deployed: Client) -> None:
    alive = Alive(deployed)
    deployed.apply(shop(f"trap 'sleep 1; exit 1' TERM; {WAITS}", "2"))
    pod = running(deployed)["metadata"]["name"]
    path = deployed.server.path("pod", deployed.namespace, pod) + "/eviction"
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    deployed.server.request("POST", path, eviction)
    let_go(deployed, running(deployed))
    deployed(*READY)
    assert len(alive.seen) == 3, "the first release's, the one that was evicted, and the one after it"
    assert alive.most == 1
    assert len(deployed.list_all("job")) == 2
    assert version_of(deployed.get("deployment", "shop-worker")) == "2"
