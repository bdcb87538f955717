"""A type's own autoscaler and a real KEDA: one at a time sets the count, and none is lost between them."""

import pytest

from hack.operator_process import OperatorProcess
from tests.contract.counting import Record, count, managed_by
from tests.live.client import Client, eventually, throughout
from tests.neighbours.keda import a_scaled_object, add_jobs
from tests.shared.builders import Manifest, a_formation, a_process, text

pytestmark = [pytest.mark.alone, pytest.mark.long, pytest.mark.node]
OURS = "HorizontalPodAutoscaler/shop-worker"
THEIRS = "ScaledObject/shop-worker"
KEDAS_HPA = ("hpa", "keda-hpa-shop-worker")
BOUNDS = {"minReplicas": 3, "maxReplicas": 5}
SUSPEND, RESUME = ({"spec": {"suspend": value}} for value in (True, None))
PAUSED = "autoscaling.keda.sh/paused"
ROUNDS = 20.0
"""Seconds in which both autoscalers look at least once."""


def shop(**fields: object) -> Manifest:
    """Return a Formation whose worker has no count of its own."""
    return a_formation(processes={"worker": a_process(**fields)})


def scaled_by_keda(user: Client, minimum: int) -> None:
    """Have KEDA scale the worker to a minimum."""
    user.applied(shop())
    user.apply(a_scaled_object(minimum))
    eventually(lambda: (managed_by(user), count(user)) == (THEIRS, minimum))


def scaled_by_jobs(user: Client, number: int) -> None:
    """Have KEDA scale the worker from zero to a number of jobs that wait."""
    scaled_by_keda(user, 0)
    add_jobs(user, number)
    eventually(lambda: count(user) == number, patience=120)


def test_keda_is_refused_while_a_type_has_its_own_autoscaler_and_follows_it_without_a_dip(
    scaled: Client,
) -> None:
    scaled.apply(shop(autoscaling=BOUNDS))
    eventually(lambda: managed_by(scaled) == OURS and count(scaled) == 3)
    record = Record(scaled, "shop-worker")

    refused = scaled("apply", "-f", "-", input=text(a_scaled_object(3)), check=False)
    assert "is already managed by the hpa 'shop-worker'" in refused.stderr
    scaled.apply(shop())
    eventually(lambda: scaled.find("hpa", "shop-worker") is None)
    scaled.apply(a_scaled_object(3))

    eventually(lambda: managed_by(scaled) == THEIRS)
    eventually(lambda: scaled.find(*KEDAS_HPA))
    assert throughout(ROUNDS, lambda: count(scaled)) == 3
    assert record.counts() == [3]
    assert not scaled.condition("ScalingContended")


def test_a_declared_autoscaler_waits_for_keda_to_go_and_follows_it_without_a_dip(scaled: Client) -> None:
    scaled_by_keda(scaled, 3)
    eventually(lambda: scaled.find(*KEDAS_HPA))
    record = Record(scaled, "shop-worker")

    scaled.apply(shop(autoscaling=BOUNDS))
    contended = eventually(lambda: scaled.condition("ScalingContended"))
    assert THEIRS in contended["message"]
    assert throughout(5, lambda: scaled.find("hpa", "shop-worker")) is None
    scaled("delete", "scaledobject", "shop-worker")

    eventually(lambda: managed_by(scaled) == OURS)
    eventually(lambda: not scaled.condition("ScalingContended"))
    assert throughout(ROUNDS, lambda: count(scaled)) == 3
    assert record.counts() == [3]


def test_a_type_that_keda_scales_to_zero_is_ready_and_its_jobs_start_it_again(scaled: Client) -> None:
    scaled.applied(shop())
    record = Record(scaled, "shop-worker")
    scaled.apply(a_scaled_object(0))
    eventually(lambda: count(scaled) == 0)
    eventually(lambda: scaled.condition("Ready")["status"] == "True")  # type: ignore[index]
    assert scaled.reported()["status"]["processes"]["worker"]["state"] == "Idle"

    add_jobs(scaled, 3)

    eventually(lambda: count(scaled) == 3, patience=120)
    assert record.counts() == [1, 0, 1, 3]
    assert not scaled.events("DriftRepaired")


def test_what_keda_scaled_while_the_operator_was_down_stays(
    scaled: Client, interrupted: OperatorProcess
) -> None:
    scaled_by_keda(scaled, 1)
    record = Record(scaled, "shop-worker")
    interrupted.stop()
    add_jobs(scaled, 4)
    eventually(lambda: count(scaled) == 4, patience=120)

    interrupted.start()

    scaled.applied(shop(env=[{"name": "A", "value": "1"}]))
    assert throughout(5, lambda: count(scaled)) == 4
    assert record.counts() == [1, 4]


def test_a_paused_scaled_object_lets_its_type_be_suspended_and_come_back_with_its_count(
    scaled: Client,
) -> None:
    scaled_by_jobs(scaled, 3)
    scaled("annotate", "scaledobject/shop-worker", f"{PAUSED}=true")
    eventually(lambda: scaled.find(*KEDAS_HPA) is None)
    record = Record(scaled, "shop-worker")

    scaled.merge("formation", "shop", SUSPEND)
    eventually(lambda: count(scaled) == 0)
    assert throughout(ROUNDS, lambda: count(scaled)) == 0
    scaled.merge("formation", "shop", RESUME)
    eventually(lambda: count(scaled) == 3)
    scaled("annotate", "scaledobject/shop-worker", f"{PAUSED}-")

    eventually(lambda: scaled.find(*KEDAS_HPA))
    assert throughout(ROUNDS, lambda: count(scaled)) == 3
    assert record.counts() == [3, 0, 3]


def test_a_suspension_that_keda_does_not_respect_is_not_fought_and_the_status_says_what_to_do(
    scaled: Client,
) -> None:
    scaled_by_jobs(scaled, 2)
    scaled.merge("formation", "shop", SUSPEND)

    stalled = eventually(lambda: scaled.condition("Stalled"))
    assert stalled["reason"] == "CannotSuspend"
    assert f'{PAUSED}: "true"' in stalled["message"]
    scaled("annotate", "scaledobject/shop-worker", f"{PAUSED}=true")
    scaled("scale", "deployment/shop-worker", "--replicas=0")

    eventually(lambda: not scaled.condition("Stalled"))
    assert throughout(10, lambda: count(scaled)) == 0
    scaled.merge("formation", "shop", RESUME)
    eventually(lambda: count(scaled) == 2)
