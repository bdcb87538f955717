"""The benchmark measures what it says: times are never asserted, but the work that is timed is.

Run without Go and kro, as small as it gets.
"""

import dataclasses

import pytest

from tests.bench import api, measures, subjects, trial
from tests.bench.api import Object
from tests.bench.subjects import Subject
from tests.bench.trial import Size, Trial
from tests.bench.users import work
from tests.cluster import paths

SIZE = Size(formations=10, namespaces=2, scales=5, burst=5, idle=1.0)
BY_HAND = subjects.raw(paths.ROOT)
OPERATOR = subjects.operator(paths.ROOT, "operator")


@dataclasses.dataclass
class Seen:
    """What a trial has measured, and what it has left."""

    figures: measures.Figures
    deployment: Object
    status: Object


async def tried(subject: Subject) -> Seen:
    async with trial.of(subject, SIZE) as prepared:
        figures: measures.Figures = {}
        for measure in (measures.converge, measures.scale, measures.burst, measures.idle):
            figures |= await measure(prepared)
        return Seen(figures, *await left(prepared))


async def left(prepared: Trial) -> tuple[Object, Object]:
    """Return the Deployment of a type, and the status of its Formation."""
    formation = await prepared.user.get(api.path_of(work.formation(0, SIZE.namespaces)))
    deployment = await prepared.user.get(api.path_of(work.deployment(formation, "web")))
    return deployment, formation["status"]


def of_everybody(deployment: Object) -> Object:
    """Return a Deployment without what differs from one cluster, or one writer, to another."""
    about = deployment["metadata"]
    annotations = {**about["annotations"], "formations.dev/intent": ""}
    owner = [{**each, "uid": ""} for each in about["ownerReferences"]]
    kept = {key: about[key] for key in ("name", "namespace", "labels")}
    return {**kept, "annotations": annotations, "owner": owner, "spec": deployment["spec"]}


@pytest.mark.host
async def test_the_leanest_client_writes_what_the_operator_writes_and_each_write_is_counted() -> None:
    by_hand, by_operator = await tried(BY_HAND), await tried(OPERATOR)
    assert of_everybody(by_hand.deployment) == of_everybody(by_operator.deployment)
    assert set(by_hand.status) == set(by_operator.status)
    assert set(by_hand.status["processes"]["web"]) == set(by_operator.status["processes"]["web"])
    for figures in (by_hand.figures, by_operator.figures):
        assert figures["converge.deployment_writes"] == len(work.TYPES)
        assert figures["converge.status_writes"] == 1
        assert figures["scale.deployment_writes"] == 1
        assert figures["idle.writes"] == 0
        assert figures["burst.p50_ms"] > 0
    assert by_operator.figures["converge.cpu_ms"] > 0
    assert by_operator.figures["idle.rss_mib"] > 0
