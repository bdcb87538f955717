import copy
from typing import Any

from formation_cli.changes import impact
from tests import builders

SHOP = builders.stored(
    builders.a_formation(
        processes={"web": builders.a_process(replicas=2), "worker": builders.a_process(replicas=1)}
    )
)


def changed(**spec: Any) -> Any:
    after = copy.deepcopy(SHOP)
    after["spec"].update(spec)
    return after


def test_a_new_image_restarts_every_type_which_is_said_in_one_line() -> None:
    restarted = "web, worker: the processes are restarted, unless they run this already"
    assert impact.impact(SHOP, changed(image="shop:v2")) == [restarted]


def test_a_new_count_restarts_nothing() -> None:
    after = changed()
    after["spec"]["processes"]["web"]["replicas"] = 5
    assert impact.impact(SHOP, after) == ["web: 2 -> 5 processes; none that keeps running is restarted"]


def test_where_all_are_restarted_none_is_said_to_go_on() -> None:
    after = changed(image="shop:v2")
    after["spec"]["processes"]["web"]["replicas"] = 5
    assert impact.impact(SHOP, after) == [
        "web: 2 -> 5 processes",
        "web, worker: the processes are restarted, unless they run this already",
    ]


def test_a_type_comes_and_another_goes() -> None:
    after = changed(processes={"web": builders.a_process(replicas=2), "clock": builders.a_process()})
    assert impact.impact(SHOP, after) == [
        "clock: new",
        "worker: removed: the processes are stopped, and the Deployment is deleted",
    ]


def test_all_types_of_a_new_formation_are_new() -> None:
    assert impact.impact(None, SHOP) == ["web, worker: new"]


def test_why_a_type_can_not_be_made_is_told_without_values() -> None:
    (first, *_) = impact.impact(SHOP, changed(env=["hunter2"]))
    assert first == "web, worker: can't be made: spec.env.0: Input should be a valid dictionary"
