"""A namespace that a backup tool restores: all objects have new uids, and children come before their owners.

What is dropped and in which order is Velero's way: ``resetMetadataAndStatus``, ``addRestoreLabels`` and the
restoring of managed fields in https://github.com/vmware-tanzu/velero/blob/main/pkg/restore/restore.go.
"""

import json
from typing import Any

import pytest

from tests.contract.counting import counts
from tests.live.client import COLLECTED, Client, eventually, throughout
from tests.shared.builders import a_formation, a_process

Saved = dict[str, Any]
ORDER = ("pod", "replicaset", "deployment", "service", "formation")
DROPPED = ("generateName", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
MARKS = {"velero.io/backup-name": "nightly", "velero.io/restore-name": "nightly-1"}
SHOP = a_formation(
    env=[{"name": "OLD", "value": "1"}],
    processes={"web": a_process("/shop", "web", replicas=2, port=8080), "worker": a_process()},
)


def started(user: Client) -> None:
    """Have a shop run, of which somebody has scaled what it leaves open."""
    user.applied(SHOP)
    user("scale", "deployment/shop-worker", "--replicas=3")
    eventually(lambda: len(user.list_all("pod")) == 5)


def backed_up(user: Client) -> list[Saved]:
    """Return all objects, in the order in which they come back."""
    return [item for kind in ORDER for item in user.list_all(kind)]


def lost(user: Client) -> None:
    """Delete everything."""
    user("delete", "formation", "shop")
    eventually(lambda: not any(user.list_all(kind) for kind in ORDER), patience=COLLECTED)


def restore(user: Client, saved: Saved, *kept: str) -> None:
    """Create an object as the tool does, with its owners or its managed fields if they are kept."""
    about = {key: value for key, value in saved["metadata"].items() if key not in DROPPED}
    about["labels"] = {**about.get("labels", {}), **MARKS}
    if "ownerReferences" not in kept:
        about.pop("ownerReferences", None)
    spec = {key: value for key, value in saved["spec"].items() if key not in ("clusterIP", "clusterIPs")}
    made = {**saved, "metadata": about, "spec": spec}
    made.pop("status", None)
    user("create", "--field-manager=velero-server", "-f", "-", input=json.dumps(made))
    if "managedFields" in kept:
        fields = {"metadata": {"managedFields": saved["metadata"]["managedFields"]}}
        user.merge(saved["kind"], about["name"], fields)


def uids(user: Client, *kinds: str) -> dict[str, str]:
    return {
        item["metadata"]["name"]: item["metadata"]["uid"] for kind in kinds for item in user.list_all(kind)
    }


def owners(user: Client) -> set[str]:
    """Return who owns what the operator makes."""
    made = [*user.list_all("deployment"), *user.list_all("service")]
    return {each["uid"] for item in made for each in item["metadata"].get("ownerReferences", [])}


@pytest.mark.parametrize("kept", [(), ("managedFields",)], ids=["fields dropped", "fields kept"])
def test_what_comes_back_without_owners_is_taken_over_and_no_pod_is_replaced(
    user: Client, kept: tuple[str, ...]
) -> None:
    started(user)
    saved = backed_up(user)
    lost(user)
    for item in saved:
        restore(user, item, *kept)
    before = uids(user, "pod", "replicaset", "deployment")

    formation = user.reported()

    eventually(lambda: owners(user) == {formation["metadata"]["uid"]})
    eventually(lambda: len(user.events("Adopted")) == 3)
    assert throughout(3, lambda: uids(user, "pod", "replicaset", "deployment")) == before
    assert counts(user) == {"shop-web": 2, "shop-worker": 3}
    user.apply(a_formation(processes={"worker": a_process()}))
    eventually(lambda: counts(user) == {"shop-worker": 3})
    eventually(lambda: "OLD" not in {each["name"] for each in user.container()["env"]})
    eventually(lambda: user.find("service", "shop-web") is None)


def test_what_comes_back_with_the_owner_it_had_goes_and_is_made_anew(user: Client) -> None:
    started(user)
    saved = [item for item in backed_up(user) if item["kind"] not in ("Pod", "ReplicaSet")]
    lost(user)
    for item in saved:
        restore(user, item, "ownerReferences")
    formation = user.get("formation", "shop")

    eventually(lambda: owners(user) == {formation["metadata"]["uid"]}, patience=COLLECTED)

    eventually(lambda: counts(user) == {"shop-web": 2, "shop-worker": 1})
    eventually(lambda: user.find("service", "shop-web"))
    assert user.reported()["metadata"]["uid"] == formation["metadata"]["uid"]
    eventually(lambda: user.condition("Stalled") is None)
