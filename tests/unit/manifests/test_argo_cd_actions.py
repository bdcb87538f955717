"""The actions that Argo CD offers for a Formation, by the shipped scripts."""

import copy
from typing import Any

import pytest
from lupa import lua51

from formation_operator.api import naming
from tests.shared.builders import Manifest, a_formation, a_process, stored
from tests.shared.health_checks import ACTIONS, PATCH, act, offered

SHOP = {"processes": {"web": a_process(replicas=1), "worker": a_process()}}


def shop(**spec: Any) -> Manifest:
    return stored(a_formation(**{**copy.deepcopy(SHOP), **spec}))


@pytest.mark.parametrize(
    ("spec", "actions"),
    [
        ({}, {"stop", "pause", "scale"}),
        ({"suspend": False, "paused": False}, {"stop", "pause", "scale"}),
        ({"suspend": True}, {"start", "pause", "scale"}),
        ({"paused": True}, {"stop", "resume", "scale"}),
    ],
    ids=["running", "running, and Git says so", "stopped", "paused"],
)
def test_an_action_is_offered_where_it_changes_something(spec: Manifest, actions: set[str]) -> None:
    assert offered(shop(**spec)) == actions


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("stop", {}, {"suspend": True}),
        ("start", {"suspend": True}, {"suspend": False}),
        ("pause", {}, {"paused": True}),
        ("resume", {"paused": True}, {"paused": False}),
    ],
)
def test_an_action_changes_its_field_and_nothing_else(action: str, before: Manifest, after: Manifest) -> None:
    assert act(shop(**before), action) == shop(**after)


def test_scale_sets_the_count_of_one_type() -> None:
    changed = act(shop(), "scale", type="worker", replicas="0")
    assert changed["spec"]["processes"] == {**SHOP["processes"], "worker": a_process(replicas=0)}


OF_KEDA = {"processes": {"worker": {"replicasManagedBy": "HorizontalPodAutoscaler/keda-hpa"}}}
BOUNDS = {"worker": a_process(autoscaling={"maxReplicas": 3})}


@pytest.mark.parametrize(
    ("formation", "parameters", "refusal"),
    [
        (shop(), {"type": "wroker", "replicas": "2"}, "no process type 'wroker': the types are web, worker"),
        (shop(), {}, "no process type ''"),
        (shop(), {"type": "web", "replicas": "many"}, "replicas must be a whole number, 0 or more"),
        (shop(), {"type": "web", "replicas": "-1"}, "replicas must be a whole number, 0 or more"),
        (shop(), {"type": "web", "replicas": "1.5"}, "replicas must be a whole number, 0 or more"),
        (
            {**shop(), "status": OF_KEDA},
            {"type": "worker", "replicas": "2"},
            "HorizontalPodAutoscaler/keda-hpa decides how many worker processes there are: change its limits",
        ),
        (
            shop(processes=BOUNDS),
            {"type": "worker", "replicas": "2"},
            "spec.processes.worker.autoscaling decides how many",
        ),
    ],
    ids=["no such type", "nothing given", "no number", "negative", "half", "an autoscaler", "autoscaling"],
)
def test_scale_refuses_what_it_could_not_do(
    formation: Manifest, parameters: dict[str, str], refusal: str
) -> None:
    with pytest.raises(lua51.LuaError, match=refusal):
        act(formation, "scale", **parameters)


def test_each_action_that_is_offered_is_defined_for_formations() -> None:
    assert f"resource.customizations.actions.{naming.GROUP}_{naming.KIND}" in PATCH["data"]
    everything = offered(shop()) | offered(shop(suspend=True, paused=True))
    assert everything == {each["name"] for each in ACTIONS["definitions"]}
