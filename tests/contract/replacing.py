"""A worker's Deployment that is saved, restored, or made anew."""

import json
from typing import Any

from tests.client import COLLECTED, Client, eventually

GIVEN = ("managedFields", "uid", "resourceVersion", "creationTimestamp")
"""What the server alone writes, and says anew of an object that is made anew."""


def copied(user: Client) -> dict[str, Any]:
    """Return the worker's Deployment as one that can be created."""
    deployment = user.get("deployment", "shop-worker")
    for key in GIVEN:
        deployment["metadata"].pop(key)
    deployment.pop("status")
    return deployment


def backup(user: Client) -> dict[str, Any]:
    """Return the worker's Deployment as a tool keeps it that knows nothing of field managers and owners."""
    saved = copied(user)
    saved["metadata"].pop("ownerReferences")
    return saved


def restore(user: Client, saved: dict[str, Any]) -> None:
    """Delete the Formation with its Deployment, and bring that back alone."""
    user("delete", "formation", "shop")
    eventually(lambda: user.find("deployment", "shop-worker") is None, patience=COLLECTED)
    user("create", "--field-manager=velero-server", "-f", "-", input=json.dumps(saved))


def another_than(user: Client, uid: str) -> bool:
    """Tell whether the worker's Deployment is there, and isn't the one with this uid."""
    found = user.find("deployment", "shop-worker")
    return found is not None and found["metadata"]["uid"] != uid
