"""What somebody makes of a child by hand, beyond its fields: each ends as docs/ownership.md says."""

import json
from typing import Any

import pytest

from tests.contract.counting import count
from tests.live.client import Client, eventually, throughout
from tests.shared.builders import a_formation, a_process

OLD = [{"name": "OLD", "value": "1"}]
NEW = [{"name": "NEW", "value": "1"}]
TRACK = "formations.dev/track"


@pytest.fixture
def shop(user: Client) -> Client:
    """A user with a Formation whose worker has its Deployment."""
    user.applied(a_formation(env=OLD, processes={"worker": a_process(replicas=2)}))
    return user


def deployment(user: Client) -> dict[str, Any]:
    return user.get("deployment", "shop-worker")


def identity(user: Client) -> tuple[str, int]:
    """Return what a change of the Pods, or another object, would change."""
    about = deployment(user)["metadata"]
    return about["uid"], about["generation"]


def owner(user: Client) -> str | None:
    """Return the uid of the controller."""
    references = deployment(user)["metadata"].get("ownerReferences", [])
    return next((each["uid"] for each in references if each.get("controller")), None)


def shops_uid(user: Client, name: str = "shop") -> str:
    return str(user.get("formation", name)["metadata"]["uid"])


def edit(user: Client, **metadata: Any) -> None:
    user.merge("deployment", "shop-worker", {"metadata": metadata})


def managers(user: Client) -> set[str]:
    return {each["manager"] for each in deployment(user)["metadata"].get("managedFields", [])}


def test_stripped_managed_fields_are_written_again_and_what_is_dropped_later_stays(shop: Client) -> None:
    before = identity(shop)

    edit(shop, managedFields=[{}])

    eventually(lambda: "formation-operator" in managers(shop))
    assert throughout(2, lambda: identity(shop)) == before
    assert "before-first-apply" in managers(shop)
    shop.apply(a_formation(env=NEW, processes={"worker": a_process(replicas=2)}))
    eventually(lambda: {"NEW", "OLD"} <= {each["name"] for each in shop.container()["env"]})
    assert count(shop) == 2


def test_managed_fields_that_are_no_text_keep_nobody_from_being_heard(shop: Client) -> None:
    """The API server takes bytes there that are no UTF-8, and gives them back as they are."""
    entry = {"manager": "evil", "operation": "Update", "apiVersion": "apps/v1", "fieldsType": "FieldsV1"}
    path = shop.server.path("deployment", shop.namespace, "shop-worker")

    def put() -> bytes:
        live = deployment(shop)
        live["metadata"]["managedFields"] = [{**entry, "fieldsV1": {"f:PLACE": {}}}]
        return shop.server.request("PUT", path, json.dumps(live).encode().replace(b"PLACE", b"\xff"))

    eventually(put)
    shop.apply(a_formation("other", processes={"worker": a_process(replicas=1)}))
    shop.reported("other")
    shop("scale", "deployment", "other-worker", "--replicas=3")

    eventually(lambda: shop.get("formation", "other")["spec"]["processes"]["worker"].get("replicas") == 3)
    assert shop.reported()["status"]["summary"]


def test_a_formation_whose_managed_fields_were_stripped_still_says_how_it_is(user: Client) -> None:
    user("create", "deployment", "shop-worker", "--image=mine:v1")
    user.apply(a_formation())
    eventually(lambda: user.condition("Stalled"))

    user.merge("formation", "shop", {"metadata": {"managedFields": [{}]}})
    user("delete", "deployment", "shop-worker")

    eventually(lambda: user.condition("Stalled") is None)


def test_another_owner_beside_the_formation_stays(shop: Client) -> None:
    before, uid = identity(shop), shops_uid(shop)
    shop("create", "configmap", "mine")
    mine = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "mine",
        "uid": shop.get("configmap", "mine")["metadata"]["uid"],
    }

    edit(shop, ownerReferences=[*deployment(shop)["metadata"]["ownerReferences"], mine])
    shop.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 3}}}})

    eventually(lambda: count(shop) == 3)
    owners = [each["uid"] for each in deployment(shop)["metadata"]["ownerReferences"]]
    assert sorted(owners) == sorted([uid, mine["uid"]])
    assert identity(shop) == (before[0], before[1] + 1)


def test_a_deployment_that_is_given_to_another_formation_is_deleted_by_that_and_made_anew(
    shop: Client,
) -> None:
    shop.apply(a_formation("other"))
    shop.reported("other")
    before, uid = identity(shop), shops_uid(shop)
    (reference,) = deployment(shop)["metadata"]["ownerReferences"]

    edit(shop, ownerReferences=[{**reference, "name": "other", "uid": shops_uid(shop, "other")}])

    eventually(lambda: identity(shop)[0] != before[0])
    eventually(lambda: owner(shop) == uid)
    assert count(shop) == 2
    assert eventually(lambda: shop.events("Deleted"))
    eventually(lambda: shop.condition("Stalled") is None)


def untracked(live: dict[str, Any]) -> dict[str, Any]:
    """Return a Deployment as builds before the label formations.dev/track made it."""
    about, spec = live["metadata"], live["spec"]
    for labels in (about["labels"], spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"]):
        del labels[TRACK]
    kept = {key: about[key] for key in ("name", "labels", "ownerReferences")}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": kept, "spec": spec}


def said(user: Client) -> dict[str, Any]:
    status: dict[str, Any] = user.get("formation", "shop")["status"]["processes"]["worker"]
    return status


def test_a_selector_of_an_earlier_build_stays_until_its_deployment_is_made_again(shop: Client) -> None:
    shop.merge("formation", "shop", {"spec": {"paused": True}})
    shop.reported()
    earlier = untracked(deployment(shop))
    shop("delete", "deployment", "shop-worker", "--cascade=foreground")
    shop("create", "-f", "-", input=json.dumps(earlier))
    eventually(lambda: len(shop.list_all("replicaset")) == 1)
    (old,) = shop.list_all("replicaset")
    before = identity(shop)

    shop.merge("formation", "shop", {"spec": {"paused": None}})
    ready = eventually(lambda: (found := shop.condition("Ready")) and found["reason"] == "Refused" and found)
    way_out = "kubectl delete deployment shop-worker --cascade=orphan"
    assert way_out in ready["message"]
    assert identity(shop)[0] == before[0]  # nothing but the count is written
    shop(*way_out.split()[1:])

    eventually(lambda: deployment(shop)["spec"]["selector"]["matchLabels"][TRACK] == "stable")
    assert count(shop) == 2
    eventually(lambda: len(shop.list_all("replicaset")) == 2)
    left = shop.get("replicaset", old["metadata"]["name"])
    assert (left["metadata"]["uid"], left["spec"]["replicas"]) == (old["metadata"]["uid"], 2)
    assert "ownerReferences" not in left["metadata"]
    eventually(lambda: (shop.condition("Ready") or {}).get("reason") != "Refused")
