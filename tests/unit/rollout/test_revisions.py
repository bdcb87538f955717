"""A content that is rolled out is kept as a revision: when one is made, which number it has, and which go."""

import copy

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import content_changes, naming
from formation_operator.api.content import content_of, digest_of
from formation_operator.kube import errors
from formation_operator.rollout import revision_store
from tests.shared.builders import Manifest
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.shop import REVISION, TWO, Shop


@pytest.fixture
async def shop() -> Shop:
    here = Shop()
    await here.settle()
    return here


async def test_a_revision_keeps_the_content_as_the_user_wrote_it_under_our_label_and_no_other(
    shop: Shop,
) -> None:
    (revision,) = shop.cluster.all(REVISION)
    metadata = revision["metadata"]
    assert revision["data"] == content_of(TWO["spec"])
    assert revision["data"]["processes"]["web"] == {"command": ["/web"], "port": 80}
    assert (metadata["name"], revision["revision"]) == (shop.name, 1)
    assert metadata["labels"] == {naming.FORMATION_LABEL: "shop"}
    (owner,) = metadata["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == ("uid-1", True)
    assert shop.status["revision"] == {"name": shop.name, "number": 1}
    assert shop.deployed() == [], "nothing was there before"


async def test_a_deploy_makes_one_by_one_write_and_an_event_says_what_has_changed(shop: Shop) -> None:
    before = len(shop.cluster.calls)
    await shop.change(image="shop:v2")
    assert [each.verb for each in shop.written(before)] == ["apply"]
    assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}
    assert shop.status["revision"] == {"name": shop.name, "number": 2}
    assert shop.deployed() == ["revision 2: image shop:v1 -> shop:v2"]


# Which go


async def test_the_oldest_beyond_the_limit_go_and_one_that_runs_again_is_none_of_them(shop: Shop) -> None:
    await shop.change(revisionHistoryLimit=2)
    for version in (2, 3, 1, 4):
        await shop.change(image=f"shop:v{version}")
    assert shop.revisions() == {"shop:v3": 3, "shop:v1": 4, "shop:v4": 5}
    assert {each.body["uid"] for each in shop.cluster.asked("delete", REVISION)} != {None}


async def test_one_that_cannot_be_deleted_goes_at_the_next_deploy(shop: Shop) -> None:
    shop.cluster.incidents.append(Incident("delete", REVISION, error=errors.ForbiddenError("no")))
    await shop.change(revisionHistoryLimit=0, image="shop:v2")
    assert shop.failed is None
    assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}
    await shop.change(image="shop:v3")
    assert shop.revisions() == {"shop:v3": 3}


# Whose they are


async def test_forged_ones_are_neither_counted_nor_deleted(shop: Shop) -> None:
    for number in range(500):
        shop.forge(f"shop-{number:010}", "another")
    shop.cluster.per_page = 200
    await shop.change(revisionHistoryLimit=0, image="shop:v2")
    assert shop.status["revision"]["number"] == 2
    assert len(shop.cluster.all(REVISION)) == 501


TAKEN: dict[str, Manifest] = {
    "another's, with our content": {"uid": "another", "of": "other"},
    "ours, with another content": {"uid": "uid-1", "data": {"image": "evil"}},
    "nobody's, with another content": {"uid": None, "data": {"image": "evil"}},
}


@pytest.mark.parametrize("taken", TAKEN.values(), ids=TAKEN)
async def test_what_has_the_name_and_is_not_this_content_of_ours_is_left_alone(
    shop: Shop, taken: Manifest, snapshot: SnapshotAssertion
) -> None:
    content = copy.deepcopy(content_of({**TWO["spec"], "image": "shop:v2"}))
    name = f"shop-{digest_of(content)}"
    shop.forge(name, **{"data": content, **taken})
    there, before = shop.cluster.read(REVISION, "default", name), shop.ready_reason
    await shop.change(image="shop:v2")
    assert shop.cluster.read(REVISION, "default", name) == there
    assert shop.failed == snapshot
    assert shop.ready_reason == before
    assert shop.status["revision"]["number"] == 1


# A Formation that was deleted and made again


async def test_one_of_a_formation_from_before_that_does_not_go_is_said_after_half_a_minute(
    shop: Shop,
) -> None:
    shop.declare(image="shop:v2")
    shop.forge(shop.name, "uid-0")
    tries = []
    for second in range(40):
        before = len(shop.cluster.asked("get", REVISION))
        await shop.operator.work()
        if len(shop.cluster.asked("get", REVISION)) > before:
            tries.append(second)
        assert (shop.failed is None) or second >= 30
        shop.time.seconds += 1
    first = tries[0]
    assert [each - first for each in tries] == [0, 2, 6, 14, 30]
    assert shop.failed is not None
    assert shop.failed["reason"] == "Retrying"
    assert f"ControllerRevision {shop.name} is of a Formation that is gone" in shop.failed["message"]


# What stands in the way


async def test_without_the_right_all_else_works_and_the_status_says_what_is_missing(
    snapshot: SnapshotAssertion,
) -> None:
    here = Shop()
    here.refuse(None, REVISION, errors.ForbiddenError("controllerrevisions.apps is forbidden"))
    await here.settle()
    for image in ("shop:v2", "shop:v3"):
        await here.change(image=image)
    assert here.failed == snapshot
    assert here.ready_reason == "Progressing", "as without revisions"
    assert "revision" not in here.status
    assert here.images()["shop-web"] == "shop:v3"

    here.cluster.incidents.clear()
    await here.later(revision_store.RETRY_MOST)
    assert here.failed is None
    assert here.revisions() == {"shop:v3": 3}, "as the Deployments say"


async def test_a_full_quota_is_named_and_a_lower_limit_makes_room(
    shop: Shop, snapshot: SnapshotAssertion
) -> None:
    for version in (2, 3, 4):
        await shop.change(image=f"shop:v{version}")
    full = errors.UnavailableError("exceeded quota: count/controllerrevisions.apps=4")
    shop.cluster.incidents.append(Incident("apply", REVISION, error=full, times=3))
    await shop.change(image="shop:v5")
    assert shop.failed == snapshot
    await shop.change(revisionHistoryLimit=1)
    assert shop.revisions() == {"shop:v4": 4, "shop:v5": 5}
    assert not shop.failed


async def test_an_unexpected_error_about_the_event_of_a_deploy_holds_up_no_deploy(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_changes, "describe_change", lambda *_: 1 / 0)
    await shop.change(image="shop:v2")
    assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}
    assert shop.images()["shop-web"] == "shop:v2"
