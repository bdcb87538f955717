"""A Formation with one worker that has a shell: how it is, and how a person changes it."""

from typing import Any

from tests.e2e.containers import of_debian
from tests.live.client import Client
from tests.shared import builders
from tests.shared.builders import a_process

READY = ("wait", "--for=condition=Ready", "formation/shop", "--timeout=180s")
RUNS = ("sleep", "inf")
# Told in that file, because kubelet doesn't wait for the last line of a log to be written.
CRASHES = ("/bin/sh", "-c", "echo 'no database' > /dev/termination-log; exit 3")


def shop(*command: str, name: str = "shop", volume: bool = False, **fields: Any) -> builders.Manifest:
    """Return a Formation with one worker that runs, or does what the command says."""
    fields = {"replicas": 1, "terminationGracePeriodSeconds": 1, **fields}
    processes = {"worker": a_process(*(command or RUNS), **fields)}
    made = of_debian(ends_soon=False, name=name, processes=processes)
    if volume:
        pod = made["spec"]["podTemplate"]["spec"]
        pod["volumes"] = [{"name": "memory", "emptyDir": {}}]
        pod["containers"][0]["volumeMounts"] = [{"name": "memory", "mountPath": "/memory"}]
    return made


def worker(client: Client, name: str = "shop") -> dict[str, Any]:
    """Return what the status says of the worker."""
    found: dict[str, Any] = client.get("formation", name)["status"].get("processes", {}).get("worker", {})
    return found


def is_in(client: Client, state: str, reason: str = "") -> dict[str, Any] | None:
    """Return what the status says of the worker if it is in a state, for a reason."""
    found = worker(client)
    return found if (found.get("state"), found.get("reason", "")) == (state, reason) else None


def spec(client: Client, **fields: Any) -> None:
    """Change the Formation's spec."""
    client.merge("formation", "shop", {"spec": fields})


def command(client: Client, *words: str) -> None:
    """Change what the worker runs."""
    spec(client, processes={"worker": {"command": list(words)}})
