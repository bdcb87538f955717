"""What is done about each object, by what is there."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from formation_operator.api.reasons import Trouble
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import managed_fields
from formation_operator.observe.children import Child, Owner
from formation_operator.observe.faults import Problem
from formation_operator.render.intents import Intent
from formation_operator.sync import planner
from formation_operator.sync.planner import PlanContext, Verb
from tests.shared.builders import a_formation
from tests.unit.facts import INTENT, ORPHANED, OWNER, a_child, kept_of, parsed

CONTEXT = PlanContext(uid="uid-1", living={"uid-1", "uid-2"}, applied={}, restless={}, exhausted=set())
EDITED = '{"f:metadata":{},"f:spec":{"f:template":{}}}'


def verb(child: Child | None, context: PlanContext = CONTEXT) -> Verb | None:
    action = planner.decide(INTENT, child, context)
    return action.verb if action else None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (None, Verb.CREATE),
        ({}, None),
        ({"digest": "older"}, Verb.UPDATE),
        ({"owned": EDITED}, Verb.REPAIR),
        ({"owned": ""}, Verb.REPAIR),
        ({"deleting": True}, Verb.WAIT),
        (ORPHANED, Verb.ADOPT),
        ({"owner": None, "orphan_of": ""}, Verb.REFUSE),
        ({"owner": None, "orphan_of": "shop/other"}, Verb.REFUSE),
        ({"owner": dataclasses.replace(OWNER, uid="uid-2")}, Verb.REFUSE),
        ({"owner": dataclasses.replace(OWNER, uid="gone")}, Verb.WAIT),
        ({"owner": Owner("apps/v1", "Other", "x", "uid-9")}, Verb.REFUSE),
    ],
)
def test_the_action_follows_from_what_is_there(changes: dict[str, Any] | None, expected: Verb | None) -> None:
    assert verb(None if changes is None else a_child(**changes)) is expected


def test_beside_a_service_of_somebody_elses_a_type_can_do_without_one() -> None:
    service = dataclasses.replace(INTENT, kind=ChildKind.SERVICE)
    action = planner.decide(service, a_child(kind=ChildKind.SERVICE, owner=None), CONTEXT)
    assert action is not None
    assert "set spec.processes.worker.service to false, rename" in str(action.problem)


def test_of_a_very_large_entry_it_is_only_known_whether_it_is_the_same_again() -> None:
    """So the object is written once by each new operator, and repaired when somebody changes it."""
    large: managed_fields.Fields = {"f:spec": {f"f:{number}": {} for number in range(10_000)}}
    child = a_child(owned=kept_of(large))
    assert len(child.owned) < 100
    assert verb(child) is Verb.UPDATE
    applied = dataclasses.replace(CONTEXT, applied={child.uid: (INTENT.applied_as, child.owned)})
    assert verb(child, applied) is None
    changed = dataclasses.replace(child, owned=kept_of({**large, "f:metadata": {}}))
    assert verb(changed, applied) is Verb.REPAIR


def test_a_canary_that_is_still_being_deleted_names_the_way_to_end_its_process() -> None:
    ways = [
        action.problem.message
        for is_canary in (True, False)
        if (action := planner.decide(INTENT, a_child(deleting=True, is_canary=is_canary), CONTEXT))
        and action.problem
    ]
    assert ["kubectl delete pod --force" in each for each in ways] == [True, False]


SHOP = parsed(a_formation())
OF_NO_TYPE = a_child(name="shop-other")
SERVICE = a_child(kind=ChildKind.SERVICE)


def deleted(*there: Child, intents: Sequence[Intent] = ()) -> list[Child | None]:
    known = {(child.kind, child.name): child for child in there}
    planned = planner.obsolete(SHOP.metadata, SHOP.spec.processes, intents, known)
    assert {action.verb for action in planned} <= {Verb.DELETE}
    return [action.child for action in planned]


OTHERS: dict[str, dict[str, Any]] = {
    "nobody's": {"owner": None},
    "an orphan": ORPHANED,
    "an orphan with our labels": {"owner": None, "orphan_of": "shop/other"},
    "another Formation's": {"owner": dataclasses.replace(OWNER, uid="uid-2")},
    "on its way out": {"deleting": True},
}


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
def test_of_what_is_no_longer_declared_only_what_is_ours_is_deleted(changes: dict[str, Any]) -> None:
    assert deleted(a_child(), OF_NO_TYPE, intents=[INTENT]) == [OF_NO_TYPE]
    assert deleted(dataclasses.replace(OF_NO_TYPE, **changes)) == []


def test_who_undoes_every_repair_is_waited_for_but_a_new_intent_is_written_all_the_same() -> None:
    tired = dataclasses.replace(CONTEXT, exhausted={"child-1"})
    assert verb(a_child(owned=EDITED), tired) == Verb.WAIT
    assert verb(a_child(digest="older"), tired) == Verb.UPDATE


def test_what_starts_a_suspended_type_again_is_told_of_and_not_fought() -> None:
    suspended = dataclasses.replace(CONTEXT, restless={"worker": "ScaledObject/jobs starts it again"})
    started = planner.decide(INTENT, a_child(owned=EDITED, replicas=2), suspended)
    assert started is not None
    said = Problem("worker", Trouble.CAN_NOT_SUSPEND, "ScaledObject/jobs starts it again")
    assert (started.verb, started.problem) == (Verb.REFUSE, said)
    assert verb(a_child(owned=EDITED, replicas=0), suspended) == Verb.REPAIR


@pytest.mark.parametrize(
    ("child", "removing_helps"),
    [(a_child(owner=None), True), (a_child(owner=dataclasses.replace(OWNER, uid="uid-2")), False)],
    ids=["a stranger's", "another Formation's, which would make it again"],
)
def test_an_object_is_to_be_removed_only_where_that_helps(child: Child, removing_helps: bool) -> None:
    refused = planner.decide(INTENT, child, CONTEXT)
    assert refused is not None
    assert "rename the process type or the Formation" in str(refused.problem)
    assert ("remove that object" in str(refused.problem)) == removing_helps
