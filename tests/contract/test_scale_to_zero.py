"""An HPA that scaled a type to zero itself may scale it up from there: as its controller writes, replayed."""

from tests.contract.counting import an_hpa_to_zero
from tests.live.client import Client, eventually
from tests.shared.builders import a_formation, a_process
from tests.shared.minors import since

pytestmark = since("1.37", "an HPA doesn't scale from zero")

HPA = ("hpa", "shop-worker-deployment")
HELD, FREE = ({"spec": {"behavior": {"scaleUp": {"selectPolicy": policy}}}} for policy in ("Disabled", None))


def say_scaled_to_zero(user: Client, status: str) -> None:
    """Write what the HPA's controller writes when it scales to zero, and from there."""
    now = "2026-01-01T00:00:00Z"
    said = {"type": "ScaledToZero", "status": status, "lastTransitionTime": now, "reason": "Test"}
    patch = {"status": {"currentReplicas": 0, "desiredReplicas": 0, "conditions": [said]}}
    user.merge(*HPA, patch, "--subresource=status")


def suspend(user: Client, *, suspended: bool = True) -> None:
    user.merge("formation", "shop", {"spec": {"suspend": suspended}})


def is_ready(user: Client) -> bool:
    ready = user.condition("Ready", "shop")
    return ready is not None and ready["status"] == "True"


def test_that_an_hpa_may_start_a_suspended_type_is_in_the_status_as_long_as_it_may(user: Client) -> None:
    user.apply(a_formation(processes={"worker": a_process()}))
    user.apply(an_hpa_to_zero())
    user.reported()
    suspend(user)
    eventually(lambda: is_ready(user))

    say_scaled_to_zero(user, "True")

    stalled = eventually(lambda: user.condition("Stalled"))
    assert stalled["reason"] == "CannotSuspend"
    assert "HorizontalPodAutoscaler/shop-worker-deployment" in stalled["message"]
    assert "spec.behavior.scaleUp.selectPolicy to Disabled" in stalled["message"]
    user.merge(*HPA, HELD)
    eventually(lambda: is_ready(user))
    user.merge(*HPA, FREE)
    eventually(lambda: user.condition("Stalled"))
    say_scaled_to_zero(user, "False")
    eventually(lambda: is_ready(user))
