"""Whom an autoscaler scales: a target has a group as well as a kind and a name."""

import dataclasses
import itertools
from typing import Any

import pytest

from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import HPA, SCALED_OBJECT
from formation_operator.observe import autoscalers, watched
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.requeue import Lane


def an_autoscaler(
    kind: str, target: Any, annotations: Any = None, conditions: Any = (), **spec: Any
) -> Autoscaler:
    metadata = {"name": "jobs", "namespace": "default", "resourceVersion": "5", "annotations": annotations}
    about = {"spec": {"scaleTargetRef": target, **spec}, "status": {"conditions": conditions}}
    return autoscalers.autoscaler({"metadata": metadata, **about}, kind)


WORKER = {"kind": "Deployment", "name": "shop-worker"}
OURS = {"apiVersion": "apps/v1", **WORKER}
SHOP = {"kind": "Formation", "name": "shop"}
OTHERS = ("example.com/v1", "extensions/v1beta1", "v1", "apps.example.com/v1")
NO_TEXTS: list[Any] = [None, 7, [], {}]
TARGETS: list[tuple[str, dict[str, Any], bool]] = [
    *((kind, OURS, True) for kind in kinds.AUTOSCALERS),
    *((kind, {"apiVersion": "apps/v2beta1", **WORKER}, True) for kind in kinds.AUTOSCALERS),
    *((kind, {"apiVersion": each, **WORKER}, False) for kind in kinds.AUTOSCALERS for each in OTHERS),
    *((HPA, {"apiVersion": f"formations.dev/{each}", **SHOP}, True) for each in ("v1", "v2")),
    *((HPA, {"apiVersion": each, **SHOP}, False) for each in ("apps/v1", *OTHERS)),
    (HPA, WORKER, False),
    (SCALED_OBJECT, WORKER, True),
    (SCALED_OBJECT, {"name": "shop-worker"}, True),
    *((SCALED_OBJECT, {"apiVersion": no_text, **WORKER}, True) for no_text in NO_TEXTS),
]
"""What an autoscaler of a kind says that it scales, and whether it finds that."""


@pytest.mark.parametrize(("kind", "target", "found"), TARGETS, ids=str)
def test_what_is_scaled_has_the_group_that_is_named_whatever_the_version(
    kind: str, target: dict[str, Any], found: bool
) -> None:
    scaler = an_autoscaler(kind, target)
    deciding = autoscalers.deciding([scaler])
    scales = autoscalers.of_child(deciding, "shop-worker"), autoscalers.of_formation(deciding, "shop")
    assert [each for each in scales if each] == [scaler] * found


def test_of_several_autoscalers_kedas_counts_and_then_the_first_by_its_name() -> None:
    def named(kind: str, name: str) -> Autoscaler:
        return dataclasses.replace(an_autoscaler(kind, OURS), name=name)

    ordered = [named(SCALED_OBJECT, "b"), named(SCALED_OBJECT, "c"), named(HPA, "a"), named(HPA, "d")]
    for each in itertools.permutations(ordered):
        assert autoscalers.deciding(each) == {ordered[0].target: ordered[0]}


ACTIVE = {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"}
TO_ZERO = {"type": "ScaledToZero", "status": "True", "reason": "ScaledToZero"}
HELD = {"scaleUp": {"selectPolicy": "Disabled"}}


def scaled_to_zero(status: str = "True", minimum: int = 0, behavior: Any = None) -> Autoscaler:
    """Return an HPA that has a condition about whether it scaled to zero itself."""
    conditions = [ACTIVE, {**TO_ZERO, "status": status}]
    return an_autoscaler(HPA, OURS, conditions=conditions, minReplicas=minimum, behavior=behavior)


def test_an_hpa_starts_from_the_zero_that_it_made_unless_it_may_not_scale_up() -> None:
    assert scaled_to_zero().starts_from_zero
    assert scaled_to_zero(behavior={"scaleUp": {"selectPolicy": "Max"}}).starts_from_zero
    assert not scaled_to_zero("False").starts_from_zero
    assert not scaled_to_zero(behavior=HELD).starts_from_zero
    assert scaled_to_zero(minimum=1, behavior=HELD).starts_from_zero, "then it brings it to its minimum"
    assert not an_autoscaler(HPA, OURS).starts_from_zero, "nothing is said yet"


def test_that_an_hpa_scales_to_zero_from_now_on_or_no_more_requests_a_pass() -> None:
    off, on = scaled_to_zero("False"), scaled_to_zero()
    lanes = [watched.SCALED_OBJECTS.lane_of(*each) for each in ((off, on), (on, off))]
    assert lanes == [Lane.BUILD] * 2
    assert watched.SCALED_OBJECTS.lane_of(on, scaled_to_zero()) is None


@pytest.mark.parametrize(
    ("annotations", "starts"),
    [
        ({}, True),
        ({"paused-replicas": "0"}, False),
        ({"paused-replicas": "1"}, True),
        ({"paused": "true"}, False),
        ({"paused": "false"}, True),
        ({"paused": "true", "paused-replicas": "1"}, True),
        ({"paused": "false", "paused-replicas": "0"}, False),
    ],
    ids=str,
)
def test_a_scaled_object_starts_from_zero_unless_it_is_paused(
    annotations: dict[str, str], starts: bool
) -> None:
    written = {f"autoscaling.keda.sh/{name}": value for name, value in annotations.items()}
    assert an_autoscaler(SCALED_OBJECT, WORKER, written).starts_from_zero is starts


@pytest.mark.parametrize("odd", [5000 * "x", "\U0001f600", "Deployment" + 244 * "t"])
def test_nothing_is_kept_of_a_target_that_there_cannot_be(odd: str) -> None:
    target = {"apiVersion": f"{odd}/v1", "kind": odd, "name": odd + 200 * "x"}
    scaler = an_autoscaler(SCALED_OBJECT, target)
    assert scaler.target == ("", "", "")
    assert not [*autoscalers.scaled(scaler, lambda _: {("default", "shop"): {}})]


def test_the_longest_names_that_there_can_be_are_kept() -> None:
    name, kind, group = 253 * "n", 63 * "k", 253 * "g"
    scaler = an_autoscaler(HPA, {"apiVersion": f"{group}/v1", "kind": kind, "name": name})
    assert scaler.target == (group, kind, name)
