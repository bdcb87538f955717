"""Counts of a type that can't be written whole: a real API server gets a patch of its count, and no more."""

from typing import Any

import pytest

from tests.contract.counting import Record, count
from tests.live.client import Client, eventually, throughout
from tests.live.history import stages
from tests.shared.builders import Manifest, a_formation, a_process

WEB = a_process("/shop", "web", replicas=1)
INTENT = "formations.dev/intent"
NOWHERE = {"name": "process", "volumeMounts": [{"name": "absent", "mountPath": "/x"}]}
BROKEN: dict[str, Manifest] = {
    "invalid": {"resources": {"limits": {"cores": "1"}}},
    "refused": {"podTemplate": {"spec": {"containers": [NOWHERE]}}},
}
"""What is wrong with a type: we can't render it, or the API server refuses its Deployment."""
UNWANTED = ("DriftRepaired", "ScaleHonoured", "ScaleOverruled")


def holders(user: Client) -> set[tuple[str, str]]:
    """Return who holds the count of worker's Deployment, and how they have written it."""
    entries = user.get("deployment", "shop-worker")["metadata"]["managedFields"]
    return {
        (each["manager"], each["operation"])
        for each in entries
        if "f:replicas" in each["fieldsV1"].get("f:spec", {})
    }


def intent(deployment: Manifest) -> str:
    return str(deployment["metadata"]["annotations"].get(INTENT))


def worker(user: Client, **fields: Any) -> None:
    """Change fields of worker."""
    user.merge("formation", "shop", {"spec": {"processes": {"worker": fields}}})


def suspend(user: Client, *, is_down: bool) -> None:
    user.merge("formation", "shop", {"spec": {"suspend": is_down}})


def broken(user: Client, fields: Manifest, **declared: Any) -> Record:
    """Apply the app, spoil worker, and return the counts that it takes from then on."""
    user.applied(a_formation(processes={"web": WEB, "worker": a_process(**declared)}))
    if not declared:
        user("scale", "deployment/shop-worker", "--replicas=3")
    worker(user, **fields)
    eventually(lambda: user.condition("Stalled"))
    return Record(user, "shop-worker")


def corrected(user: Client, fields: Manifest) -> None:
    worker(user, **dict.fromkeys(fields))
    eventually(lambda: intent(user.get("deployment", "shop-worker")) != "counts alone")
    eventually(lambda: user.condition("Stalled") is None)


@pytest.mark.parametrize("fields", BROKEN.values(), ids=BROKEN)
def test_a_broken_type_is_suspended_resumed_and_scaled_by_its_count_and_later_written_whole_once(
    user: Client, fields: Manifest
) -> None:
    record = broken(user, fields, replicas=2)
    before = user.get("deployment", "shop-worker")["spec"]["template"]
    suspend(user, is_down=True)
    eventually(lambda: (count(user), count(user, "shop-web")) == (0, 0))
    assert ("formation-operator", "Update") in holders(user)
    suspend(user, is_down=False)
    eventually(lambda: (count(user), count(user, "shop-web")) == (2, 1))
    worker(user, replicas=4)
    eventually(lambda: count(user) == 4)
    assert intent(user.get("deployment", "shop-worker")) == "counts alone"
    corrected(user, fields)
    assert throughout(2, lambda: count(user)) == 4
    assert ("formation-operator", "Apply") in holders(user)
    versions = record.end()
    assert stages(versions, lambda each: each["spec"]["replicas"]) == [2, 0, 2, 4]
    assert [each == "counts alone" for each in stages(versions, intent)] == [False, True, False]
    assert stages(versions, lambda each: each["spec"]["template"]) == [before]
    assert [note for reason in UNWANTED for note in user.events(reason)] == []


def test_a_count_that_is_others_comes_back_after_a_suspension_and_is_handed_over_without_a_dip(
    user: Client,
) -> None:
    fields = BROKEN["refused"]
    record = broken(user, fields)
    suspend(user, is_down=True)
    eventually(lambda: count(user) == 0)
    suspend(user, is_down=False)
    eventually(lambda: count(user) == 3)
    corrected(user, fields)
    assert throughout(2, lambda: count(user)) == 3
    assert ("formation-operator", "Apply") not in holders(user)
    assert record.counts() == [3, 0, 3]
    user("scale", "deployment/shop-worker", "--replicas=6")
    assert throughout(2, lambda: count(user)) == 6
    assert [note for reason in UNWANTED for note in user.events(reason)] == []
