"""A child is known by its name and its owner: nothing that runs goes for what others write on it."""

from collections.abc import Iterable

import pytest

from formation_operator.api import naming
from formation_operator.kube.objects.kinds import ChildKind
from tests.shared.builders import Manifest, a_formation, a_process
from tests.unit.fakes.releasing import UNFIT, Shop

TYPES = {"web": a_process(replicas=2, port=8080), "worker": a_process(replicas=1)}
UNRENDERABLE = {"resources": UNFIT}
WEB, WORKER = ("Deployment", "shop-web"), ("Deployment", "shop-worker")
SERVICE = ("Service", "shop-web")
OTHERS_WRITE = {
    "of a type that isn't declared": {naming.PROCESS_TYPE_LABEL: "other"},
    "of another type": {naming.PROCESS_TYPE_LABEL: "worker"},
    "of no type": {naming.PROCESS_TYPE_LABEL: None},
    "of another Formation": {naming.FORMATION_LABEL: "blog"},
    "of nothing of ours": {naming.FORMATION_LABEL: None, naming.PROCESS_TYPE_LABEL: None},
}
"""Labels as merge patches."""
SEEN = {name: labels for name, labels in OTHERS_WRITE.items() if name != "of nothing of ours"}
"""With these a list still has what carries them."""


@pytest.fixture
async def shop() -> Shop:
    """One with the children of two types."""
    shop = Shop(a_formation(processes=TYPES))
    await shop.settle()
    assert children(shop).keys() == {WEB, SERVICE, WORKER}
    return shop


def children(shop: Shop) -> dict[tuple[str, str], str]:
    """Return the uid of each child by kind and name: another one would have other Pods."""
    found = [each for kind in ChildKind for each in shop.cluster.all(kind)]
    return {(each["kind"], each["metadata"]["name"]): each["metadata"]["uid"] for each in found}


def relabel(shop: Shop, children: Iterable[tuple[str, str]], labels: Manifest) -> None:
    for kind, name in children:
        shop.cluster.merge(kind, "default", name, {"metadata": {"labels": labels}})


@pytest.mark.parametrize("labels", OTHERS_WRITE.values(), ids=[*OTHERS_WRITE])
async def test_what_cannot_be_rendered_runs_on_whatever_labels_others_give_it(
    labels: Manifest, shop: Shop
) -> None:
    before = children(shop)
    await shop.change(processes={"web": UNRENDERABLE})
    relabel(shop, [WEB, SERVICE], labels)
    await shop.settle()
    assert children(shop) == before
    await shop.change(processes={"web": {"resources": None}})
    assert children(shop) == before
    for kind, name in (WEB, SERVICE):
        labelled = shop.cluster.read(kind, "default", name)["metadata"]["labels"]
        assert naming.selector("shop", "web").items() <= labelled.items()


@pytest.mark.parametrize("labels", SEEN.values(), ids=[*SEEN])
@pytest.mark.parametrize(
    ("change", "goes"), [(None, [WEB, SERVICE]), ({"port": None}, [SERVICE])], ids=["a type", "a port"]
)
async def test_what_is_taken_away_goes_whatever_labels_others_gave_it(
    labels: Manifest, change: Manifest | None, goes: list[tuple[str, str]], shop: Shop
) -> None:
    await shop.change(processes={"worker": UNRENDERABLE})
    relabel(shop, goes, labels)
    await shop.change(processes={"web": change})
    assert children(shop).keys() == {WEB, SERVICE, WORKER} - {*goes}
    told = [notice.process_type for notice in shop.cluster.notices if notice.reason == "Deleted"]
    assert told == ["web"] * len(goes)
