"""How tests know that nothing is written: by what the operator asked for, and by objects' versions."""

from collections import Counter

from hack.audit import calls
from hack.cluster import audit
from tests.live.client import Client, eventually
from tests.shared.builders import Manifest

HELD: Manifest = {"spec": {"schedulingGates": [{"name": "example.com/hold"}]}}
"""A podTemplate of Pods that stay as they are made, whatever kubelet, an image's pull or other Pods do."""
Asked = Counter[tuple[str, str]]


def asked(client: Client) -> Asked:
    """Return how often the operator asked for what in a namespace, beside Events, by verb and resource."""
    here = f'"namespace":"{client.namespace}"'
    found: Asked = Counter()
    for file in audit.files():
        with file.open() as lines:
            made = [each.call for each in calls.read(line for line in lines if here in line)]
        found.update((each.verb, each.resource) for each in made if each.resource != "events")
    return found


def versions(client: Client) -> dict[str, str]:
    """Return the versions of all that the operator writes in a namespace."""
    items = [item for kind in ("formation", "deployment", "service") for item in client.list_all(kind)]
    return {
        f"{item['kind']}/{item['metadata']['name']}": item["metadata"]["resourceVersion"] for item in items
    }


def held(client: Client, *names: str) -> None:
    """Wait until the status says of each type that all its Pods are held: there is nothing to say after that.

    Quiet seconds may come before, too, if a controller is late.
    """

    def said(name: str) -> bool:
        processes = client.reported(name)["status"]["processes"]
        return all(is_held(process) for process in processes.values())

    eventually(lambda: all(said(name) for name in names or ("shop",)))


def is_held(process: Manifest) -> bool:
    """Tell whether a type's status is about all of its Pods, and says that they are held."""
    if process["desiredReplicas"] == 0:
        return bool(process["state"] == "Idle" and "reason" not in process)
    whole = process["updatedReplicas"] == process["desiredReplicas"]
    return whole and str(process.get("message")).startswith("waits for its scheduling gates")
