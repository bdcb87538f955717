"""How tests know that nothing is written: by what the API server counts, and by the objects' versions."""

import re
import time
from collections.abc import Container

from tests.builders import Manifest
from tests.client import Client, eventually

CHILDREN = {"deployments", "services"}
WATCHED = {"formations", "controllerrevisions", *CHILDREN}
WRITES = {"POST", "PUT", "PATCH", "APPLY", "DELETE"}
HELD: Manifest = {"spec": {"schedulingGates": [{"name": "example.com/hold"}]}}
"""A podTemplate of Pods that stay as they are made, whatever kubelet, an image's pull or other Pods do."""


Writes = dict[tuple[str, str, str], int]


def writes(client: Client) -> Writes:
    """Return how many writes the server has answered so far, by verb, resource and subresource."""
    return answered(client, WRITES, WATCHED)


def looks(client: Client) -> Writes:
    """Return how often the server was asked for a single child, which is none of the tests' own doing."""
    return answered(client, {"GET"}, CHILDREN)


def answered(client: Client, verbs: Container[str], resources: Container[str]) -> Writes:
    """Return how many requests the server has answered, as its metrics have it."""
    metrics = client.server.request("GET", "/metrics").decode()
    counted: Writes = {}
    for line in metrics.splitlines():
        if line.startswith("apiserver_request_total{"):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
            key = (labels["verb"], labels["resource"], labels["subresource"])
            if key[0] in verbs and key[1] in resources:
                counted[key] = counted.get(key, 0) + int(float(line.rsplit(" ", 1)[1]))
    return counted


def more(before: Writes, after: Writes) -> Writes:
    """Return by how many requests the later figures are higher, where they are."""
    return {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)}


def versions(client: Client, name: str) -> dict[str, str]:
    items = [*client.list_all("deployment"), *client.list_all("service"), client.get("formation", name)]
    return {
        f"{item['kind']}/{item['metadata']['name']}": item["metadata"]["resourceVersion"] for item in items
    }


def everywhere(client: Client) -> set[str]:
    """Return the namespaces that anything of ours is in; the figures of the server don't tell them apart."""
    kinds = ("formations", "deployments", "pods")
    items = [item for kind in kinds for item in client.server.list_all(kind, "")]
    return {item["metadata"]["namespace"] for item in items}


def held(client: Client, name: str) -> None:
    """Wait until the status says of each type that all its Pods are held: there is nothing to say after that.

    Quiet seconds may come before, too, if a controller is late.
    """

    def said() -> bool:
        processes = client.reported(name)["status"]["processes"]
        return all(is_held(process) for process in processes.values())

    eventually(said)


def is_held(process: Manifest) -> bool:
    """Tell whether a type's status is about all of its Pods, and says that they are held."""
    if process["desiredReplicas"] == 0:
        return bool(process["state"] == "Idle" and "reason" not in process)
    whole = process["updatedReplicas"] == process["desiredReplicas"]
    return whole and str(process.get("message")).startswith("waits for its scheduling gates")


def settle(*clients: Client) -> None:
    """Wait until nothing of anybody else is there any more, and no write has happened for five seconds."""
    client, *_ = clients
    eventually(lambda: everywhere(client) <= {each.namespace for each in clients}, patience=240)

    def still() -> bool:
        before = writes(client)
        time.sleep(5)
        return writes(client) == before

    eventually(still, patience=120)
