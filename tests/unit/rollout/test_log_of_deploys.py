"""Each revision keeps a log of its content's deploys: number, time, by whom, why, and how each has ended."""

import json
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import CanaryState
from formation_operator.kube.objects import deploys, listings, timestamps
from formation_operator.kube.objects.deploys import Deploy, End
from formation_operator.observe import formations
from formation_operator.rollout.revisions import History, Record
from tests.shared import builders
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.releasing import an_app
from tests.unit.fakes.shop import KEY, REVISION, Shop

CI, ALICE = Owner("ci", "Update"), Owner("alice", "Update")
CANARY = {"seconds": 30}


def timed(shop: Shop) -> Shop:
    """Have the cluster write its own time into managed fields."""
    shop.cluster.stamp = lambda: timestamps.rfc3339(shop.time())
    return shop


@pytest.fixture
async def shop() -> Shop:
    here = timed(Shop())
    await here.settle()
    return here


def ends(shop: Shop) -> dict[str, list[tuple[int, str]]]:
    """Return the number and the end of each deploy by its image."""
    return {image: [(each.number, str(each.end)) for each in own] for image, own in shop.log().items()}


def rolled_out(shop: Shop) -> list[str]:
    """Return what the Events say that end deploys."""
    return [each.note for each in shop.cluster.notices if each.reason == "RolledOut"]


async def deploy(shop: Shop, image: str, by: Owner, note: str | None = None, **spec: Any) -> None:
    """Have a client deploy an image, perhaps with a note."""
    annotations = {"metadata": {"annotations": {naming.NOTE_ANNOTATION: note}}}
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": image, **spec}, **annotations}, by=by)
    await shop.settle()


async def test_a_b_a_are_three_deploys_that_keep_their_numbers_and_say_how_they_ended(shop: Shop) -> None:
    await shop.run_for_a_minute()
    await shop.change(image="shop:v2")
    await shop.change(image="shop:v1")
    assert ends(shop) == {"shop:v1": [(1, "Ran"), (3, "")], "shop:v2": [(2, "")]}
    await shop.run_for_a_minute()
    assert ends(shop)["shop:v1"] == [(1, "Ran"), (3, "Ran")]
    times = [each.at for own in shop.log().values() for each in own]
    assert all(timestamps.epoch(each) for each in times)


async def test_a_log_is_bounded_and_keeps_the_latest(shop: Shop) -> None:
    for _ in range(deploys.MOST + 2):
        await shop.change(image="shop:v2")
        await shop.change(image="shop:v1")
    numbers = [each.number for each in shop.log()["shop:v1"]]
    assert numbers == [*range(25 - 2 * (deploys.MOST - 1), 26, 2)]


# Tries


async def a_failed_try() -> Shop:
    shop = timed(await an_app(canary=CANARY))
    await shop.stand()
    await shop.change(image="shop:v2")
    assert ends(shop)["shop:v2"] == [(0, "")]
    await shop.fail_a_try()
    assert shop.ready_reason == "CanaryFailed"
    return shop


async def test_a_deploy_of_a_stopped_app_is_a_line_from_its_release_on() -> None:
    shop = await an_app(release={"command": ["/migrate"]}, canary=CANARY)
    timed(shop)
    await shop.change(suspend=True)
    await deploy(shop, "shop:v2", CI, "build 17")
    shop.time.seconds += 60
    await shop.change(suspend=None)
    (begun,) = shop.log()["shop:v2"]
    assert (begun.number, begun.by, begun.note) == (0, "ci", "build 17")
    await shop.finish()
    assert [(each.number, each.at) for each in shop.log()["shop:v2"]] == [(2, begun.at)]


async def test_a_try_gets_its_number_in_the_same_line_also_after_it_had_failed() -> None:
    shop = await a_failed_try()
    (begun,) = shop.log()["shop:v2"]
    shop.remove("Pod")
    await shop.stand()
    await shop.stand()
    assert ends(shop)["shop:v2"] == [(2, "")]
    assert shop.log()["shop:v2"][0].at == begun.at


# By whom, and why


async def test_a_line_says_who_has_changed_the_content_and_why(shop: Shop) -> None:
    await deploy(shop, "shop:v2", CI, "fix \x1b[31mthe\x1b[0m\ncheckout " + "x" * 1000)
    (line,) = shop.log()["shop:v2"]
    assert line.by == "ci"
    assert line.note.startswith("fix the checkout xxx")
    assert len(line.note.encode()) <= deploys.LONGEST_NOTE


def stamped(user: str, **spec: Any) -> builders.Manifest:
    """Return a change of a spec with the user's name, as a policy writes it."""
    return {"spec": spec, "metadata": {"annotations": {naming.USER_ANNOTATION: user}}}


async def test_a_user_who_changed_something_else_while_no_watch_was_open_has_deployed_nothing(
    shop: Shop,
) -> None:
    kept = formations.trimmed(shop.cluster.read(naming.KIND, *KEY))
    shop.cluster.merge(naming.KIND, *KEY, stamped("ann@example.com", image="shop:v2"), by=CI)
    counts = {"web": {"replicas": 3}, "worker": {"replicas": 3}}
    shop.cluster.merge(naming.KIND, *KEY, stamped("bob@example.com", processes=counts), by=ALICE)
    assert formations.trimmed(shop.cluster.read(naming.KIND, *KEY), kept)["declared"].by == "ci"


async def test_two_deploys_within_a_second_have_each_its_user_and_note(shop: Shop) -> None:
    kept = formations.trimmed(shop.cluster.read(naming.KIND, *KEY))
    for image, user in (("shop:v2", "ann@example.com"), ("shop:v3", "bob@example.com")):
        change = stamped(user, image=image)
        change["metadata"]["annotations"][naming.NOTE_ANNOTATION] = f"for {user}"
        shop.cluster.merge(naming.KIND, *KEY, change, by=CI)
        kept = formations.trimmed(shop.cluster.read(naming.KIND, *KEY), kept)
        assert (kept["declared"].by, kept["declared"].note) == (user, f"for {user}")
    for image in ("shop:v4", "shop:v5"):
        shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": image}}, by=ALICE)
        kept = formations.trimmed(shop.cluster.read(naming.KIND, *KEY), kept)
        assert kept["declared"].note == "", "that is the one before it"


@pytest.mark.parametrize("change", [{"env": None}, {"image": "shop:v3"}], ids=["a removal", "an image"])
async def test_whoever_changes_a_count_of_what_they_deployed_has_no_part_in_the_next_deploy(
    shop: Shop, change: builders.Manifest
) -> None:
    await deploy(shop, "shop:v2", CI, "fix the checkout", env=[{"name": "A", "value": "1"}])
    shop.time.seconds += 10
    counts = {"web": {"replicas": 3}}
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"processes": counts}}, by=CI)
    await shop.settle()
    shop.time.seconds += 10
    shop.cluster.merge(naming.KIND, *KEY, {"spec": change}, by=ALICE)
    await shop.settle()
    last = deploys.read(shop.cluster.read(REVISION, "default", shop.name)["metadata"]["annotations"])[-1]
    assert (last.by, last.note) == ("alice" if "image" in change else "", "")


# The Event that ends a deploy


async def test_an_event_ends_a_deploy_once_with_its_seconds_and_by_whom_and_why(shop: Shop) -> None:
    await deploy(shop, "shop:v2", CI, "fix the checkout")
    shop.time.seconds += 20
    before = len(rolled_out(shop))
    await shop.stand()
    begun = timestamps.epoch(shop.log()["shop:v2"][0].at)
    assert begun is not None
    (note,) = rolled_out(shop)[before:]
    assert note.startswith("revision 2: rolled out after 2")
    assert note.endswith(" s, by ci: fix the checkout")
    await shop.stand(web=0)
    await shop.run_for_a_minute()
    assert len(rolled_out(shop)) == before + 1


async def test_a_leader_that_lists_a_formation_names_who_has_deployed_before(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2"}}, by=CI)
    whole = shop.cluster.all

    def listed(kind: str) -> list[Any]:
        page = json.dumps({"metadata": {}, "items": whole(kind)}).encode()
        return [*listings.PAGE.decode(page)["items"]] if kind == naming.KIND else whole(kind)

    with monkeypatch.context() as patched:
        patched.setattr(shop.cluster, "all", listed)
        shop.restart()
    await shop.settle()
    assert [each.by for each in shop.log()["shop:v2"]] == ["ci"]


# What somebody else has written

FORGED = {
    "no JSON": "[{",
    "no list": '{"number": 1}',
    "not one of ours": '[1, null, [], "x", {}]',
    "too deep": "[" * 5000,
    "too long": json.dumps([{"number": 1}] * 5000),
    "wrong types": '[{"number": "1", "at": 5, "by": [], "note": {}, "end": 3}]',
    "too large a number": f'[{{"number": {"9" * 5000}}}]',
    "half a letter": '[{"note": "\\ud800"}]',
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
async def test_a_forged_log_holds_up_no_deploy(shop: Shop, forged: str) -> None:
    await shop.run_for_a_minute()
    shop.note(naming.DEPLOYS_ANNOTATION, forged)
    await shop.change(image="shop:v2")
    await shop.change(image="shop:v1")
    assert shop.revisions() == {"shop:v2": 2, "shop:v1": 3}
    assert shop.log()["shop:v1"][-1].number == 3
    assert len(shop.cluster.read(REVISION, "default", shop.name)["metadata"]["annotations"]) == 3


def test_what_a_log_keeps_of_a_forged_text_is_one_short_line() -> None:
    text = json.dumps(
        [{"number": -5, "by": "a\nb" * 500, "note": "\x1b[2J\u202e" + "x\n" * 500, "end": "Won"}]
    )
    (found,) = deploys.read({naming.DEPLOYS_ANNOTATION: text})
    assert (found.number, found.end) == (0, End.NONE)
    assert found.by.isprintable()
    assert found.note.isprintable()
    assert len(found.note) <= deploys.LONGEST_NOTE
    largest = [Deploy(10**11, "2026-01-01T00:00:00Z", '"' * 128, '"' * deploys.LONGEST_NOTE, End.FAILED)]
    written = deploys.text(largest * deploys.MOST)
    assert deploys.read({naming.DEPLOYS_ANNOTATION: written}) == tuple(largest * deploys.MOST)


# What is pruned


def test_failed_ones_push_out_no_good_ones_and_good_ones_no_failed_ones() -> None:
    good = [
        Record(f"shop-good{n}", version=str(n), number=n, ran_well=frozenset({"web"})) for n in range(1, 6)
    ]
    failed = [Record(f"shop-bad{n}", version=str(10 + n), trial=CanaryState.FAILED) for n in range(1, 6)]
    surplus = History(own=[*failed, *good]).surplus(2, {"bad5"})
    assert [each.digest for each in surplus] == ["bad1", "bad2", "good1", "good2"]


def test_the_newest_that_ran_well_and_what_is_wanted_stay_whatever_the_limit_is() -> None:
    good = [Record(f"shop-good{n}", version=str(n), number=n, ran_well=frozenset({"web"})) for n in (1, 2)]
    wanted = Record("shop-wanted", version="9")
    assert [each.digest for each in History(own=[*good, wanted]).surplus(0, {"wanted"})] == ["good1"]
