"""What works, and what is said, where the operator has no right to Jobs."""

from tests import releases
from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.contract.counting import count
from tests.operator_process import OperatorProcess, healthy

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
