import copy
from typing import Any

from syrupy.assertion import SnapshotAssertion

from formation_cli.changes import impact
from tests.shared import builders

SHOP = builders.stored(
    builders.a_formation(
        processes={"web": builders.a_process(replicas=2), "worker": builders.a_process(replicas=1)}
    )
)


def changed(**spec: Any) -> Any:
    after = copy.deepcopy(SHOP)
    after["spec"].update(spec)
    return after


def with_replicas(after: Any) -> Any:
    after["spec"]["processes"]["web"]["replicas"] = 5
    return after


OTHERS = {"web": builders.a_process(replicas=2), "clock": builders.a_process()}
BOUNDS = {"web": builders.a_process(autoscaling={"minReplicas": 2, "maxReplicas": 10})}
CHANGES = {
    "a new image": (SHOP, changed(image="shop:v2")),
    "a new count": (SHOP, with_replicas(changed())),
    "both": (SHOP, with_replicas(changed(image="shop:v2"))),
    "bounds": (changed(processes=BOUNDS), changed(processes=SHOP["spec"]["processes"])),
    "another type": (SHOP, changed(processes=OTHERS)),
    "a new Formation": (None, SHOP),
    "what can't be made, without its value": (SHOP, changed(env=["hunter2"])),
}


def test_what_a_change_does_is_said_in_a_line_for_all_types_of_which_it_is_true(
    snapshot: SnapshotAssertion,
) -> None:
    assert {name: impact.impact(*each) for name, each in CHANGES.items()} == snapshot
