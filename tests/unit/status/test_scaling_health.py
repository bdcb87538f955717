"""What is said of an autoscaler of ours that can't scale, and when."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api.reasons import ConditionType
from formation_operator.kube.objects import timestamps
from formation_operator.observe.autoscalers import Scaling
from formation_operator.observe.rollouts import DeploymentStatus
from formation_operator.requeue import Lane, Requeue
from formation_operator.status import scaling_health
from tests.shared.builders import NOW, ago
from tests.unit.facts import a_child, an_hpa
from tests.unit.fakes.autoscaled import BOUNDS, Shop
from tests.unit.fakes.releasing import KEY


@pytest.mark.parametrize(
    ("serving", "runs", "fails", "said", "waits"),
    [
        (True, 300, 300, 1, []),
        (True, 900, 100, 0, [200]),
        (True, 100, 900, 0, [200]),
        (False, 900, 900, 0, []),
    ],
    ids=["for long", "since lately", "since it was made", "without a process"],
)
def test_a_type_that_runs_is_in_trouble_once_its_autoscaler_has_failed_for_five_minutes(
    serving: bool, runs: float, fails: float, said: int, waits: list[float]
) -> None:
    child = a_child(rollout=DeploymentStatus(serving=serving, serving_since=ago(runs)))
    scaler = an_hpa(scaling=Scaling("FailedGetResourceMetric", "no metrics", ago(fails)))
    sentences, seconds = scaling_health.trouble({"worker": scaler}, {"worker": child}, NOW)
    assert (len(sentences), seconds) == (said, waits)


def test_that_nothing_serves_metrics_is_said_although_no_version_has_run_for_five_minutes() -> None:
    child = a_child(rollout=DeploymentStatus(serving=True, serving_since=ago(10)))
    why = "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: none"
    for fails, said in ((299, 0), (300, 1)):
        scaler = an_hpa(scaling=Scaling("FailedGetResourceMetric", why, ago(fails)))
        assert len(scaling_health.trouble({"worker": scaler}, {"worker": child}, NOW)[0]) == said


FAILED = {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": "none"}
AT_MOST = {"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"}
NO_REQUEST = "missing request for cpu in container worker of Pod shop-worker-1"


async def test_another_pass_is_due_when_trouble_counts() -> None:
    shop = Shop(autoscaling=BOUNDS)
    await shop.rest()
    lately = {**FAILED, "lastTransitionTime": timestamps.rfc3339(shop.time())}
    shop.hpa_is(status={"conditions": [lately]})
    assert (await shop.operator.run(KEY)).requeue == Requeue(Lane.REPORT, 300)


@pytest.mark.parametrize(
    "condition",
    [
        FAILED,
        {**FAILED, "reason": "FailedGetContainerResourceMetric", "message": NO_REQUEST},
        {**FAILED, "reason": "FailedGetExternalMetric"},
        {**FAILED, "type": "AbleToScale", "reason": "FailedGetScale", "message": ""},
        {**FAILED, "reason": ["odd"], "message": {"odd": 1}},
        {**FAILED, "reason": 5000 * "x", "message": "y\n" * 50000},
        AT_MOST,
        *({"type": 7, "status": []}, None, "odd"),
    ],
    ids=lambda condition: str(condition)[:99],
)
async def test_the_cause_and_the_way_out_are_said_and_a_formation_is_ready_all_the_same(
    condition: Any, snapshot: SnapshotAssertion
) -> None:
    shop = Shop(autoscaling=BOUNDS)
    await shop.rest()
    shop.hpa_is(status={"conditions": [condition]})
    await shop.rest()
    said = shop.condition(ConditionType.AUTOSCALER_FAILING).get("message", "")[:300]
    assert (said, shop.status["processes"]["worker"].get("message")) == snapshot
    assert shop.ready_reason == "Running"
