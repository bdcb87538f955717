"""A content that is rolled out is kept as a revision: when one is made, which number it has, and which go."""

import copy

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.api import content_changes, naming
from formation_operator.api.content import content_of, digest_of
from formation_operator.kube import errors, port
from formation_operator.requeue import Lane, Retry
from formation_operator.rollout import revision_store
from tests.shared.builders import Manifest
from tests.unit.fakes.cluster import Incident
from tests.unit.fakes.shop import KEY, REVISION, TWO, Shop

V1, V2, V3 = ({"image": f"shop:v{number}"} for number in (1, 2, 3))


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
    assert shop.numbers == {"shop:v1": 1, "shop:v2": 2}
    assert shop.status["revision"] == {"name": shop.name, "number": 2}
    assert shop.deployed() == ["revision 2: image shop:v1 -> shop:v2"]


CHANGES: dict[str, Manifest] = {
    "a count": {"processes": {"web": {"replicas": 5}}},
    "a count that is left out": {"processes": {"web": {"replicas": None}}},
    "a suspension": {"suspend": True},
    "a pause": {"paused": True},
    "the history's limit": {"revisionHistoryLimit": 3},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_is_no_content_makes_none_and_costs_no_request(shop: Shop, change: Manifest) -> None:
    before = len(shop.cluster.calls)
    await shop.change(**change)
    assert shop.calls(before) == []
    assert shop.status["revision"] == {"name": shop.name, "number": 1}


async def test_the_same_content_again_has_the_next_number_of_the_same_object(shop: Shop) -> None:
    (first,) = shop.cluster.all(REVISION)
    await shop.change(image="shop:v2")
    before = len(shop.cluster.calls)
    await shop.change(image="shop:v1")
    assert [each.verb for each in shop.written(before)] == ["patch"]
    assert shop.numbers == {"shop:v2": 2, "shop:v1": 3}
    assert shop.cluster.read(REVISION, "default", shop.name)["metadata"]["uid"] == first["metadata"]["uid"]
    assert shop.status["revision"] == {"name": shop.name, "number": 3}
    assert shop.deployed()[-1] == "revision 3: image shop:v2 -> shop:v1"
    await shop.change(image="shop:v3")
    assert shop.numbers == {"shop:v2": 2, "shop:v1": 3, "shop:v3": 4}


async def test_over_a_restart_nothing_is_asked_about_revisions(shop: Shop) -> None:
    shop.restart()
    before = len(shop.cluster.calls)
    await shop.settle()
    assert shop.calls(before) == []


# Which go


async def test_the_oldest_beyond_the_limit_go_and_one_that_runs_again_is_none_of_them(shop: Shop) -> None:
    await shop.change(revisionHistoryLimit=2)
    for version in (2, 3, 1, 4):
        await shop.change(image=f"shop:v{version}")
    assert shop.numbers == {"shop:v3": 3, "shop:v1": 4, "shop:v4": 5}
    assert {each.body["uid"] for each in shop.cluster.asked("delete", REVISION)} != {None}


@pytest.mark.parametrize(("limit", "kept"), [(None, 11), (0, 1)], ids=["ten by default", "none"])
async def test_so_many_old_ones_are_kept(shop: Shop, limit: int | None, kept: int) -> None:
    await shop.change(revisionHistoryLimit=limit)
    for version in range(2, 15):
        await shop.change(image=f"shop:v{version}")
    assert sorted(shop.numbers.values()) == [*range(15 - kept, 15)]


async def test_one_that_cannot_be_deleted_goes_at_the_next_deploy(shop: Shop) -> None:
    shop.cluster.incidents.append(Incident("delete", REVISION, error=errors.ForbiddenError("no")))
    await shop.change(revisionHistoryLimit=0, image="shop:v2")
    assert shop.failed is None
    assert shop.numbers == {"shop:v1": 1, "shop:v2": 2}
    await shop.change(image="shop:v3")
    assert shop.numbers == {"shop:v3": 3}


async def test_somebody_deletes_the_one_that_runs_and_nothing_happens_until_the_next_deploy(
    shop: Shop,
) -> None:
    shop.remove(REVISION, shop.name)
    before = len(shop.cluster.calls)
    await shop.change(processes={"web": {"replicas": 3}})
    assert shop.calls(before) == []
    await shop.change(image="shop:v2")
    assert shop.numbers == {"shop:v2": 2}
    assert shop.deployed() == ["revision 2"]


# Whose they are


async def test_forged_ones_are_neither_counted_nor_deleted(shop: Shop) -> None:
    for number in range(500):
        shop.forge(f"shop-{number:010}", "another")
    shop.cluster.per_page = 200
    await shop.change(revisionHistoryLimit=0, image="shop:v2")
    assert shop.status["revision"]["number"] == 2
    assert len(shop.cluster.all(REVISION)) == 501


async def test_of_thousands_of_forged_ones_only_some_are_read(shop: Shop) -> None:
    for number in range(port.MOST_PAGES + 5):
        shop.forge(f"shop-{number:010}", "another")
    shop.cluster.per_page = 1
    await shop.change(image="shop:v2")
    assert shop.status["revision"] == {"name": shop.name, "number": 2}, "by the number in the status"
    await shop.change(image="shop:v1")
    assert shop.status["revision"] == {"name": shop.name, "number": 3}


@pytest.mark.parametrize("number", ["99999999999999999999", "-1", "x", ""])
async def test_a_number_that_is_none_counts_for_nothing(shop: Shop, number: str) -> None:
    shop.note(naming.REVISION_ANNOTATION, number)
    await shop.change(image="shop:v2")
    assert shop.status["revision"]["number"] == 2


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


@pytest.mark.parametrize("taken", TAKEN.values(), ids=TAKEN)
async def test_what_takes_the_name_of_one_in_its_first_minute_is_named_and_not_asked_about_each_minute(
    shop: Shop, taken: Manifest
) -> None:
    await shop.change(image="shop:v2")
    shop.remove(REVISION, shop.name)
    shop.forge(shop.name, **{"data": {"image": "shop:v2"}, **taken})
    shop.run_well()
    await shop.passes(30, 10)
    assert shop.failed
    assert shop.name in shop.failed["message"]
    before = len(shop.cluster.calls)
    await shop.passes(30, 10)
    assert len(shop.written(before)) <= 2
    shop.remove(REVISION, shop.name)
    await shop.passes(80, 10)
    assert shop.ran_well() == {"shop:v2"}
    assert shop.failed is None


async def test_an_orphan_with_just_this_content_is_taken_over(shop: Shop) -> None:
    """So it is after the Formation was deleted with --cascade=orphan, and made again."""
    content = content_of({**TWO["spec"], "image": "shop:v2"})
    shop.forge(f"shop-{digest_of(content)}", None, data=content)
    await shop.change(image="shop:v2")
    revision = shop.cluster.read(REVISION, "default", shop.name)
    assert [each["uid"] for each in revision["metadata"]["ownerReferences"]] == ["uid-1"]
    assert (revision["revision"], shop.status["revision"]["number"]) == (2, 2)


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
    assert here.image == "shop:v3"

    here.cluster.incidents.clear()
    await here.later(revision_store.RETRY_MOST)
    assert here.failed is None
    assert here.numbers == {"shop:v3": 3}, "as the Deployments say"


async def test_what_is_refused_is_tried_again_later_each_time_and_not_by_every_pass(shop: Shop) -> None:
    shop.refuse(None, REVISION, errors.ForbiddenError("no"))
    await shop.change(image="shop:v2")
    before = len(shop.cluster.calls)
    for _ in range(3):
        await shop.settle()
    assert len(shop.calls(before)) == 1, "in eighteen seconds"
    result = await shop.operator.run(KEY)
    assert result.requeue is not None
    assert result.requeue.lane is Lane.REPORT
    assert result.retry is Retry.NONE


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
    assert shop.numbers == {"shop:v4": 4, "shop:v5": 5}
    assert not shop.failed


async def test_an_unexpected_error_about_the_event_of_a_deploy_holds_up_no_deploy(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_changes, "describe_change", lambda *_: 1 / 0)
    await shop.change(image="shop:v2")
    assert shop.numbers == {"shop:v1": 1, "shop:v2": 2}
    assert shop.image == "shop:v2"


# When a content is rolled out


# Answers that are lost, and operators that end


async def test_killed_between_the_revision_and_the_status_one_from_before_has_no_second_number(
    shop: Shop,
) -> None:
    await shop.change(image="shop:v2")
    shop.declare(image="shop:v1")
    shop.refuse("replace_status", times=9)
    await shop.operator.run(KEY)
    shop.time.seconds += 2
    await shop.operator.run(KEY)
    before = len(shop.cluster.calls)
    shop.cluster.incidents.clear()
    await shop.next_leader()
    assert shop.numbers == {"shop:v2": 2, "shop:v1": 3}
    assert shop.status["revision"] == {"name": shop.name, "number": 3}
    assert {each.verb for each in shop.written(before)} <= {"apply"}, "which was a conflict"


async def test_one_whose_answer_was_lost_has_no_second_number(shop: Shop) -> None:
    lost = Incident("apply", REVISION, error=errors.UnavailableError("lost"), carried_out=True)
    shop.cluster.incidents.append(lost)
    await shop.change(image="shop:v2")
    await shop.later(revision_store.RETRY_FIRST)
    assert shop.numbers == {"shop:v1": 1, "shop:v2": 2}
    assert (shop.status["revision"]["number"], shop.failed) == (2, None)


async def test_a_number_that_no_template_and_no_status_names_is_not_given_again(shop: Shop) -> None:
    shop.refuse("apply", "Deployment")
    shop.declare(image="shop:v2")
    await shop.operator.run(KEY)
    shop.restart()
    shop.cluster.merge(naming.KIND, *KEY, {"status": None})
    shop.cluster.incidents.clear()
    await shop.change(image="shop:v3")
    assert shop.numbers == {"shop:v1": 1, "shop:v2": 2, "shop:v3": 3}


async def test_while_the_status_is_refused_nothing_more_is_asked_about_a_revision(shop: Shop) -> None:
    shop.refuse("replace_status", error=errors.InvalidError("no"))
    await shop.change(image="shop:v2")
    before = len(shop.cluster.calls)
    await shop.settle()
    assert shop.calls(before) == []
    shop.cluster.incidents.clear()
    await shop.change(image="shop:v1")
    assert shop.numbers == {"shop:v2": 2, "shop:v1": 3}, "though the status never said 2"
