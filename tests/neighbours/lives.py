"""What an app goes through: each is a Formation as it is in Git."""

from typing import Any

from tests.contract.counting import count, declared
from tests.e2e import workers
from tests.e2e.containers import sh
from tests.e2e.workers import CRASHES, READY
from tests.live.client import Client, eventually
from tests.shared.builders import Manifest

WAITS = "until test -e /tmp/go; do sleep 0.1; done"
"""A release command that ends when a test lets it go."""
HAS_NOT_CRASHED = {"exec": {"command": [*sh("! test -s /dev/termination-log")]}, "periodSeconds": 1}
"""A process that crashes has written there, so that it isn't ready for the moment that it runs."""


def good(version: str = "1", **release: object) -> Manifest:
    """Return an app that runs; each version is deployed, and released if it has a release command."""
    worker: dict[str, Any] = {"readinessProbe": HAS_NOT_CRASHED, "progressDeadlineSeconds": 25}
    formation = workers.shop(**worker)
    formation["spec"] |= {"env": [{"name": "VERSION", "value": version}], **release}
    return formation


def uncounted(**fields: object) -> Manifest:
    """Return the app with a count that others set."""
    formation = good()
    del formation["spec"]["processes"]["worker"]["replicas"]
    formation["spec"]["processes"]["worker"] |= fields
    return formation


def releasing(version: str, script: str) -> Manifest:
    """Return the app with a release command."""
    return good(version, release={"command": [*sh(script)]})


def bad(version: str) -> Manifest:
    """Return the app with a process that crashes."""
    formation = good(version)
    formation["spec"]["processes"]["worker"]["command"] = [*CRASHES]
    return formation


IN_GIT = {"declared": good(), "omitted": uncounted(), "autoscaled": uncounted(autoscaling={"maxReplicas": 3})}
"""What Git may say of a count."""


def let_go(user: Client) -> None:
    """Let the release command end that waits."""

    def pod() -> str | None:
        pods = [each["metadata"] for each in user.list_all("pod") if each["status"]["phase"] == "Running"]
        return next((each["name"] for each in pods if "shop-release" in each["name"]), None)

    user("exec", eventually(pod), "--", "touch", "/tmp/go")


def scale(user: Client) -> None:
    """Scale the worker by hand, and wait until the Formation knows."""
    user("scale", "deployment/shop-worker", "--replicas=2")
    eventually(lambda: count(user) == 2 and declared(user) in (2, None))
    user.reported()
    user(*READY)
