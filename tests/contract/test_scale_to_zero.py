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


def scaled_to_zero(user: Client) -> str | None:
    """Return whether the HPA says that it scaled to zero itself, if it says anything."""
    conditions = user.get(*HPA).get("status", {}).get("conditions") or []
    return next((each["status"] for each in conditions if each["type"] == "ScaledToZero"), None)


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
