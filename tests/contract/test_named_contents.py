"""The contents that Deployments name, on a real API server: what deploys and adoptions write of them."""

from typing import Any

from tests.live import releases
from tests.live.client import COLLECTED, Client, eventually, throughout
from tests.live.history import History, stages
from tests.shared.builders import Manifest, a_formation, a_process

CONTENT = "formations.dev/content"
REPORT: Manifest = {"schedule": "0 3 * * *", "command": ["/shop", "report"]}
TYPES = {"web": a_process("/shop", "web", replicas=1), "worker": a_process(replicas=2)}
SHOP = a_formation(image="shop:v1", processes=TYPES, schedules={"nightly": REPORT})
NAMES = ("shop-web", "shop-worker")


def named(user: Client) -> dict[str, str]:
    """Return the content that each Deployment names."""
    return {
        each["metadata"]["name"]: each["metadata"]["annotations"].get(CONTENT)
        for each in user.list_all("deployment")
    }


def mark(user: Client, number: int) -> str:
    """Return what names the present content under a number."""
    return f"{number}-{releases.digest(user)}"


def processes(user: Client) -> dict[str, Any]:
    """Return what nothing but a deploy changes: specs of Deployments, ReplicaSets and Pods.

    A Deployment's generation changes with its annotations.
    """
    specs = {each["metadata"]["name"]: each["spec"] for each in deployments(user)}
    return {**specs, **releases.uids(user, "deployment", "replicaset", "pod")}


def owners(user: Client) -> set[str]:
    return {each["metadata"]["ownerReferences"][0]["uid"] for each in deployments(user)}


def deployments(user: Client) -> list[Manifest]:
    return user.list_all("deployment")


def running(user: Client) -> dict[str, Any]:
    """Apply the app, wait until Kubernetes has made its Pods, and return them."""
    user.apply(SHOP)
    eventually(lambda: [each["status"].get("replicas") for each in deployments(user)] == [1, 2])
    eventually(lambda: user.get("formation", "shop")["status"].get("revision", {}).get("number") == 1)
    return processes(user)


def beside_owner_and_status(deployment: Manifest) -> Manifest:
    """Return what an adoption may not change."""
    changes = {"ownerReferences", "managedFields", "resourceVersion"}
    metadata = {key: value for key, value in deployment["metadata"].items() if key not in changes}
    return {"metadata": metadata, "spec": deployment["spec"]}


def test_orphans_keep_what_they_name_and_an_adoption_changes_nothing_but_their_owner(user: Client) -> None:
    before, first = running(user), mark(user, 1)
    user("delete", "formation", "shop", "--cascade=orphan")
    eventually(
        lambda: not any("ownerReferences" in each["metadata"] for each in deployments(user)), COLLECTED
    )
    assert named(user) == dict.fromkeys(NAMES, first)
    orphans = {each["metadata"]["name"]: each for each in deployments(user)}
    watched = [History(user, "deployment", name) for name in NAMES]
    uid = user.applied(SHOP)["metadata"]["uid"]
    eventually(lambda: owners(user) == {uid})
    assert throughout(2, lambda: processes(user)) == before
    for name, each in zip(NAMES, watched, strict=True):
        versions = each.end()
        adopted = next(it for it in versions if "ownerReferences" in it["metadata"])
        assert beside_owner_and_status(adopted) == beside_owner_and_status(orphans[name])
        assert len(stages(versions, lambda it: it["spec"])) == 1
    assert user.reported()["status"]["revision"]["number"] == 1
    assert releases.digest(user) in named(user)["shop-web"]
