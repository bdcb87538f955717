"""What works, and what is said, where the operator of one namespace has no right to Jobs."""

import pytest

from tests import releases
from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.cluster import paths
from tests.contract.counting import count
from tests.contract.namespaced import NAME, rights
from tests.faults.replicas import PLACE, release
from tests.operator_process import OperatorProcess, healthy

pytestmark = [pytest.mark.alone, pytest.mark.long]
SHOP = a_formation(image="shop:v1", processes={"worker": a_process(replicas=2)})


def check_without_jobs(user: Client, operator: OperatorProcess) -> None:
    """Check what works without the right to Jobs, and what is said of that which doesn't."""
    user.apply(a_formation("other", processes={"worker": a_process(replicas=1)}))
    user.reported("other")
    user.merge("formation", "other", {"spec": {"image": "other:v2"}})
    eventually(lambda: releases.images(user)["other-worker"] == "other:v2")
    assert user.condition("Stalled", "other") is None
    eventually(lambda: healthy(operator.health.replace("/healthz", "/readyz")))
    user.apply(SHOP)
    eventually(lambda: (user.get("formation", "shop")["status"].get("revision") or {}).get("number") == 1)
    user.merge("formation", "shop", {"spec": {"release": releases.RELEASE, "image": "shop:v2"}})
    message = eventually(lambda: refused(user))
    assert "jobs" in message
    assert "manifests/rbac" in message
    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 5}}}})
    eventually(lambda: count(user) == 5)
    assert releases.images(user)["shop-worker"] == "shop:v1"


def refused(user: Client) -> str:
    """Return what is said of a release that may not be started; nothing if that isn't said."""
    found = user.condition("Stalled") or {}
    return str(found["message"]) if found.get("reason") == "Refused" else ""


def test_an_operator_for_one_namespace_may_lack_the_right_to_jobs_too(
    user: Client, interrupted: OperatorProcess
) -> None:
    cluster = user.cluster
    interrupted.stop()
    user.server.delete("clusterrolebinding", "", NAME)
    granted = rights(cluster, user.namespace)
    for item in granted:
        kept = [each for each in item.get("rules", []) if each["resources"] != ["jobs"]]
        user.apply({**item, "rules": kept} if kept else item)
    release(cluster)
    try:
        interrupted.start(f"--namespace={user.namespace}", f"--lease={'/'.join(PLACE)}")
        check_without_jobs(user, interrupted)
        for item in granted:
            user.apply(item)
        releases.succeeded(user)
        assert releases.images(user)["shop-worker"] == "shop:v2"
    finally:
        interrupted.stop()
        cluster.run_kubectl("apply", "-k", str(paths.ROOT / "manifests" / "rbac"))
