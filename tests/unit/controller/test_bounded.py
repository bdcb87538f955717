"""What a pass computes grows no faster than its Formation, whatever that is made of.

The cost is compared, of a Formation and of one four times as large.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from formation_operator.api import bounds
from formation_operator.api.formation import Formation
from formation_operator.foreground import check
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import children, managed_fields
from formation_operator.observe.faults import Faults
from formation_operator.observe.pods import Pod
from formation_operator.observe.rollouts import DeploymentStatus
from formation_operator.render.intents import Intent
from formation_operator.status import conditions
from formation_operator.sync import drift_event
from tests.shared import builders
from tests.shared.builders import Manifest
from tests.unit import cost, facts, largest
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Looking

KEY = ("default", "shop")
SMALL = 48 * 1024


def first(formation: Manifest) -> tuple[Formation, Intent]:
    """Return a Formation and what its first type wants."""
    parsed = facts.parsed(formation)
    return parsed, facts.intents(parsed)[0]


def live(formation: Manifest) -> Manifest:
    """Return its first child as the API server gives it."""
    raw: Manifest = json.loads(json.dumps(largest.live(first(formation)[1].manifest)))
    return raw


def written(formation: Manifest) -> tuple[Manifest, str]:
    """Return the first child's manifest, and what the server lets us own of it."""
    entry = live(formation)["metadata"]["managedFields"][0]
    return first(formation)[1].manifest, json.dumps(entry["fieldsV1"])


def fought_over(formation: Manifest) -> tuple[Formation, Intent, Manifest]:
    """Return a Formation and its first child, most of whose fields belong to nobody, beside many clients."""
    raw = live(formation)
    [ours] = raw["metadata"]["managedFields"]
    ours["fieldsV1"]["f:spec"]["f:template"]["f:spec"] = _stripped(
        ours["fieldsV1"]["f:spec"]["f:template"]["f:spec"]
    )
    clients = bounds.size(formation["spec"]) // 200
    others = [
        {"manager": f"m{index}", "operation": "Apply", "fieldsV1": {"f:metadata": {}}}
        for index in range(clients)
    ]
    raw["metadata"]["managedFields"] += others
    return *first(formation), raw


def _stripped(fields: Manifest) -> Manifest:
    """Return fields without the values of what has a name."""
    return {
        key: _stripped(inside)
        for key, inside in fields.items()
        if key not in ("f:value", "f:mountPath", "f:emptyDir")
    }


KEYED = (largest.shared, largest.mounting)
STEPS: dict[str, tuple[Callable[[Any], object], Callable[[Manifest], Any], Sequence[largest.Shape]]] = {
    "covered": (lambda given: managed_fields.covers(*given), written, KEYED),
    "explained": (lambda given: drift_event.explain(*given), fought_over, KEYED),
    "taken in": (lambda raw: children.child(raw, ChildKind.DEPLOYMENT), live, largest.SHAPES),
    "rendered": (lambda raw: facts.intents(facts.parsed(raw)), dict, largest.SHAPES),
    "warned of": (check.warnings, lambda raw: conditions.commands(facts.parsed(raw).spec), [largest.wordy]),
}
"""What is done, with what is made of a Formation, and the shapes of Formations that make it dear."""


@pytest.mark.parametrize(
    ("step", "make", "shape"),
    [
        pytest.param(step, make, shape, id=f"{name}-{shape.__name__}")
        for name, (step, make, shapes) in STEPS.items()
        for shape in shapes
    ],
)
@cost.MEASURED
def test_each_step_takes_linear_time(
    step: Callable[[Any], object],
    make: Callable[[Manifest], Any],
    shape: largest.Shape,
    measure: cost.Measure[Any],
) -> None:
    small, large = (make(largest.filled(shape, SMALL * factor)) for factor in (1, cost.TIMES))
    assert cost.ratio(step, small, large, measure) < cost.MOST


def crashed(number: int) -> list[Pod]:
    """Return Pods with as much to say as kubelet takes of one, in as many lines."""
    each = [
        builders.a_container(builders.ended(1, f"{index}\n" + "(\n" * 1020), f"c{index}")
        for index in range(6)
    ]
    return [facts.known(builders.a_pod(*each, name=f"pod-{index}")) for index in range(number // 16)]


def unscheduled(number: int) -> list[Pod]:
    refused = builders.condition("PodScheduled", status=False, reason="Unschedulable", message="no node")
    return [
        facts.known(builders.a_pod(conditions=(refused,), name=f"pod-{index}")) for index in range(number)
    ]


@pytest.mark.parametrize("pods", [crashed, unscheduled], ids=lambda pods: pods.__name__)
@cost.MEASURED
def test_pods_are_looked_at_in_linear_time(
    pods: Callable[[int], list[Pod]], measure: cost.Measure[Any]
) -> None:
    deployments = {"worker": facts.a_child(rollout=DeploymentStatus(current=True, total=1, updated=1))}

    def examined(given: list[Pod]) -> Any:
        by = Looking(FakeCluster())
        return asyncio.run(by.examine(by.evidence, deployments, given, builders.NOW, Faults(KEY)))

    assert cost.ratio(examined, pods(250), pods(250 * cost.TIMES), measure) < cost.MOST
