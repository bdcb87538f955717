"""Counts when two things happen at once, a write is refused, or an object was deleted, restored or forged."""

import pytest

from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.contract.counting import Record, count, declared
from tests.contract.replacing import another_than, backup, restore
from tests.operator_process import OperatorProcess

WORKER = {"worker": a_process(replicas=4)}
OMITTED = {"worker": a_process()}


def omitted_at(user: Client, wanted: int) -> None:
    """Run a worker whose count is left to others, at a count that was reported."""
    user.apply(a_formation(processes=OMITTED))
    user.reported()
    user("scale", "deployment/shop-worker", f"--replicas={wanted}")
    eventually(
        lambda: user.get("formation", "shop")["status"]["processes"]["worker"]["desiredReplicas"] == wanted
    )


def suspend(user: Client, suspended: bool = True) -> None:
    user.merge("formation", "shop", {"spec": {"suspend": suspended or None}})
    eventually(lambda: count(user) == 0 or not suspended)
    user.reported()


def remembered(user: Client) -> str | None:
    annotations: dict[str, str] = user.get("deployment", "shop-worker")["metadata"]["annotations"]
    return annotations.get("formations.dev/count")


@pytest.mark.alone
def test_a_scale_request_and_a_new_image_at_one_moment_both_live(
    user: Client, operator: OperatorProcess
) -> None:
    user.apply(a_formation(processes=WORKER))
    user.reported()
    record = Record(user, "shop-worker")

    with operator.standing_still():
        user.merge("formation", "shop", {"spec": {"image": "registry.example.com/shop:v2"}})
        user("scale", "deployment/shop-worker", "--replicas=7")

    eventually(lambda: declared(user) == 7)
    user.reported()
    assert record.counts() == [4, 7]


def test_every_scale_request_is_honoured_while_the_deployment_itself_is_refused(user: Client) -> None:
    user.apply(a_formation(processes=WORKER))
    user.reported()
    refused = {
        "spec": {"containers": [{"name": "process", "volumeMounts": [{"name": "absent", "mountPath": "/x"}]}]}
    }
    user.merge("formation", "shop", {"spec": {"podTemplate": refused}})
    eventually(lambda: user.condition("Stalled"))

    user("scale", "deployment/shop-worker", "--replicas=7")
    eventually(lambda: declared(user) == 7)
    user("scale", "deployment/shop-worker", "--replicas=9")
    eventually(lambda: declared(user) == 9)

    assert count(user) == 9
    assert not user.events("ScaleOverruled")


def test_taking_over_a_count_that_others_set_is_no_reason_for_a_warning(user: Client) -> None:
    omitted_at(user, 7)

    user.apply(a_formation(processes={"worker": a_process(replicas=3)}))

    eventually(lambda: count(user) == 3)
    user.reported()
    assert not user.events("ScaleOverruled")


def test_a_suspended_deployment_that_is_deleted_comes_back_with_its_count(user: Client) -> None:
    omitted_at(user, 5)
    suspend(user)
    before = user.get("deployment", "shop-worker")["metadata"]["uid"]

    user("delete", "deployment", "shop-worker")
    eventually(lambda: another_than(user, before))
    suspend(user, False)

    eventually(lambda: count(user) == 5)


def test_a_suspended_deployment_that_loses_our_label_or_annotation_comes_back_with_its_count(
    user: Client,
) -> None:
    omitted_at(user, 5)
    suspend(user)

    user("label", "deployment", "shop-worker", "formations.dev/formation-")
    eventually(
        lambda: "formations.dev/formation" in user.get("deployment", "shop-worker")["metadata"]["labels"]
    )
    user("annotate", "deployment", "shop-worker", "formations.dev/count-")
    eventually(lambda: remembered(user) == "5")
    suspend(user, False)

    eventually(lambda: count(user) == 5)


def test_a_deployment_at_zero_that_is_deleted_comes_back_at_zero(user: Client) -> None:
    omitted_at(user, 0)
    before = user.get("deployment", "shop-worker")["metadata"]["uid"]

    user("delete", "deployment", "shop-worker")

    eventually(lambda: another_than(user, before))
    assert count(user) == 0


def test_a_restored_deployment_keeps_its_count_though_the_backup_tells_no_owner(user: Client) -> None:
    omitted_at(user, 5)
    restore(user, backup(user))
    record = Record(user, "shop-worker")

    user.apply(a_formation(processes=OMITTED))

    eventually(lambda: user.events("Adopted"))
    user.reported()
    assert record.counts() == [5]


def test_a_deployment_restored_from_a_suspension_comes_back_with_its_count(user: Client) -> None:
    omitted_at(user, 5)
    suspend(user)
    restore(user, backup(user))

    user.apply(a_formation(processes=OMITTED, suspend=True))
    eventually(lambda: user.events("Adopted"))
    suspend(user, False)

    eventually(lambda: count(user) == 5)
