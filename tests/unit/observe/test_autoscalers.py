"""Whom an autoscaler scales: a target has a group as well as a kind and a name."""

import dataclasses
import itertools
from typing import Any

import pytest

from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import HPA, SCALED_OBJECT
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane


def targeting(scaler: str, **target: Any) -> Autoscaler:
    metadata = {"name": "jobs", "namespace": "default", "resourceVersion": "5"}
    return autoscalers.autoscaler({"metadata": metadata, "spec": {"scaleTargetRef": target}}, scaler)


WORKER = {"kind": "Deployment", "name": "shop-worker"}
SHOP = {"kind": "Formation", "name": "shop"}


@pytest.mark.parametrize("kind", kinds.AUTOSCALERS)
@pytest.mark.parametrize("version", ["apps/v1", "apps/v2beta1"])
def test_a_deployment_is_scaled_whatever_version_of_its_group_is_named(kind: str, version: str) -> None:
    scaler = targeting(kind, apiVersion=version, **WORKER)
    assert autoscalers.of_child(autoscalers.deciding([scaler]), "shop-worker") is scaler


@pytest.mark.parametrize("kind", kinds.AUTOSCALERS)
@pytest.mark.parametrize("version", ["example.com/v1", "extensions/v1beta1", "v1", "apps.example.com/v1"])
def test_a_deployment_of_another_group_is_none_of_ours(kind: str, version: str) -> None:
    assert (
        autoscalers.of_child(
            autoscalers.deciding([targeting(kind, apiVersion=version, **WORKER)]), "shop-worker"
        )
        is None
    )


def test_a_formation_is_scaled_whatever_version_of_its_group_is_named() -> None:
    for version in ("formations.dev/v1", "formations.dev/v2"):
        scaler = targeting(HPA, apiVersion=version, **SHOP)
        assert autoscalers.of_formation(autoscalers.deciding([scaler]), "shop") is scaler


@pytest.mark.parametrize("version", ["example.com/v1", "apps/v1", "v1"])
def test_a_formation_of_another_group_is_none_of_ours(version: str) -> None:
    assert (
        autoscalers.of_formation(autoscalers.deciding([targeting(HPA, apiVersion=version, **SHOP)]), "shop")
        is None
    )


def test_a_scaled_object_that_names_no_version_or_kind_scales_a_deployment() -> None:
    for target in ({"name": "shop-worker"}, WORKER):
        scaler = targeting(SCALED_OBJECT, **target)
        assert autoscalers.of_child(autoscalers.deciding([scaler]), "shop-worker") is scaler


def test_an_hpa_that_names_no_version_finds_no_deployment_either() -> None:
    assert autoscalers.of_child(autoscalers.deciding([targeting(HPA, **WORKER)]), "shop-worker") is None


@pytest.mark.parametrize("version", [None, 7, [], {}])
def test_a_version_that_is_no_text_is_read_as_none(version: Any) -> None:
    scaler = targeting(SCALED_OBJECT, apiVersion=version, **WORKER)
    assert autoscalers.of_child(autoscalers.deciding([scaler]), "shop-worker") is scaler


def test_of_several_autoscalers_kedas_counts_and_then_the_first_by_its_name() -> None:
    def named(kind: str, name: str) -> Autoscaler:
        return dataclasses.replace(targeting(kind, apiVersion="apps/v1", **WORKER), name=name)

    ordered = [named(SCALED_OBJECT, "b"), named(SCALED_OBJECT, "c"), named(HPA, "a"), named(HPA, "d")]
    for each in itertools.permutations(ordered):
        assert autoscalers.deciding(each) == {ordered[0].target: ordered[0]}


ACTIVE = {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"}
TO_ZERO = {"type": "ScaledToZero", "status": "True", "reason": "ScaledToZero"}
HELD = {"scaleUp": {"selectPolicy": "Disabled"}}


def scaled_to_zero(status: str = "True", minimum: int = 0, behavior: Any = None) -> Autoscaler:
    """Return an HPA that has a condition about whether it scaled to zero itself."""
    metadata = {"name": "jobs", "namespace": "default", "resourceVersion": "5"}
    target = {"apiVersion": "apps/v1", **WORKER}
    spec = {"scaleTargetRef": target, "minReplicas": minimum, "behavior": behavior}
    conditions = [ACTIVE, {**TO_ZERO, "status": status}]
    raw = {"metadata": metadata, "spec": spec, "status": {"conditions": conditions}}
    return autoscalers.autoscaler(raw, HPA)


def test_an_hpa_starts_from_the_zero_that_it_made_unless_it_may_not_scale_up() -> None:
    assert scaled_to_zero().starts_from_zero
    assert scaled_to_zero(behavior={"scaleUp": {"selectPolicy": "Max"}}).starts_from_zero
    assert not scaled_to_zero("False").starts_from_zero
    assert not scaled_to_zero(behavior=HELD).starts_from_zero
    assert scaled_to_zero(minimum=1, behavior=HELD).starts_from_zero, "then it brings it to its minimum"
    assert not targeting(HPA, apiVersion="apps/v1", **WORKER).starts_from_zero, "it has no status yet"


def test_that_an_hpa_scales_to_zero_from_now_on_or_no_more_requests_a_pass() -> None:
    off, on = scaled_to_zero("False"), scaled_to_zero()
    assert [autoscalers.lane_of(*each) for each in ((off, on), (on, off))] == [Lane.BUILD, Lane.BUILD]
    assert autoscalers.lane_of(on, scaled_to_zero()) is None


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
    metadata = {"name": "jobs", "namespace": "default", "resourceVersion": "5", "annotations": written}
    raw = {"metadata": metadata, "spec": {"scaleTargetRef": WORKER}}
    assert autoscalers.autoscaler(raw, SCALED_OBJECT).starts_from_zero is starts


@pytest.mark.parametrize("odd", [5000 * "x", "\U0001f600", "Deployment" + 244 * "t"])
def test_nothing_is_kept_of_a_target_that_there_cannot_be(odd: str) -> None:
    scaler = targeting(SCALED_OBJECT, apiVersion=f"{odd}/v1", kind=odd, name=odd + 200 * "x")
    assert scaler.target == ("", "", "")
    assert not autoscalers.concerned(Change(None, scaler), lambda _: {("default", "shop"): {}})


def test_the_longest_names_that_there_can_be_are_kept() -> None:
    name, kind, group = 253 * "n", 63 * "k", 253 * "g"
    scaler = targeting(HPA, apiVersion=f"{group}/v1", kind=kind, name=name)
    assert scaler.target == (group, kind, name)
