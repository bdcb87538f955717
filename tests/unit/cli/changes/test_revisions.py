from typing import Any

import pytest

from formation_cli.changes import revisions
from formation_cli.words.sources import CONFIG_MAP, SECRET, Source
from tests.unit.cli.revisions import a_revision, ran, shop

Object = dict[str, Any]
SPEC: Object = {"image": "shop:v1", "processes": {"web": {"replicas": 2}, "worker": {}}}
V2, V3 = ({**SPEC, "image": f"shop:v{number}"} for number in (2, 3))


def flaw(each: Object) -> str:
    (found,) = revisions.read([each], shop(None, SPEC))
    return found.flaw


def test_the_operators_own_has_no_flaw() -> None:
    assert flaw(a_revision(1, SPEC)) == ""


OTHER = {"kind": "Formation", "name": "shop", "uid": "uid-2", "controller": True}
NO_CONTROLLER = {**OTHER, "uid": "uid-1", "controller": False}
FORGED: dict[str, Object] = {
    "of another owner": a_revision(1, SPEC, owners=[OTHER]),
    "of no owner": a_revision(1, SPEC, owners=[]),
    "of an owner that isn't its controller": a_revision(1, SPEC, owners=[NO_CONTROLLER]),
    "of another content than its name": a_revision(1, SPEC, data={**SPEC, "image": "evil"}),
    "with a list for a content": a_revision(1, SPEC, data=[SPEC]),
    "with types that are none": a_revision(1, {"processes": {"web": 7}}),
    "with schedules that are none": a_revision(1, {**SPEC, "schedules": {"report": 7}}),
    "without a type": a_revision(1, {"image": "shop:v1", "processes": {}}),
    "with counts in its content": a_revision(1, SPEC, data=SPEC),
    "with a number below zero": a_revision(-1, SPEC),
    "with a word for a number": a_revision(1, SPEC, revision="9"),
}


def number_before(objects: list[Object], formation: Object) -> int | None:
    """Return the number of the revision that one goes back to."""
    kept = revisions.read(objects, formation)
    found = revisions.way_back(kept, formation, revisions.of(formation).name)
    return found.number if found else None


@pytest.mark.parametrize("each", FORGED.values(), ids=FORGED)
def test_what_only_looks_like_a_revision_has_a_flaw_and_nobody_goes_back_to_it(each: Object) -> None:
    assert flaw(each)
    last = a_revision(7, V2)
    assert number_before([ran(each), last], shop(last, V2)) is None


def kept(*specs: Object) -> list[Object]:
    """Return revisions of contents all of which have run well."""
    return [ran(a_revision(number, each)) for number, each in enumerate(specs, 1)]


def test_a_number_above_the_one_that_runs_is_not_what_ran_before() -> None:
    objects = [*kept(SPEC, V2), ran(a_revision(99, V3))]
    assert number_before(objects, shop(objects[1], V2)) == 1


def test_when_a_content_came_again_is_when_the_operator_wrote_it_last() -> None:
    again = a_revision(3, SPEC)
    again["metadata"]["managedFields"] = [
        {"manager": "formation-operator", "time": "2026-01-01T00:00:00Z"},
        {"manager": "somebody", "time": "2026-01-02T00:00:00Z"},
    ]
    (found,) = revisions.read([again], shop(None, SPEC))
    assert found.since == "2026-01-01T00:00:00Z"


NEEDS: dict[str, tuple[Object, list[Source]]] = {
    "a shared variable": (
        {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "a"}}}]},
        [Source(SECRET, "a")],
    ),
    "a volume": (
        {"podTemplate": {"spec": {"volumes": [{"name": "v", "secret": {"secretName": "a"}}]}}},
        [Source(SECRET, "a")],
    ),
    "a container of its own": (
        {"podTemplate": {"spec": {"containers": [{"name": "x", "envFrom": [{"secretRef": {"name": "a"}}]}]}}},
        [Source(SECRET, "a")],
    ),
    "a field of a newer operator": (
        {"newer": {}, "envFrom": [{"configMapRef": {"name": "a"}}]},
        [Source(CONFIG_MAP, "a")],
    ),
    "what is optional": (
        {
            "envFrom": [{"configMapRef": {"name": "a", "optional": True}}],
            "podTemplate": {
                "spec": {"volumes": [{"name": "v", "secret": {"secretName": "a", "optional": True}}]}
            },
        },
        [],
    ),
}


@pytest.mark.parametrize(("fields", "found"), NEEDS.values(), ids=NEEDS)
def test_what_a_content_names_is_needed_unless_it_is_optional(fields: Object, found: list[Source]) -> None:
    content = {**SPEC, **fields}
    assert revisions.needed(content) == found
