"""KEDA's webhook and a type's own autoscaler: one at a time."""

import pytest

from tests.builders import Manifest, a_formation, a_process, text
from tests.client import Client, eventually
from tests.contract.counting import Record, count, managed_by
from tests.neighbours.keda import a_scaled_object

pytestmark = [pytest.mark.alone, pytest.mark.long]
OURS = "HorizontalPodAutoscaler/shop-worker"
THEIRS = "ScaledObject/shop-worker"
BOUNDS = {"minReplicas": 3, "maxReplicas": 5}


def shop(**fields: object) -> Manifest:
    return a_formation(processes={"worker": a_process(**fields)})


def test_a_scaled_object_is_refused_while_its_type_has_an_autoscaler_and_accepted_after_it_without_a_dip(
    with_keda: Client,
) -> None:
    with_keda.apply(shop(autoscaling=BOUNDS))
    eventually(lambda: managed_by(with_keda) == OURS and count(with_keda) == 3)
    record = Record(with_keda, "shop-worker")

    refused = with_keda("apply", "-f", "-", input=text(a_scaled_object()), check=False)
    assert refused.returncode
    assert "is already managed by the hpa 'shop-worker'" in refused.stderr
    with_keda.apply(shop())
    eventually(lambda: with_keda.find("hpa", "shop-worker") is None)
    with_keda.apply(a_scaled_object())
    eventually(lambda: managed_by(with_keda) == THEIRS)
    with_keda.apply(shop(autoscaling=BOUNDS))
    eventually(lambda: with_keda.condition("ScalingContended"))
    assert with_keda.find("hpa", "shop-worker") is None
    with_keda("delete", "scaledobject", "shop-worker")

    eventually(lambda: managed_by(with_keda) == OURS)
    eventually(lambda: not with_keda.condition("ScalingContended"))
    assert record.counts() == [3]
