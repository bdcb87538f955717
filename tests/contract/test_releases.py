"""Releases on a real API server, with its own Jobs, and with the rights that we ship: before any process.

No Pod runs here: where kubelet says that one has started or ended, the test says so.
"""

from typing import Any

import pytest

from tests.contract.manifests import REPORT
from tests.live import releases
from tests.live.client import COLLECTED, Client, eventually, throughout
from tests.live.history import History, stages
from tests.live.releases import RELEASE
from tests.shared.builders import Manifest, a_formation, a_process

WEB, WORKER = a_process("/shop", "web", replicas=1, port=8080), a_process(replicas=2)
TYPES, NIGHTLY = {"web": WEB, "worker": WORKER}, {"nightly": REPORT}
SHOP = a_formation(image="shop:v1", release=RELEASE, processes=TYPES, schedules=NIGHTLY)
V1, V2 = (dict.fromkeys(("shop-web", "shop-worker"), f"shop:{version}") for version in ("v1", "v2"))
REVISION = "controllerrevisions.apps"


def deploy(user: Client, image: str = "shop:v2", **spec: Any) -> str:
    """Have a new image; return the digest of the content."""
    user.merge("formation", "shop", {"spec": {"image": image, **spec}})
    return releases.digest(user)


def job(user: Client, digest: str = "") -> Manifest:
    """Wait for the Job of a content, or of the present one."""
    name = f"shop-release-{digest or releases.digest(user)}"
    return eventually(lambda: releases.jobs(user).get(name))


def numbers(user: Client) -> dict[str, int]:
    return {item["data"]["image"]: item["revision"] for item in user.list_all(REVISION)}


def started(user: Client) -> None:
    """Wait until Kubernetes has made the Pods of web and of worker."""
    eventually(lambda: [each["status"].get("replicas") for each in user.list_all("deployment")] == [1, 2])


@pytest.fixture
def shop(user: Client) -> Client:
    """A user whose app's first release has succeeded."""
    user.apply(SHOP)
    releases.succeeded(user)
    return user


def version(item: Manifest) -> int:
    return int(item["metadata"]["resourceVersion"])


def is_complete(job: Manifest) -> bool:
    return any(each["type"] == "Complete" for each in job.get("status", {}).get("conditions") or [])


def test_no_pod_template_is_written_between_an_edit_and_the_completion_of_its_release(shop: Client) -> None:
    wanted = releases.digest(shop, image="shop:v2")
    kept = History(shop, REVISION, f"shop-{wanted}")
    run = History(shop, "job", f"shop-release-{wanted}")
    formation = History(shop, "formation", "shop")
    web, worker = (History(shop, "deployment", name) for name in V1)

    assert deploy(shop) == wanted
    releases.state(shop, "Running")
    assert numbers(shop) == {"shop:v1": 1, "shop:v2": 0}
    assert throughout(2, lambda: releases.images(shop)) == V1
    releases.end(shop)
    eventually(lambda: numbers(shop) == {"shop:v1": 1, "shop:v2": 2})
    releases.state(shop, "Succeeded")

    revisions, jobs = kept.end(), run.end()
    states = [
        (version(each), each.get("status", {}).get("release", {}).get("state")) for each in formation.end()
    ]
    order = [
        version(revisions[0]),
        version(jobs[0]),
        next(number for number, state in states if state == "Running"),
        next(version(each) for each in jobs if is_complete(each)),
        next(version(each) for each in revisions if each["revision"] == 2),
        min(
            next(version(each) for each in history.end() if image_of(each) == "shop:v2")
            for history in (web, worker)
        ),
    ]
    assert order == sorted(order)
    assert [each["revision"] for each in revisions] == [0, 2]
    eventually(
        lambda: [f"shop-release-{wanted}" in each for each in shop.events("Releasing")].count(True) == 1
    )
    eventually(lambda: len(shop.events("Released")) == 2)


def image_of(deployment: Manifest) -> str:
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


def test_a_quota_on_pods_is_said_within_seconds_and_going_back_deletes_the_job(shop: Client) -> None:
    started(shop)
    before = releases.uids(shop, "job", "deployment", "replicaset")
    shop("create", "quota", "few", "--hard=count/pods=1")
    eventually(lambda: shop.get("resourcequota", "few").get("status", {}).get("hard"))
    deploy(shop)
    name = job(shop)["metadata"]["name"]
    eventually(lambda: "exceeded quota" in str(releases.status(shop).get("message")))
    deploy(shop, "shop:v1")
    eventually(lambda: name not in releases.jobs(shop))
    releases.state(shop, "Succeeded")
    assert releases.uids(shop, "job", "deployment", "replicaset") == before


def test_a_limit_range_changes_the_pod_and_no_job_is_written_again_for_it(user: Client) -> None:
    limits = {"default": {"cpu": "200m", "memory": "64Mi"}, "max": {"memory": "1Gi"}, "type": "Container"}
    spec = {"limits": [limits]}
    user.apply({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "less"}, "spec": spec})
    user.apply(SHOP)
    made = job(user)
    pod = releases.run(user)
    assert pod["spec"]["containers"][0]["resources"]["limits"]["memory"] == "64Mi"
    generation = made["metadata"]["generation"]
    assert throughout(2, lambda: job(user)["metadata"]["generation"]) == generation
    releases.succeeded(user)

    deploy(user, release={**RELEASE, "resources": {"limits": {"memory": "2Gi"}}})
    eventually(lambda: "1Gi" in str(releases.status(user).get("message")))
    assert releases.images(user) == V1


def test_a_job_of_that_name_that_is_somebody_elses_is_said_and_never_touched(shop: Client) -> None:
    name = f"shop-release-{releases.digest(shop, image='shop:v2')}"
    shop("create", "job", name, "--image=theirs:v1")
    before = shop.get("job", name)["metadata"]["uid"]
    deploy(shop)
    eventually(lambda: (shop.condition("Stalled") or {}).get("reason") == "NameTaken")
    assert shop.get("job", name)["metadata"]["uid"] == before
    shop("delete", "job", name)
    releases.succeeded(shop)
    assert releases.images(shop) == V2


KINDS = ("deployment", "replicaset", "pod", "service", "job", "cronjob")


def beside_owner_and_status(deployment: Manifest) -> Manifest:
    """Return what an adoption may not change, the name of the content included."""
    changes = {"ownerReferences", "managedFields", "resourceVersion"}
    metadata = {key: value for key, value in deployment["metadata"].items() if key not in changes}
    return {"metadata": metadata, "spec": deployment["spec"]}


def test_over_what_an_earlier_formation_left_running_no_release_runs_and_nothing_but_the_owner_changes(
    shop: Client,
) -> None:
    started(shop)
    shop("delete", "formation", "shop", "--cascade=orphan")
    eventually(lambda: all("ownerReferences" not in each["metadata"] for each in shop.list_all("deployment")))
    orphans = [beside_owner_and_status(shop.get("deployment", name)) for name in V1]
    before, watched = releases.uids(shop, *KINDS), [History(shop, "deployment", name) for name in V1]
    shop.apply(SHOP)
    assert releases.state(shop, "Succeeded")["released"] == releases.digest(shop)
    assert throughout(3, lambda: releases.uids(shop, *KINDS)) == before
    for orphan, each in zip(orphans, watched, strict=True):
        versions = each.end()
        adopted = next(it for it in versions if "ownerReferences" in it["metadata"])
        assert beside_owner_and_status(adopted) == orphan
        assert len(stages(versions, lambda it: it["spec"])) == 1
    deploy(shop)
    job(shop)
    assert releases.images(shop) == V1


def test_a_formation_that_is_deleted_while_its_release_runs_takes_it_along(user: Client) -> None:
    user.apply(SHOP)
    releases.run(user)
    user("delete", "formation", "shop")
    eventually(lambda: not user.list_all("job") and not user.list_all("pod"), COLLECTED)
    user.apply(SHOP)
    releases.succeeded(user)
    assert releases.images(user) == V1
