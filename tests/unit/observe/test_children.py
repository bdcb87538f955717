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
from formation_operator.observe.children import Child, Rollout
from tests.unit.facts import INTENT, ORPHANED, OWNER, a_child

FIGURES = {"replicas": 3, "updatedReplicas": 2, "readyReplicas": 1, "availableReplicas": 1}


def rollout(*conditions: dict[str, str], spec: dict[str, Any] | None = None, **status: Any) -> Rollout:
    raw = {
        **INTENT.manifest,
        "spec": {**INTENT.manifest["spec"], **(spec or {})},
        "metadata": {
            **INTENT.manifest["metadata"],
            "namespace": "default",
            "uid": "child-1",
            "resourceVersion": "5",
            "generation": 4,
            "annotations": {children.ROLLOUT_ANNOTATION: "7"},
        },
        "status": {"observedGeneration": 4, **FIGURES, "conditions": [*conditions], **status},
    }
    return children.child(raw, ChildKind.DEPLOYMENT).rollout


def condition(kind: str, status: str, message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "message": message}


def test_the_figures_are_its_controllers_own() -> None:
    assert rollout() == Rollout(current=True, total=3, updated=2, ready=1, available=1, revision="7")


def test_figures_of_an_older_spec_are_known_as_such() -> None:
    assert not rollout(observedGeneration=3).current
    assert not children.child({**INTENT.manifest, "metadata": fresh()}, ChildKind.DEPLOYMENT).rollout.current


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


def test_a_replica_set_that_cannot_be_created_is_no_deadline() -> None:
    said = {**condition("Progressing", "False", "quota"), "reason": "ReplicaSetCreateError"}
    found = rollout(said)
    assert (found.refused, found.stuck) == ("quota", None)


@pytest.mark.parametrize(
    ("strategy", "status", "ending"),
    [
        ("Recreate", {"replicas": 1, "updatedReplicas": 0}, True),
        ("Recreate", {"replicas": 0, "updatedReplicas": 0, "terminatingReplicas": 1}, True),
        ("Recreate", {"replicas": 0, "updatedReplicas": 0}, False),
        ("Recreate", {"replicas": 1, "updatedReplicas": 1, "terminatingReplicas": 1}, False),
        ("RollingUpdate", {"replicas": 1, "updatedReplicas": 0}, False),
    ],
    ids=["it is still there", "it is on its way out", "it is gone", "the new one is there", "both may run"],
)
def test_a_new_process_that_waits_for_the_old_one_to_end_is_known(
    strategy: str, status: dict[str, int], ending: bool
) -> None:
    assert rollout(spec={"strategy": {"type": strategy}}, **status).terminating == ending


@pytest.mark.parametrize(
    ("status", "ending"),
    [({}, True), ({"terminatingReplicas": 0}, False)],
    ids=["before Kubernetes 1.35", "since"],
)
def test_where_what_ends_is_not_counted_a_singleton_past_its_deadline_without_a_process_waits_for_it(
    status: dict[str, int], ending: bool
) -> None:
    late = condition("Progressing", "False", "timed out")
    recreate = {"strategy": {"type": "Recreate"}}
    assert rollout(late, spec=recreate, replicas=0, updatedReplicas=0, **status).terminating == ending


def test_a_deployment_that_somebody_paused_is_known() -> None:
    assert rollout(spec={"paused": True}).paused
    assert not rollout().paused


def test_a_page_that_a_webhook_answers_is_kept_as_a_line() -> None:
    blocked = rollout(condition("ReplicaFailure", "True", "denied:\n\n  no\tlabel " + "x" * 5000)).blocked
    assert blocked is not None
    assert blocked.startswith("denied: no label xxx")
    assert len(blocked) <= lenient.LONGEST


def test_the_labels_of_a_deployment_name_its_formation_and_type_once_it_has_no_owner() -> None:
    owned = children.child({**INTENT.manifest, "metadata": fresh()}, ChildKind.DEPLOYMENT)
    assert owned.orphan_of is None, "or something might be decided by what others may write"
    metadata = {**fresh(), "ownerReferences": []}
    orphan = children.child({**INTENT.manifest, "metadata": metadata}, ChildKind.DEPLOYMENT)
    assert orphan.orphan_of == ("shop", "worker")


def test_no_more_images_are_kept_than_their_names_may_take() -> None:
    long = [{"name": f"c{number}", "image": f"{number:02}" + "x" * 1000} for number in range(60)]
    spec = {**INTENT.manifest["spec"], "template": {"spec": {"containers": [*long, ODD, SHORT]}}}
    images = children.child(
        {**INTENT.manifest, "metadata": fresh(), "spec": spec}, ChildKind.DEPLOYMENT
    ).images
    assert images[0] == ("c0", "00" + "x" * 1000)
    assert images[-1] == ("web", "shop:v1")
    assert len(images) == children.MOST_IMAGES // 1002 + 1


def test_what_an_annotation_says_counts_only_where_it_is_ours() -> None:
    said = {naming.COUNT_ANNOTATION: "3", naming.CONTENT_ANNOTATION: str(Mark(7, "0" * 32))}
    raw = {**INTENT.manifest, "metadata": {**fresh(), "annotations": said}}
    read = children.child(raw, ChildKind.DEPLOYMENT)
    assert (read.remembered, read.content) == (None, None)


ODD, SHORT = {"name": "odd", "image": "\U0001f600"}, {"name": "web", "image": "shop:v1"}


def test_a_forged_deployment_is_read_like_any_other() -> None:
    forged = {"formations.dev/count": "9" * 5000}
    fields: dict[str, Any] = {"f:metadata": {"f:annotations": {"f:formations.dev/count": {}}}}
    entries = [
        {"manager": "formation-operator", "operation": "Apply", "fieldsV1": fields},
        {"operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    ]
    metadata = {**fresh(), "annotations": forged, "managedFields": entries}
    read = children.child({**INTENT.manifest, "metadata": metadata}, ChildKind.DEPLOYMENT)
    assert read.remembered is None
    assert read.count_set_by == children.NAMELESS


@pytest.mark.parametrize(
    ("child", "mine"),
    [
        (a_child(), True),
        (a_child(owner=dataclasses.replace(OWNER, uid="uid-2")), False),
        (a_child(**ORPHANED), True),
        (a_child(owner=None, orphan_of=("a", "worker")), False),
        (a_child(owner=None), False),
    ],
)
def test_a_deployment_is_the_formations_own_or_an_orphan_with_its_labels(child: Child, mine: bool) -> None:
    assert child.belongs_to("uid-1", "shop", "worker") is mine


def test_little_is_known_of_an_object_however_large_somebody_made_it() -> None:
    long = "x" * 300_000
    entry = {"manager": naming.FIELD_MANAGER, "operation": "Apply", "fieldsV1": {f"f:{long}": {}}}
    owner = {"apiVersion": long, "kind": long, "name": long, "uid": long, "controller": True}
    metadata = {
        **fresh(),
        "annotations": {naming.INTENT_ANNOTATION: long, children.ROLLOUT_ANNOTATION: long},
        "managedFields": [entry],
        "ownerReferences": [owner],
    }
    spec = copy.deepcopy(INTENT.manifest["spec"])
    spec["template"]["spec"]["containers"] = [{"name": f"{n}", "image": long} for n in range(1000)]
    child = children.child({**INTENT.manifest, "metadata": metadata, "spec": spec}, ChildKind.DEPLOYMENT)
    assert len(repr(child)) < len(long)
