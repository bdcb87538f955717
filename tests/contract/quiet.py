"""How tests know that nothing is written: by what the API server counts, and by the objects' versions."""

import re
import time

from tests.client import Client, eventually

WATCHED = {"formations", "deployments", "services"}
WRITES = {"POST", "PUT", "PATCH", "APPLY", "DELETE"}


def writes(client: Client) -> dict[tuple[str, str, str], int]:
    """Return how many writes the server has answered so far, by verb, resource and subresource."""
    metrics = client("get", "--raw", "/metrics").stdout
    counted: dict[tuple[str, str, str], int] = {}
    for line in metrics.splitlines():
        if line.startswith("apiserver_request_total{"):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
            key = (labels["verb"], labels["resource"], labels["subresource"])
            if key[0] in WRITES and key[1] in WATCHED:
                counted[key] = counted.get(key, 0) + int(float(line.rsplit(" ", 1)[1]))
    return counted


def versions(client: Client, name: str) -> dict[str, str]:
    items = [*client.list_all("deployment"), *client.list_all("service"), client.get("formation", name)]
    return {
        f"{item['kind']}/{item['metadata']['name']}": item["metadata"]["resourceVersion"] for item in items
    }


def everywhere(client: Client) -> list[str]:
    """Return the Formations of all namespaces; the figures of the server don't tell them apart."""
    columns = "jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {end}"
    return client("get", "formations", "--all-namespaces", "-o", columns).stdout.split()


def settle(client: Client, name: str) -> None:
    """Wait until nobody else's Formation is there any more, and no write has happened for five seconds."""
    client.reported(name)
    eventually(lambda: everywhere(client) == [f"{client.namespace}/{name}"], patience=240)

    def still() -> bool:
        before = writes(client)
        time.sleep(5)
        return writes(client) == before

    eventually(still, patience=60)
