"""A worker's Deployment that is put in the place of another one."""

from typing import Any

from tests.client import Client

GIVEN = ("managedFields", "uid", "resourceVersion", "creationTimestamp")
"""What the server alone writes, and says anew of an object that is made anew."""


def copied(user: Client) -> dict[str, Any]:
    """Return the worker's Deployment as one that can be created."""
    deployment = user.get("deployment", "shop-worker")
    for key in GIVEN:
        deployment["metadata"].pop(key)
    deployment.pop("status")
    return deployment


def another_than(user: Client, uid: str) -> bool:
    """Tell whether the worker's Deployment is there, and isn't the one with this uid."""
    found = user.find("deployment", "shop-worker")
    return found is not None and found["metadata"]["uid"] != uid
