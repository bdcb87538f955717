"""What sets the kinds of children apart is true of the model, and of what is rendered."""

import pytest

from formation_operator.api.formation import ProcessType
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import children
from formation_operator.render.desired import Intent
from tests.builders import a_formation, a_process
from tests.unit.facts import intents, parsed

EVERYTHING = intents(parsed(a_formation(processes={"web": a_process("/web", port=8080)})))
STORED = {"uid": "1", "resourceVersion": "1", "ownerReferences": []}


def test_a_type_that_has_all_it_can_have_has_each_kind_of_child() -> None:
    assert {intent.kind for intent in EVERYTHING} == {*ChildKind}


@pytest.mark.parametrize("intent", EVERYTHING, ids=lambda intent: str(intent.kind))
def test_a_child_is_recognized_by_the_selector_that_it_was_given(intent: Intent) -> None:
    orphan = {**intent.manifest, "metadata": {**intent.manifest["metadata"], **STORED}}
    assert children.child(orphan, intent.kind).orphan_of == ("shop", "web")
    another = {**orphan, "spec": {**orphan["spec"], "selector": {}}}
    assert children.child(another, intent.kind).orphan_of is None


@pytest.mark.parametrize("kind", [kind for kind in ChildKind if kind.traits.switch])
def test_what_does_without_a_kind_of_child_is_a_field_of_a_type_that_may_be_false(kind: ChildKind) -> None:
    off = ProcessType.model_validate({"port": 8080, kind.traits.switch: False})
    spec = parsed(a_formation(processes={"web": off.model_dump(by_alias=True, exclude_none=True)}))
    assert kind not in {intent.kind for intent in intents(spec)}
