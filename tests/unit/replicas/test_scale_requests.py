"""Which changes of a child's count are requests, and which side moved."""

import dataclasses
from typing import Any

import pytest

from formation_operator.api.formation import FormationSpec, ProcessType
from formation_operator.kube.events.notices import Notice
from formation_operator.observe.rollouts import NAMELESS, Setter
from formation_operator.replicas import scale_requests
from formation_operator.replicas.count_owner import Reported
from formation_operator.replicas.scale_requests import Answer, Policy, Request, Scaled, Unanswered
from tests.unit.facts import HPA, a_child

SCALED = a_child(replicas=7, remembered=4, count_set_by=Setter("k9s", scale=True))
EDITED = dataclasses.replace(SCALED, count_set_by=Setter("argocd-server", scale=False))


def judge(child: Any = SCALED, **changes: Any) -> Request | Notice | None:
    spec = FormationSpec(
        processes={"worker": ProcessType(replicas=changes.get("declared", 4))}, suspend=changes.get("suspend")
    )
    policy = changes.get("policy", Policy())
    known = {key: changes[key] for key in ("autoscaler", "before", "answer") if key in changes}
    scaled = Scaled("worker", child, **known)
    return scale_requests.judge(spec, scaled, policy)


def test_a_scale_request_is_written_through() -> None:
    request = judge()
    assert isinstance(request, Request)
    assert request.patch("uid-1", generation=3) == [
        {"op": "test", "path": "/metadata/uid", "value": "uid-1"},
        {"op": "test", "path": "/metadata/generation", "value": 3},
        {"op": "test", "path": "/spec/processes/worker/replicas", "value": 4},
        {"op": "replace", "path": "/spec/processes/worker/replicas", "value": 7},
    ]
    assert "k9s scaled Deployment shop-worker from 4 to 7" in request.honoured().note


@pytest.mark.parametrize(
    ("child", "changes"),
    [
        (SCALED, {"policy": Policy(write_through=False)}),
        (SCALED, {"autoscaler": HPA}),
        (SCALED, {"declared": None}),
        (EDITED, {}),
        (dataclasses.replace(SCALED, count_set_by=Setter("kube-controller-manager", scale=True)), {}),
        (dataclasses.replace(SCALED, count_set_by=Setter("keda", scale=True)), {}),
        (dataclasses.replace(SCALED, count_set_by=Setter("keda-operator", scale=True)), {}),
        (dataclasses.replace(SCALED, count_set_by=NAMELESS), {"before": Reported(7, autoscaled=True)}),
        (dataclasses.replace(SCALED, remembered=None), {"before": Reported(7)}),
        (SCALED, {"answer": Answer(SCALED.uid, judged=7, count=7)}),
        (dataclasses.replace(SCALED, replicas=4), {}),
        (dataclasses.replace(SCALED, replicas=0), {"suspend": True}),
    ],
    ids=[
        "turned off",
        "an autoscaler's",
        "no declared count",
        "an edit",
        "an HPA's",
        "KEDA's",
        "KEDA's, as its Deployment is called",
        "what an autoscaler left behind",
        "asked for while the count was omitted",
        "answered already",
        "the same count",
        "the zero of a suspension",
    ],
)
def test_what_is_no_request_is_not_written_through(child: Any, changes: dict[str, Any]) -> None:
    assert judge(child, **changes) is None


def test_a_client_that_is_honoured_by_name_may_edit() -> None:
    assert isinstance(judge(EDITED, policy=Policy(honoured=frozenset({"argocd-server"}))), Request)


@pytest.mark.parametrize("base", [None, 3], ids=["no base", "both moved"])
def test_without_a_base_or_if_both_moved_the_formation_wins(base: int | None) -> None:
    verdict = judge(dataclasses.replace(SCALED, remembered=base))
    assert isinstance(verdict, Notice)
    assert verdict.reason == "ScaleOverruled"


def test_a_person_may_scale_as_soon_as_an_autoscaler_has_gone() -> None:
    assert isinstance(judge(before=Reported(4, autoscaled=True)), Request)


def test_a_request_is_one_although_an_earlier_one_never_reached_the_deployment() -> None:
    seen = Reported(desired=7, current=True)
    request = judge(dataclasses.replace(SCALED, replicas=9), declared=7, before=seen)
    assert isinstance(request, Request)
    assert (request.declared, request.wanted) == (7, 9)
    assert isinstance(judge(SCALED, declared=5, before=dataclasses.replace(seen, current=False)), Notice)


@pytest.mark.parametrize(("declared", "honoured"), [(7, True), (4, False)])
def test_a_request_after_one_that_never_reached_the_deployment_is_judged_by_its_answer(
    declared: int, honoured: bool
) -> None:
    answer = Answer(SCALED.uid, judged=7, count=7)
    again = dataclasses.replace(SCALED, replicas=9)
    assert isinstance(judge(again, declared=declared, answer=answer), Request if honoured else Notice)


@pytest.mark.parametrize(
    ("generation", "declared", "count"), [(3, 4, 4), (4, 4, 4), (4, 5, 4), (4, 7, 7), (5, 7, 7), (5, 4, 7)]
)
def test_a_write_without_an_answer_made_the_very_next_generation_or_none(
    generation: int, declared: int, count: int
) -> None:
    answer = Answer(SCALED.uid, judged=None, count=4, unanswered=Unanswered(3, 7))
    assert answer.resolved(generation, declared).count == count
    assert (answer.resolved(generation, declared).unanswered is None) == (generation > 3)
    assert not answer.resolved(generation, declared).is_about(SCALED)


def test_an_autoscaler_on_a_singleton_is_told_of() -> None:
    spec = FormationSpec(processes={"worker": ProcessType(singleton=True)})
    assert "several processes of a singleton" in next(
        scale_requests.contended(spec, "shop", {HPA.target: HPA})
    )


def test_a_scale_while_suspended_changes_the_count_to_come_back_to() -> None:
    request = judge(suspend=True)
    assert isinstance(request, Request)
    assert request.wanted == 7


def test_a_scale_request_to_zero_leaves_no_name_and_is_honoured_all_the_same() -> None:
    request = judge(dataclasses.replace(SCALED, replicas=0, count_set_by=NAMELESS))
    assert isinstance(request, Request)
    assert request.wanted == 0


def test_a_count_that_was_omitted_until_now_was_set_by_nobody() -> None:
    assert judge(dataclasses.replace(SCALED, replicas=1, remembered=None, count_set_by=NAMELESS)) is None
