"""The benchmark measures what it says: times are never asserted, but the work that is timed is.

Run without Go, as small as it gets.
"""

import pytest

from hack.bench import api, measures, subjects, trial
from hack.bench.api import Object
from hack.bench.trial import Size, Trial
from hack.bench.users import load, work
from hack.bench.users.hands import Hands
from hack.cluster import paths

SIZE = Size(formations=10, namespaces=2, scales=5, burst=5, idle=1.0)
OPERATOR = subjects.operator(paths.ROOT, "operator")


async def left(prepared: Trial) -> tuple[Object, Object]:
    """Return the Deployment of a type, and the status of its Formation."""
    formation = await prepared.user.get(api.path_of(work.formation(0, SIZE.namespaces)))
    deployment = await prepared.user.get(api.path_of(work.deployment(formation, "web")))
    return deployment, formation["status"]


async def delete(prepared: Trial) -> None:
    """Delete that Formation, and its Deployments, which nobody else does."""
    formation = await prepared.user.get(api.path_of(work.formation(0, SIZE.namespaces)))
    for item in (formation, *(work.deployment(formation, kind) for kind in work.TYPES)):
        await prepared.user.send("DELETE", api.path_of(item))


def of_everybody(deployment: Object) -> Object:
    """Return a Deployment without what differs from one cluster, or one writer, to another."""
    about = deployment["metadata"]
    annotations = {**about["annotations"], "formations.dev/content": "", "formations.dev/intent": ""}
    owner = [{**each, "uid": ""} for each in about["ownerReferences"]]
    kept = {key: about[key] for key in ("name", "namespace", "labels")}
    return {**kept, "annotations": annotations, "owner": owner, "spec": deployment["spec"]}


@pytest.mark.host
async def test_the_leanest_client_writes_what_the_operator_does_but_revisions_and_each_write_is_counted() -> (
    None
):
    async with trial.of(OPERATOR, SIZE) as prepared:
        figures: measures.Figures = {}
        for measure in (measures.converge, measures.scale, measures.burst, measures.idle):
            figures |= await measure(prepared)
        by_operator, its_status = await left(prepared)
        figures |= await measures.deploy(prepared)
        prepared.runner.stop()
        await delete(prepared)
        await load.create(prepared.user, Hands(prepared.user), [0], SIZE.namespaces)
        by_hand, our_status = await left(prepared)
    assert of_everybody(by_hand) == of_everybody(by_operator)
    assert {*our_status, "revision"} == set(its_status)
    assert set(our_status["processes"]["web"]) == set(its_status["processes"]["web"])
    assert figures["converge.deployment_writes"] == len(work.TYPES)
    assert figures["converge.status_writes"] == 1
    assert figures["converge.other_writes"] == 1  # the revision
    assert figures["deploy.deployment_writes"] == len(work.TYPES)
    assert figures["scale.deployment_writes"] == 1
    assert figures["scale.other_writes"] == 0
    assert figures["idle.writes"] == 0
    assert figures["converge.cpu_ms"] > 0
    assert figures["idle.rss_mib"] > 0
    assert figures["burst.p50_ms"] > 0
