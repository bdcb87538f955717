"""What is listed means the same as what a watch tells, though less of it is parsed."""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import pydantic_core
import pytest

from formation_operator.api import naming
from formation_operator.kube.objects import listings, nesting
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import children
from tests.unit import cost
from tests.unit.facts import INTENT, fields, kept_of

OURS = fields({key: INTENT.manifest[key] for key in ("metadata", "spec")})
OWNER: dict[str, Any] = {"f:ownerReferences": {'k:{"uid":"uid-1"}': {}}}


def watched(text: bytes) -> Any:
    return nesting.parsed(text, pydantic_core.from_json)


def page(text: bytes) -> Any:
    return asyncio.run(nesting.read(text, listings.PAGE.decode))


def entry(held: Any, manager: str = naming.FIELD_MANAGER, **more: str) -> dict[str, Any]:
    operation = "Apply" if manager == naming.FIELD_MANAGER else "Update"
    return {"manager": manager, "operation": operation, "time": "t", "fieldsV1": held, **more}


def deployment(*managed: Any, **changes: Any) -> dict[str, Any]:
    own = {"namespace": "default", "uid": "child-1", "resourceVersion": "5", "managedFields": [*managed]}
    metadata = {**INTENT.manifest["metadata"], **own}
    return {**INTENT.manifest, "metadata": metadata, "status": {"replicas": 2}, **changes}


def text_of(*items: Any) -> bytes:
    about = {"resourceVersion": "9", "continue": "next"}
    page = {"kind": "DeploymentList", "metadata": about, "items": items}
    return json.dumps(page, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogateescape")


MANAGED: dict[str, list[Any]] = {
    "nobody's": [],
    "ours": [entry(OURS)],
    "an owner's": [entry({**OURS, "f:metadata": {**OURS["f:metadata"], **OWNER}})],
    "the count": [entry({"f:spec": {"f:replicas": {}}})],
    "the count that is remembered": [
        entry({"f:metadata": {"f:annotations": {f"f:{naming.COUNT_ANNOTATION}": {}}}})
    ],
    "a scale request": [entry({}), entry({"f:spec": {"f:replicas": {}}}, "kubectl", subresource="scale")],
    "a controller's": [entry(OURS), entry({"f:status": {"f:replicas": {}}}, "kcm", subresource="status")],
    "many fields": [entry({"f:spec": {f"f:{number}": {} for number in range(1_000)}})],
    "too many to be kept": [entry({"f:spec": {f"f:{number}": {} for number in range(20_000)}})],
    "letters of any kind": [entry({"f:é": {}, "f:<": {}})],
    "no letters": [entry({"f:\udcff": {}})],
    "no fields": [{"manager": naming.FIELD_MANAGER, "operation": "Apply"}],
    "null": [entry(None)],
    "a text": [entry("f:spec"), entry("f:spec", "kubectl")],
    "a list": [entry([1]), entry([1], "kubectl")],
    "a number, of which `bytes` would make as many": [entry(2**40), entry(2**40, "kubectl")],
}


@pytest.mark.parametrize("managed", MANAGED.values(), ids=MANAGED)
def test_the_facts_of_a_child_are_the_same_listed_and_watched(managed: list[Any]) -> None:
    text = text_of(deployment(*managed))
    read, listed = (each(text)["items"][0] for each in (watched, page))
    assert children.child(listed, ChildKind.DEPLOYMENT) == children.child(read, ChildKind.DEPLOYMENT)


DEEP = '{"f:a":' * 10_000 + "1" + "}" * 10_000


@pytest.mark.parametrize(
    "odd",
    [
        '{"metadata":null}',
        '{"metadata":{"managedFields":null}}',
        '{"metadata":{"managedFields":[null]}}',
        "null",
        "[]",
        f'{{"metadata":{{"name":"deep","managedFields":[{{"fieldsV1":{DEEP}}}]}}}}',
        f'{{"metadata":{{"name":"deep","labels":{DEEP}}}}}',
        r'{"metadata":{"name":"\ud800"}}',
        '{"spec":1e999}',
        '{"spec":NaN}',
        '{"metadata":{"name":"\udcff"}}',
    ],
)
def test_whatever_is_odd_about_one_object_the_others_are_read(odd: str) -> None:
    text = text_of("ODD", deployment(entry(OURS))).replace(b'"ODD"', odd.encode(errors="surrogateescape"))
    _, listed = page(text)["items"]
    assert children.child(listed, ChildKind.DEPLOYMENT).owned == kept_of(OURS)


@pytest.mark.timed
def test_of_what_others_hold_no_more_is_looked_for_than_the_count() -> None:
    others = [entry({"f:spec": {f"f:{number}": {}}}, f"client-{number}") for number in range(2_000)]
    text = text_of(deployment(*others))

    def taken_in(read: Callable[[bytes], Any]) -> children.Child:
        return children.child(read(text)["items"][0], ChildKind.DEPLOYMENT)

    assert cost.seconds(taken_in, page) < 3 * cost.seconds(taken_in, watched)


def test_of_a_page_that_was_taken_in_nothing_is_kept() -> None:
    text = text_of(*[deployment(entry(OURS), entry({"f:spec": {}}, "kubectl"))] * 3)
    before = sys.getrefcount(text)
    known = [children.child(item, ChildKind.DEPLOYMENT) for item in page(text)["items"]]
    assert known
    assert sys.getrefcount(text) == before
