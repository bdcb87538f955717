"""An HPA that scaled a type to zero itself scales it up from there, though the Formation is suspended."""

import pytest

from tests.contract.counting import Record, an_hpa_to_zero, count
from tests.contract.external_metrics import Jobs
from tests.live.client import Client, eventually, throughout
from tests.shared.builders import a_formation, a_process
from tests.shared.minors import since

pytestmark = since("1.37", "an HPA doesn't scale from zero")

HPA = ("hpa", "shop-worker-deployment")
ROUNDS = 12.0
"""Seconds in which an HPA is looked at at least twice."""
HELD, FREE = ({"spec": {"behavior": {"scaleUp": {"selectPolicy": policy}}}} for policy in ("Disabled", None))


def scaled_to_zero(user: Client) -> str | None:
    """Return whether the HPA says that it scaled to zero itself, if it says anything."""
    conditions = user.get(*HPA).get("status", {}).get("conditions") or []
    return next((each["status"] for each in conditions if each["type"] == "ScaledToZero"), None)


def say_scaled_to_zero(user: Client, status: str) -> None:
    """Write what the HPA's controller writes when it scales to zero, and from there."""
    now = "2026-01-01T00:00:00Z"
    said = {"type": "ScaledToZero", "status": status, "lastTransitionTime": now, "reason": "Test"}
    patch = {"status": {"currentReplicas": 0, "desiredReplicas": 0, "conditions": [said]}}
    user.merge(*HPA, patch, "--subresource=status")


def suspend(user: Client, *, suspended: bool = True) -> None:
    user.merge("formation", "shop", {"spec": {"suspend": suspended}})


@pytest.fixture
def scaled(user: Client, jobs: Jobs) -> Client:
    """A user whose worker an HPA has scaled to zero."""
    user.apply(a_formation(processes={"worker": a_process()}))
    user.apply(an_hpa_to_zero())
    jobs.waiting = 2
    eventually(lambda: count(user) == 2)
    jobs.waiting = 0
    eventually(lambda: (count(user), scaled_to_zero(user)) == (0, "True"))
    return user


def test_that_an_hpa_may_start_a_suspended_type_is_in_the_status_as_long_as_it_may(user: Client) -> None:
    user.apply(a_formation(processes={"worker": a_process()}))
    user.apply(an_hpa_to_zero())
    user.reported()
    suspend(user)
    eventually(user.meets)

    say_scaled_to_zero(user, "True")

    stalled = eventually(lambda: user.condition("Stalled"))
    assert stalled["reason"] == "CannotSuspend"
    assert "HorizontalPodAutoscaler/shop-worker-deployment" in stalled["message"]
    assert "spec.behavior.scaleUp.selectPolicy to Disabled" in stalled["message"]
    user.merge(*HPA, HELD)
    eventually(user.meets)
    user.merge(*HPA, FREE)
    eventually(lambda: user.condition("Stalled"))
    say_scaled_to_zero(user, "False")
    eventually(user.meets)


@pytest.mark.alone
@pytest.mark.long
@pytest.mark.node
def test_a_suspended_type_that_an_hpa_starts_is_stopped_and_goes_on_once_it_is_started_again(
    scaled: Client, jobs: Jobs
) -> None:
    suspend(scaled)
    stalled = eventually(lambda: scaled.condition("Stalled"))
    assert stalled["reason"] == "CannotSuspend"
    record = Record(scaled, "shop-worker")

    jobs.waiting = 3

    eventually(lambda: scaled_to_zero(scaled) == "False")
    eventually(scaled.meets)
    assert throughout(ROUNDS, lambda: count(scaled)) == 0
    assert record.counts() == [0, 3, 0]
    (note,) = scaled.events("DriftRepaired")
    assert note.endswith("The Formation decides about it, and is suspended")
    suspend(scaled, suspended=False)
    eventually(lambda: count(scaled) == 3)
