"""Revisions on a real API server, with the rights that we ship: contents byte by byte, and no restart."""

import json
from typing import Any

from formation_operator.api.content import content_of, digest_of
from tests.live.client import Client, eventually
from tests.shared.builders import Manifest, a_formation, a_process

SHOP = a_formation(
    image="shop:v1",
    env=[{"name": "LOG_LEVEL", "value": "info"}, {"name": "EMPTY"}],
    podTemplate={"metadata": {"annotations": {"ratio": "1e9"}}, "spec": {"nodeSelector": {}}},
    processes={
        "web": a_process(
            "/shop", "web", replicas=2, port=8080, resources={"limits": {"cpu": 0.5, "memory": 1e9}}
        ),
        "worker": a_process(replicas=1, args=[], rollingUpdate={"maxSurge": "25%"}),
    },
)
REVISION = "controllerrevisions.apps"


def kept(user: Client, number: int, name: str = "shop") -> dict[str, Any]:
    """Wait until the status names the revision of a number, and return it."""

    def there() -> dict[str, Any] | None:
        said = user.reported(name)["status"].get("revision") or {}
        return user.get(REVISION, said["name"]) if said.get("number") == number else None

    return eventually(there)


def deploy(user: Client, image: str, number: int) -> dict[str, Any]:
    user.merge("formation", "shop", {"spec": {"image": image}})
    return kept(user, number)


def spec(user: Client) -> Manifest:
    found: Manifest = user.get("formation", "shop")["spec"]
    return found


def exact(value: Any) -> str:
    """Return a value as text, in which 1 and 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


def test_a_revision_is_the_content_byte_by_byte_and_a_viewer_may_read_it(user: Client) -> None:
    user.apply(SHOP)
    revision = kept(user, 1)
    content = content_of(spec(user))
    assert exact(revision["data"]) == exact(content)
    assert revision["metadata"]["name"] == f"shop-{digest_of(content)}"
    assert revision["metadata"]["labels"] == {"formations.dev/formation": "shop"}
    (owner,) = revision["metadata"]["ownerReferences"]
    assert owner["uid"] == user.get("formation", "shop")["metadata"]["uid"]
    user("create", "serviceaccount", "viewer")
    user("create", "rolebinding", "viewer", "--clusterrole=view", f"--serviceaccount={user.namespace}:viewer")
    viewer = f"--as=system:serviceaccount:{user.namespace}:viewer"
    assert user("auth", "can-i", "list", REVISION, viewer, check=False).stdout.strip() == "yes"


def test_the_oldest_go(user: Client) -> None:
    user.apply({**SHOP, "spec": {**SHOP["spec"], "revisionHistoryLimit": 1}})
    kept(user, 1)
    for number in (2, 3):
        deploy(user, f"shop:v{number}", number)
    eventually(lambda: sorted(each["revision"] for each in user.list_all(REVISION)) == [2, 3])


def test_deleted_and_made_again_it_has_its_revision_soon_and_none_is_reported_as_failed(user: Client) -> None:
    user.apply(SHOP)
    first = kept(user, 1)["metadata"]["uid"]
    failures: list[Manifest] = []
    user("delete", "formation", "shop")
    user.apply(SHOP)

    def there_again() -> bool:
        found = user.get("formation", "shop").get("status", {})
        failures.extend(each for each in found.get("conditions", ()) if each["type"] == "RevisionFailed")
        said = found.get("revision")
        live = user.find(REVISION, said["name"]) if said else None
        return live is not None and live["metadata"]["uid"] != first

    eventually(there_again)
    assert failures == []


def test_what_kubectl_undoes_is_set_back_and_its_event_names_the_command_that_goes_back(user: Client) -> None:
    user.apply(SHOP)
    kept(user, 1)
    deploy(user, "shop:v2", 2)
    # The Deployment's controller writes into the ReplicaSet what it goes back to.
    eventually(lambda: len(user.list_all("replicaset")) == 4)
    user("rollout", "undo", "deployment/shop-web")
    (event,) = eventually(lambda: user.events("DriftRepaired"))
    assert event.endswith("use: kubectl formation rollback shop")
    eventually(lambda: user.container("shop-web")["image"] == "shop:v2")
    assert user.reported()["status"]["revision"]["number"] == 2
