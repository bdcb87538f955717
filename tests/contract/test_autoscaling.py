"""The autoscaler that a Formation declares, with the API server's defaults and the real HPA controller."""

from typing import Any

import pytest

from tests.contract.counting import Record, an_hpa, an_hpa_to_zero, count, managed_by
from tests.live.client import Client, eventually, throughout
from tests.shared.builders import a_formation, a_process
from tests.shared.minors import is_before, since

HPA = ("hpa", "shop-worker")
OURS = "HorizontalPodAutoscaler/shop-worker"
BUSY = a_process(replicas=4)
AT_ONCE: dict[str, Any] = {"scaleDown": {"stabilizationWindowSeconds": 0}}
TOLERANT: dict[str, Any] = {"scaleUp": {"tolerance": "0.05"}}


def scaled(minimum: int, process: dict[str, Any] = BUSY, **fields: Any) -> dict[str, Any]:
    """Return a Formation whose worker is scaled between a minimum and twenty."""
    bounds = {"minReplicas": minimum, "maxReplicas": 20, **fields}
    return a_formation(processes={"worker": {**process, "autoscaling": bounds}})


def by_jobs(minimum: int = 1) -> dict[str, Any]:
    metrics = an_hpa_to_zero()["spec"]["metrics"]
    return scaled(minimum, a_process(), metrics=metrics, behavior=AT_ONCE)


def written(user: Client) -> list[dict[str, Any]]:
    """Return what the API server keeps of the operator's writes to the autoscaler, with their time."""
    managed = user.get(*HPA)["metadata"]["managedFields"]
    return [each for each in managed if each["manager"] == "formation-operator"]


def test_a_declared_autoscaler_takes_the_count_in_one_step_and_gives_it_back_in_one(user: Client) -> None:
    user.applied(a_formation(processes={"worker": BUSY}))
    record = Record(user, "shop-worker")

    user.apply(scaled(6))

    eventually(lambda: count(user) == 6)
    eventually(lambda: managed_by(user) == OURS)
    user.apply(scaled(1))
    eventually(lambda: user.get(*HPA)["spec"]["minReplicas"] == 1)
    user.apply(a_formation(processes={"worker": BUSY}))

    eventually(lambda: user.find(*HPA) is None)
    eventually(lambda: count(user) == 4)
    eventually(lambda: managed_by(user) is None)
    assert record.counts() == [4, 6, 4]
    assert not user.condition("ScalingContended")
    assert not user.events("DriftRepaired")


def test_what_the_api_server_adds_to_an_autoscaler_is_no_difference(user: Client) -> None:
    user.apply(scaled(2, a_process(), behavior=AT_ONCE))
    made = eventually(lambda: user.find(*HPA))
    eventually(lambda: count(user) == 2)
    user.reported()
    (metric,) = made["spec"]["metrics"]
    assert metric["containerResource"]["container"] == "worker"

    before = written(user)
    user.applied(scaled(2, a_process(env=[{"name": "A", "value": "1"}]), behavior=AT_ONCE))
    assert written(user) == before
    assert not user.events("DriftRepaired")
    user.merge(*HPA, {"spec": {"maxReplicas": 9}})
    eventually(lambda: user.get(*HPA)["spec"]["maxReplicas"] == 20)
    eventually(lambda: user.events("DriftRepaired"))


@pytest.mark.parametrize(
    ("formation", "minor", "refusal"),
    [
        (by_jobs(0), "1.37", "spec.minReplicas: Invalid value: 0"),
        (scaled(1, a_process(), behavior=TOLERANT), "1.33", "tolerance: field not declared in schema"),
    ],
    ids=["a minimum of zero", "a field"],
)
def test_what_an_older_api_server_refuses_of_an_autoscaler_is_said_and_hurts_nothing(
    user: Client, formation: dict[str, Any], minor: str, refusal: str
) -> None:
    user.apply(formation)

    if is_before(minor):
        stalled = eventually(lambda: user.condition("Stalled"))
        assert refusal in stalled["message"]
        assert user.find(*HPA) is None
        user.apply(by_jobs())
    eventually(lambda: user.find(*HPA))
    eventually(lambda: not user.condition("Stalled"))
    assert count(user) == 1


@since("1.33", "an older API server refuses the field")
def test_a_field_that_an_older_api_server_drops_is_said_once_and_is_not_written_again(user: Client) -> None:
    user.apply(scaled(2, a_process(), behavior=TOLERANT))
    made = eventually(lambda: user.find(*HPA))
    before = written(user)
    assert made["spec"]["behavior"]["scaleUp"].get("tolerance") == (None if is_before("1.35") else "50m")

    user.applied(scaled(2, a_process(env=[{"name": "A", "value": "1"}]), behavior=TOLERANT))

    assert throughout(5, lambda: written(user)) == before
    eventually(lambda: len(user.events("FieldsDropped")) == (1 if is_before("1.35") else 0))
    assert not user.events("DriftRepaired")


def test_another_autoscaler_of_its_name_is_left_alone_and_ours_follows_it_without_a_dip(user: Client) -> None:
    own = an_hpa(5)
    own["metadata"]["name"] = "shop-worker"
    user.apply(a_formation(processes={"worker": a_process()}))
    user.apply(own)
    eventually(lambda: count(user) == 5)
    record = Record(user, "shop-worker")

    user.apply(scaled(5, a_process()))

    stalled = eventually(lambda: user.condition("Stalled"))
    assert stalled["reason"] == "NameTaken"
    assert "remove spec.processes.worker.autoscaling" in stalled["message"]
    user("delete", *HPA)
    eventually(lambda: (user.find(*HPA) or {}).get("spec", {}).get("maxReplicas") == 20)
    eventually(lambda: user.get(*HPA)["metadata"].get("ownerReferences"))
    eventually(lambda: user.condition("Ready", "shop"))
    assert record.counts() == [5]
