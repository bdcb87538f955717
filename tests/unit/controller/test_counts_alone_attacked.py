"""Counts that are written alone end, whoever holds the fields."""

from tests.builders import Manifest
from tests.unit.controller.test_deploys_attacked import lose_revisions
from tests.unit.fakes.releasing import Shop


async def test_counts_of_restored_deployments_whose_content_is_lost_are_written_once() -> None:
    shop = Shop()
    await shop.settle()
    await shop.finish()
    await shop.change(image="shop:v2")
    lose_revisions(shop)
    shop.restart()
    nobodys: Manifest = {"metadata": {"managedFields": []}}
    for name in shop.counts():
        shop.cluster.merge("Deployment", "default", name, nobodys)
    await shop.change(suspend=True)
    assert shop.counts() == {"shop-web": 0, "shop-worker": 0}
    before = len(shop.cluster.calls)
    await shop.settle()
    assert not [each for each in shop.cluster.calls[before:] if each.verb in ("apply", "patch")]
