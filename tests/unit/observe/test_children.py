"""The facts of a live Deployment."""

import copy
import dataclasses
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.api.content import Mark
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import children
from formation_operator.observe.children import Child
from formation_operator.observe.rollouts import MOST_IMAGES, ROLLOUT_ANNOTATION, DeploymentStatus
from formation_operator.requeue import Lane
from tests.unit.facts import INTENT, ORPHANED, OWNER, a_child

FIGURES = {"replicas": 3, "updatedReplicas": 2, "readyReplicas": 1, "availableReplicas": 1}
ABOUT = {"namespace": "default", "uid": "child-1", "resourceVersion": "5", "generation": 4}


def a_deployment(**changes: Any) -> Child:
    """Return what is known of the worker's Deployment, given what differs in its metadata or beside it."""
    raw = copy.deepcopy(INTENT.manifest)
    about = {key: changes.pop(key) for key in [*changes] if key in ("annotations", "ownerReferences")}
    raw["metadata"] |= {**ABOUT, **about, "managedFields": changes.pop("managedFields", [])}
    raw["spec"] |= changes.pop("spec", {})
    return children.child({**raw, **changes}, ChildKind.DEPLOYMENT)


def rollout(
    *conditions: dict[str, str], spec: dict[str, Any] | None = None, **status: Any
) -> DeploymentStatus:
    said = {"observedGeneration": 4, **FIGURES, "conditions": [*conditions], **status}
    return a_deployment(annotations={ROLLOUT_ANNOTATION: "7"}, spec=spec or {}, status=said).rollout


def condition(kind: str, status: str, message: str = "", reason: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "message": message, "reason": reason}


WELL = DeploymentStatus(current=True, total=3, updated=2, ready=1, available=1, revision="7")
LATE = condition("Progressing", "False", "timed out")
ROLLOUTS = {
    "as its controller says": (rollout(), {}),
    "of an older spec": (rollout(observedGeneration=3), {"current": False}),
    "well": (
        rollout(condition("Available", "True"), condition("Progressing", "True", "fine")),
        {"serving": True},
    ),
    "past its deadline": (rollout(condition("Available", "False"), LATE), {"stuck": "timed out"}),
    "over a quota": (rollout(condition("ReplicaFailure", "True", "quota")), {"blocked": "quota"}),
    "within its quota again": (rollout(condition("ReplicaFailure", "False", "quota")), {}),
    "without a ReplicaSet": (
        rollout(condition("Progressing", "False", "quota", "ReplicaSetCreateError")),
        {"refused": "quota"},
    ),
    "paused": (rollout(spec={"paused": True}), {"paused": True}),
}


@pytest.mark.parametrize(("found", "differs"), ROLLOUTS.values(), ids=ROLLOUTS)
def test_it_is_known_how_far_a_rollout_is(found: DeploymentStatus, differs: dict[str, Any]) -> None:
    assert found == dataclasses.replace(WELL, **differs)


def test_without_a_status_no_figure_is_about_the_spec() -> None:
    assert not a_deployment().rollout.current


RECREATE = {"strategy": {"type": "Recreate"}}
GONE = {"replicas": 0, "updatedReplicas": 0}
ENDING = {
    "it is still there": (rollout(spec=RECREATE, replicas=1, updatedReplicas=0), True),
    "it is on its way out": (rollout(spec=RECREATE, **GONE, terminatingReplicas=1), True),
    "it is gone": (rollout(spec=RECREATE, **GONE), False),
    "the new one is there": (
        rollout(spec=RECREATE, replicas=1, updatedReplicas=1, terminatingReplicas=1),
        False,
    ),
    "both may run": (rollout(spec={"strategy": {"type": "RollingUpdate"}}, updatedReplicas=0), False),
    "it is late, before Kubernetes 1.35": (rollout(LATE, spec=RECREATE, **GONE), True),
    "it is late, since then": (rollout(LATE, spec=RECREATE, **GONE, terminatingReplicas=0), False),
}


@pytest.mark.parametrize(("found", "ending"), ENDING.values(), ids=ENDING)
def test_a_new_process_that_waits_for_the_old_one_to_end_is_known(
    found: DeploymentStatus, ending: bool
) -> None:
    assert found.terminating == ending


def test_a_page_that_a_webhook_answers_is_kept_as_a_line() -> None:
    blocked = rollout(condition("ReplicaFailure", "True", "denied:\n\n  no\tlabel " + "x" * 5000)).blocked
    assert blocked is not None
    assert blocked.startswith("denied: no label xxx")
    assert len(blocked) <= lenient.LONGEST


def test_the_labels_of_a_deployment_name_its_formation_and_type_once_it_has_no_owner() -> None:
    assert a_deployment().orphan_of == "", "or something might be decided by what others may write"
    assert a_deployment(ownerReferences=[]).orphan_of == "shop/worker"


def test_no_more_images_are_kept_than_their_names_may_take() -> None:
    long = [{"name": f"c{number}", "image": f"{number:02}" + "x" * 1000} for number in range(60)]
    odd, short = {"name": "odd", "image": "\U0001f600"}, {"name": "web", "image": "shop:v1"}
    images = a_deployment(spec={"template": {"spec": {"containers": [*long, odd, short]}}}).images
    assert (images[0], images[-1]) == (("c0", "00" + "x" * 1000), ("web", "shop:v1"))
    assert len(images) == MOST_IMAGES // 1002 + 1


def test_what_an_annotation_says_counts_only_where_it_is_ours() -> None:
    said = {naming.COUNT_ANNOTATION: "3", naming.CONTENT_ANNOTATION: str(Mark(7, "0" * 32))}
    read = a_deployment(annotations=said)
    assert (read.remembered, read.content) == (None, None)


def test_a_forged_deployment_is_read_like_any_other() -> None:
    fields: dict[str, Any] = {"f:metadata": {"f:annotations": {"f:formations.dev/count": {}}}}
    entries = [
        {"manager": "formation-operator", "operation": "Apply", "fieldsV1": fields},
        {"operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    ]
    read = a_deployment(annotations={"formations.dev/count": "9" * 5000}, managedFields=entries)
    assert (read.remembered, read.count_set_by) == (None, "")


@pytest.mark.parametrize(
    ("child", "mine"),
    [
        (a_child(), True),
        (a_child(owner=dataclasses.replace(OWNER, uid="uid-2")), False),
        (a_child(**ORPHANED), True),
        (a_child(owner=None, orphan_of="a/worker"), False),
        (a_child(owner=None), False),
    ],
)
def test_a_deployment_is_the_formations_own_or_an_orphan_with_its_labels(child: Child, mine: bool) -> None:
    assert child.belongs_to("uid-1", "shop", "worker") is mine


def test_little_is_known_of_an_object_however_large_somebody_made_it() -> None:
    long = "x" * 300_000
    child = a_deployment(
        annotations={naming.INTENT_ANNOTATION: long, ROLLOUT_ANNOTATION: long},
        managedFields=[
            {"manager": naming.FIELD_MANAGER, "operation": "Apply", "fieldsV1": {f"f:{long}": {}}}
        ],
        ownerReferences=[{"apiVersion": long, "kind": long, "name": long, "uid": long, "controller": True}],
        spec={"template": {"spec": {"containers": [{"name": f"{n}", "image": long} for n in range(1000)]}}},
    )
    assert len(repr(child)) < len(long)


@pytest.mark.parametrize(("is_canary", "lane"), [(True, Lane.BUILD), (False, Lane.REPORT)])
def test_a_canary_that_stands_is_looked_at_without_delay_since_the_deploy_waits_for_it(
    is_canary: bool, lane: Lane
) -> None:
    starting, standing = (
        dataclasses.replace(
            a_child(), is_canary=is_canary, rollout=dataclasses.replace(WELL, available=available)
        )
        for available in (0, 1)
    )
    assert children.lane_of(starting, standing) is lane
    assert children.lane_of(standing, starting) is Lane.REPORT
