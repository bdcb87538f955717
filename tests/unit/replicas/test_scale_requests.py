"""Which changes of a child's count are requests, and which side moved."""

import dataclasses
from typing import Any

import pytest

from formation_operator.api.formation import Formation, FormationSpec, Metadata, ProcessType
from formation_operator.api.formation_status import UNREPORTED, FormationStatus, ProcessStatus
from formation_operator.observe.children import Child
from formation_operator.observe.snapshot import Snapshot
from formation_operator.replicas import scale_requests
from formation_operator.replicas.scale_requests import Answer
from formation_operator.settings import Settings
from tests.unit.facts import HPA, a_child

SCALED = a_child(replicas=7, remembered=4, count_set_by="k9s")
ANSWERED = Answer(SCALED.uid, judged=7, count=7)


def but(**facts: Any) -> Child:
    """Return the scaled Deployment with some other facts."""
    return dataclasses.replace(SCALED, **facts)


EDITED = but(count_set_by="argocd-server", scaled=False)


def a_snapshot(**changes: Any) -> Snapshot:
    spec = FormationSpec(
        processes={"worker": ProcessType(replicas=changes.get("declared", 4))}, suspend=changes.get("suspend")
    )
    metadata = Metadata(name="shop", namespace="shop", uid="uid-1", generation=3)
    status = FormationStatus(
        observed_generation=3 if changes.get("is_current") else 2,
        processes={"worker": changes.get("before", UNREPORTED)},
    )
    return Snapshot({}, Formation(metadata=metadata, spec=spec), {}, (), False, (), 0.0, status)


def judge(child: Any = SCALED, **changes: Any) -> str | None:
    settings = changes.get("settings", Settings())
    return scale_requests.judge(a_snapshot(**changes), "worker", child, changes.get("answer"), settings)


def test_a_scale_request_is_written_through() -> None:
    assert scale_requests.patch(a_snapshot(), "worker", 7, generation=3) == [
        {"op": "test", "path": "/metadata/uid", "value": "uid-1"},
        {"op": "test", "path": "/metadata/generation", "value": 3},
        {"op": "test", "path": "/spec/processes/worker/replicas", "value": 4},
        {"op": "replace", "path": "/spec/processes/worker/replicas", "value": 7},
    ]
    notice = scale_requests.notice(a_snapshot(), "worker", SCALED, "")
    assert "k9s scaled Deployment shop-worker from 4 to 7" in notice.note


SEEN = ProcessStatus(desired_replicas=7)
OF_HPA = ProcessStatus(desired_replicas=7, replicas_managed_by="HorizontalPodAutoscaler/worker")
NO_REQUESTS: dict[str, tuple[Child, dict[str, Any]]] = {
    "turned off": (SCALED, {"settings": Settings(write_through=False)}),
    "no declared count": (SCALED, {"declared": None}),
    "an edit": (EDITED, {}),
    "an HPA's": (but(count_set_by="kube-controller-manager"), {}),
    "KEDA's": (but(count_set_by="keda"), {}),
    "KEDA's, as its Deployment is called": (but(count_set_by="keda-operator"), {}),
    "what an autoscaler left behind": (but(count_set_by=""), {"before": OF_HPA}),
    "asked for while the count was omitted": (but(remembered=None), {"before": SEEN}),
    "set by nobody while the count was omitted": (but(remembered=None, count_set_by=""), {}),
    "answered already": (SCALED, {"answer": ANSWERED}),
    "the same count": (but(replicas=4), {}),
    "the zero of a suspension": (but(replicas=0), {"suspend": True}),
}
REQUESTS: dict[str, tuple[Child, dict[str, Any]]] = {
    "a client that is honoured by name may edit": (EDITED, {"settings": Settings(honour=("argocd-server",))}),
    "a person may scale as soon as an autoscaler has gone": (SCALED, {"before": OF_HPA}),
    "an earlier one never reached the Deployment": (
        but(replicas=9),
        {"declared": 7, "before": SEEN, "is_current": True},
    ),
    "an earlier one, which was answered, didn't": (but(replicas=9), {"declared": 7, "answer": ANSWERED}),
    "while suspended it changes the count to come back to": (SCALED, {"suspend": True}),
    "one to zero leaves no name": (but(replicas=0, count_set_by=""), {}),
}
OVERRULED: dict[str, tuple[Child, dict[str, Any]]] = {
    "there is no base": (but(remembered=None), {}),
    "both moved": (but(remembered=3), {}),
    "the status is of an older spec": (SCALED, {"declared": 5, "before": SEEN}),
    "the Formation was changed after an answer": (but(replicas=9), {"answer": ANSWERED}),
}


@pytest.mark.parametrize(("child", "changes"), NO_REQUESTS.values(), ids=NO_REQUESTS)
def test_what_is_no_request_is_not_written_through(child: Child, changes: dict[str, Any]) -> None:
    assert judge(child, **changes) is None


@pytest.mark.parametrize(("child", "changes"), REQUESTS.values(), ids=REQUESTS)
def test_a_count_that_a_client_asks_for_is_a_request(child: Child, changes: dict[str, Any]) -> None:
    assert judge(child, **changes) == ""


@pytest.mark.parametrize(("child", "changes"), OVERRULED.values(), ids=OVERRULED)
def test_without_a_base_or_if_both_moved_the_formation_wins(child: Child, changes: dict[str, Any]) -> None:
    why = judge(child, **changes)
    assert why
    assert scale_requests.notice(a_snapshot(**changes), "worker", child, why).reason == "ScaleOverruled"


def test_an_autoscaler_on_a_singleton_is_told_of() -> None:
    spec = FormationSpec(processes={"worker": ProcessType(singleton=True)})
    assert "several processes of a singleton" in next(
        scale_requests.contended(spec, "shop", {HPA.target: HPA})
    )
