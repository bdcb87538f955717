import copy
from typing import Any

import pytest

from formation_cli.changes import revisions
from formation_cli.words.sources import CONFIG_MAP, SECRET, Source
from formation_operator.api import naming
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
    "of another name": a_revision(1, SPEC, name="shop-0123456789"),
    "without a content": a_revision(1, SPEC, data=None),
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


@pytest.mark.parametrize(
    ("now", "number"),
    [(V3, 2), ({**V3, "image": "shop:v4"}, 3), ({**V3, "suspend": True, "paused": True}, 2)],
    ids=["the latest runs", "what is declared isn't rolled out yet", "what is no content has changed"],
)
def test_what_ran_before_is_the_latest_other_content_that_ran_well(now: Object, number: int) -> None:
    objects = kept(SPEC, V2, V3)
    assert number_before(objects, shop(objects[-1], now)) == number


def test_a_number_above_the_one_that_runs_is_not_what_ran_before() -> None:
    objects = [*kept(SPEC, V2), ran(a_revision(99, V3))]
    assert number_before(objects, shop(objects[1], V2)) == 1


@pytest.mark.parametrize("said", [None, True, ["true"], "yes, it has", "x" * 10**6])
def test_only_what_the_operator_writes_says_that_one_ran_well(said: Any) -> None:
    only = a_revision(1, SPEC)
    only["metadata"]["annotations"] = {naming.RAN_WELL_ANNOTATION: said}
    assert not any(each.ran_well for each in revisions.read([only], shop(only, SPEC)))


def test_counts_and_switches_stay_and_the_rest_is_as_it_was() -> None:
    now: Object = {
        **V3,
        "env": [{"name": "A", "value": "1"}],
        "suspend": True,
        "paused": True,
        "revisionHistoryLimit": 3,
        "disruptionBudget": {"maxUnavailable": 1},
        "processes": {"web": {"replicas": 5, "port": 80, "disruptionBudget": {}}, "clock": {"replicas": 1}},
    }
    formation = shop(None, now)
    unchanged, written = revisions.patch(formation, a_revision(1, SPEC)["data"])
    assert unchanged == {"op": "test", "path": "/metadata/generation", "value": 1}
    assert (written["op"], written["path"]) == ("replace", "/spec")
    kept = {key: now[key] for key in ("suspend", "paused", "revisionHistoryLimit", "disruptionBudget")}
    types = {"web": {"replicas": 5, "disruptionBudget": {}}, "worker": {}}
    assert written["value"] == {"image": "shop:v1", **kept, "processes": types}


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


def test_what_a_type_of_its_own_names_is_needed_too() -> None:
    content = copy.deepcopy(SPEC)
    content["processes"]["worker"]["envFrom"] = [{"secretRef": {"name": "own"}}]
    assert revisions.needed(content) == [Source(SECRET, "own")]


def test_the_bounds_of_an_autoscaler_stay_as_counts_do() -> None:
    now = {"processes": {"web": {"image": "shop:v2", "replicas": 2, "autoscaling": {"maxReplicas": 9}}}}
    found = revisions.spec_with(now, {"processes": {"web": {"image": "shop:v1"}}})
    assert found["processes"]["web"] == {**now["processes"]["web"], "image": "shop:v1"}


def test_whether_a_schedule_begins_runs_stays_and_the_rest_is_as_it_was() -> None:
    report = {"schedule": "@daily", "command": ["report"]}
    old = {"image": "shop:v1", "processes": {"web": {}}, "schedules": {"report": report, "gone": report}}
    suspended = {**report, "command": ["new"], "suspend": True}
    now = {"image": "shop:v2", "processes": {"web": {}}, "schedules": {"report": suspended, "new": report}}
    found = revisions.spec_with(now, old)
    assert found["schedules"] == {"report": {**report, "suspend": True}, "gone": report}
    assert "schedules" not in revisions.spec_with(now, {"image": "shop:v1", "processes": {"web": {}}})
