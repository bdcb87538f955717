"""A CRD that has lost `spec.release`, while something else can't be read, is gone, or hangs."""

import pytest

from formation_operator.api import naming
from formation_operator.kube.port import Object
from formation_operator.observe import formations
from tests.shared.builders import Manifest
from tests.unit.fakes.releasing import NIGHTLY, RELEASE, SLOW, Shop, an_app, lose_revisions
from tests.unit.fakes.shop import KEY

PRUNED: Manifest = {"release": None, "processes": {"web": {"replicas": 4}}}
NEW = {"release", "schedules"}
"""The fields of the newer CRD."""


@pytest.fixture
async def shop() -> Shop:
    """An app whose second release has failed, under a CRD that doesn't know releases."""
    found = await an_app(release=RELEASE)
    await found.tell({"image": "shop:v2"}, "the release fails", "the CRD is older")
    return found


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", ["unreadable", "slow", "gone"])
async def test_what_was_not_released_is_not_rolled_out_though_what_was_is_not_known(
    shop: Shop, how: str
) -> None:
    shop.restart()
    if how == "gone":
        lose_revisions(shop)
    else:
        shop.refuse("get", "ControllerRevision", hangs=SLOW if how == "slow" else 0.0)
    await shop.tell(PRUNED, "web=4:v1 worker=2:v1")


def begin_old_watch(shop: Shop) -> None:
    """Have the watch prune each Formation, and tell it before the answer, which is whole."""
    see = shop.operator.see

    def see_pruned(kind: str, raw: Object, deleted: bool) -> None:
        if kind == naming.KIND:
            raw = {**raw, "spec": {key: raw["spec"][key] for key in raw["spec"].keys() - NEW}}
        see(kind, raw, deleted)

    shop.cluster.watchers[:] = [see_pruned]


async def test_a_label_that_a_watch_from_before_the_newer_crd_brings_changes_nothing() -> None:
    shop = await an_app(release=RELEASE, schedules={"nightly": NIGHTLY})
    before = len(shop.cluster.calls)
    begin_old_watch(shop)
    shop.cluster.merge(naming.KIND, *KEY, {"metadata": {"labels": {"team": "a"}}})
    await shop.settle()
    assert not shop.wrote(before)


@pytest.mark.parametrize("read_by", ["the answer to a write of the status", "a list"])
async def test_what_such_a_watch_has_pruned_is_read_again_at_the_same_version(read_by: str) -> None:
    shop = await an_app()
    begin_old_watch(shop)
    shop.declare(image="shop:v2", schedules={"nightly": NIGHTLY})
    formation, known = shop.cluster.read(naming.KIND, *KEY), shop.operator.known
    if read_by == "a list":
        as_of = formations.version_of(formation) + 1
        assert known.see(naming.KIND, formation, as_of) is not None
        assert known.see(naming.KIND, formation, as_of) is None, "it is known"
    else:
        await shop.passes(2, 2)
    assert known.formations[KEY]["spec"] == formation["spec"]
    await shop.settle()
    shop.shows("nightly=on")
