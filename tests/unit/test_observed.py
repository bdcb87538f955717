"""The facts of a live Deployment."""

from typing import Any

import pytest

from formation_operator import observed, reading
from formation_operator.observed import Rollout
from tests.unit.test_plan import INTENT

FIGURES = {"replicas": 3, "updatedReplicas": 2, "readyReplicas": 1, "availableReplicas": 1}


def rollout(*conditions: dict[str, str], **status: Any) -> Rollout:
    raw = {
        **INTENT.manifest,
        "metadata": {
            **INTENT.manifest["metadata"],
            "namespace": "default",
            "uid": "child-1",
            "resourceVersion": "5",
            "generation": 4,
            "annotations": {observed.REVISION_ANNOTATION: "7"},
        },
        "status": {"observedGeneration": 4, **FIGURES, "conditions": [*conditions], **status},
    }
    return observed.child(raw, "Deployment").rollout


def condition(kind: str, status: str, message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "message": message}


def test_the_figures_are_its_controllers_own() -> None:
    assert rollout() == Rollout(current=True, total=3, updated=2, ready=1, available=1, revision="7")


def test_figures_of_an_older_spec_are_known_as_such() -> None:
    assert not rollout(observedGeneration=3).current
    assert not observed.child({**INTENT.manifest, "metadata": fresh()}, "Deployment").rollout.current


def fresh() -> dict[str, Any]:
    own = {"namespace": "default", "uid": "child-1", "resourceVersion": "1", "generation": 1}
    return {**INTENT.manifest["metadata"], **own}


@pytest.mark.parametrize(
    ("conditions", "serving", "stuck", "blocked"),
    [
        ([condition("Available", "True"), condition("Progressing", "True", "fine")], True, None, None),
        (
            [condition("Available", "False"), condition("Progressing", "False", "timed out")],
            False,
            "timed out",
            None,
        ),
        ([condition("ReplicaFailure", "True", "quota")], False, None, "quota"),
        ([condition("ReplicaFailure", "False", "quota")], False, None, None),
    ],
    ids=["well", "past its deadline", "over a quota", "within its quota again"],
)
def test_what_its_controller_says_is_kept(
    conditions: list[dict[str, str]], serving: bool, stuck: str | None, blocked: str | None
) -> None:
    found = rollout(*conditions)
    assert (found.serving, found.stuck) == (serving, stuck)
    assert found.blocked == blocked


def test_a_page_that_a_webhook_answers_is_kept_as_a_line() -> None:
    blocked = rollout(condition("ReplicaFailure", "True", "denied:\n\n  no\tlabel " + "x" * 5000)).blocked
    assert blocked is not None
    assert blocked.startswith("denied: no label xxx")
    assert len(blocked) <= reading.LONGEST


def test_the_labels_of_a_deployment_name_its_formation_and_type() -> None:
    child = observed.child({**INTENT.manifest, "metadata": fresh()}, "Deployment")
    assert (child.formation, child.process_type) == ("shop", "worker")
    assert child.selected
    assert child.formation_key == ("default", "shop")
