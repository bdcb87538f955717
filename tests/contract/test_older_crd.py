"""A CRD that is older than the Formations on it: it prunes their fields, and then absence says nothing."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import releases
from tests.builders import Manifest, a_formation, a_process
from tests.client import Client, established, eventually, throughout
from tests.cluster import paths
from tests.cluster.cluster import Cluster
from tests.contract.counting import count
from tests.kustomization import load
from tests.operator_process import OperatorProcess

pytestmark = pytest.mark.alone

CRDS = paths.ROOT / "crds"
LOST = ("release", "schedules")
REPORT: Manifest = {"schedule": "0 3 * * *", "command": ["/shop", "report"]}
SHOP = a_formation(
    image="shop:v1",
    release=releases.RELEASE,
    processes={"web": a_process("/shop", "web", replicas=1), "worker": a_process(replicas=2)},
    schedules={"nightly": REPORT},
)
NEWER = {**SHOP, "spec": {**SHOP["spec"], "image": "shop:v2"}}
NAMES = ("shop-web", "shop-worker")


def older(part: str, *lost: str) -> Manifest:
    """Return our CRD as it was before some fields of a part."""
    (crd,) = load(CRDS / "formations.yaml")
    (version,) = crd["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    for name in lost:
        del schema["properties"][part]["properties"][name]
    _forget(schema)
    return dict(crd)


def _forget(schema: Any) -> None:
    """Take away the rules about the fields that are gone: they would be refused."""
    for each in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(each, dict | list):
            _forget(each)
    if isinstance(schema, dict) and "x-kubernetes-validations" in schema:
        rules = schema["x-kubernetes-validations"]
        kept = [each for each in rules if not any(name in json.dumps(each) for name in LOST)]
        schema["x-kubernetes-validations"] = kept


@pytest.fixture
def changing(user: Client, installed: Cluster, interrupted: OperatorProcess) -> Iterator[Cluster]:
    """The cluster, whose CRD may be changed; afterwards it is as it was."""
    try:
        yield installed
    finally:
        installed.run_kubectl("apply", "-k", str(CRDS))
        established(user, "formations.formations.dev")


def served(user: Client, name: str) -> bool:
    """Tell whether the schema that is in force has a field."""
    return user("explain", f"formations.formations.dev.{name}", check=False).returncode == 0


def test_what_an_older_crd_prunes_changes_nothing_but_counts_until_the_manifest_is_applied_again(
    changing: Cluster, user: Client
) -> None:
    user.apply(SHOP)
    releases.succeeded(user)
    user.apply(NEWER)
    releases.end(user, 3, "no database", name=releases.digest(user))
    releases.state(user, "Failed")
    before = releases.uids(user, "deployment", "replicaset", "cronjob", "job")

    changing.run_kubectl("apply", "-f", "-", stdin=json.dumps(older("spec", *LOST)))
    eventually(lambda: not served(user, "spec.release"))
    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 5}}}})
    assert not {*LOST} & {*user.get("formation", "shop")["spec"]}
    eventually(lambda: count(user) == 5)
    ready = eventually(lambda: (found := user.condition("Ready")) and found["reason"] == "Outdated" and found)
    assert "spec.release" in ready["message"]
    assert "spec.schedules" in ready["message"]
    assert user.condition("Outdated")

    def unchanged() -> tuple[Any, ...]:
        cron_job = user.get("cronjob", "shop-nightly")["spec"]
        here = releases.uids(user, "deployment", "replicaset", "cronjob", "job")
        return copy.deepcopy((here, releases.images(user), cron_job["suspend"], cron_job["schedule"]))

    images = dict.fromkeys(NAMES, "shop:v1")
    assert throughout(4, unchanged) == (before, images, False, REPORT["schedule"])
    user.merge("formation", "shop", {"spec": {"suspend": True}})
    eventually(lambda: (count(user), count(user, "shop-web")) == (0, 0))
    user.merge("formation", "shop", {"spec": {"suspend": None}})
    # What was suspended comes back with the content that the spec asks for, and that isn't known.
    assert throughout(3, lambda: (count(user), count(user, "shop-web"))) == (0, 0)

    changing.run_kubectl("apply", "-k", str(CRDS))
    eventually(lambda: served(user, "spec.release"))
    assert throughout(3, lambda: (releases.images(user), (user.condition("Ready") or {})["reason"])) == (
        images,
        "Outdated",
    )
    user.apply(NEWER)
    releases.state(user, "Failed")
    assert user.condition("Outdated") is None
    assert releases.images(user) == images
    user("delete", "job", f"shop-release-{releases.digest(user)}")
    releases.succeeded(user)
    assert releases.images(user) == dict.fromkeys(NAMES, "shop:v2")
    eventually(lambda: (count(user), count(user, "shop-web")) == (2, 1))


def test_what_an_older_crd_prunes_of_a_status_is_there_soon_after_the_crd_is_renewed(
    changing: Cluster, user: Client
) -> None:
    changing.run_kubectl("apply", "-f", "-", stdin=json.dumps(older("status", "summary")))
    eventually(lambda: not served(user, "status.summary"))
    user.apply(a_formation(processes={"worker": a_process(replicas=1)}))
    user.reported()
    status = user.get("formation", "shop")["status"]
    assert status["processes"]["worker"]["desiredReplicas"] == 1
    assert "summary" not in status

    changing.run_kubectl("apply", "-k", str(CRDS))
    eventually(lambda: user.get("formation", "shop")["status"].get("summary"))
