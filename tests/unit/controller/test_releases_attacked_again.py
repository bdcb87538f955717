"""Releases that would run twice, and types that stay at zero, under unlucky orders."""

from tests.unit.fakes.releasing import BOTH_V1, BOTH_V2, RELEASE, Shop


async def an_app() -> Shop:
    """Return an app whose first release has succeeded."""
    shop = Shop()
    await shop.settle()
    await shop.finish()
    return shop


async def test_what_was_let_through_needs_no_second_release_though_its_job_is_gone() -> None:
    shop = await an_app()
    await shop.change(image="shop:v2")
    await shop.finish()
    for raw in shop.jobs():
        shop.cluster.remove("Job", "default", raw["metadata"]["name"])
    await shop.change(release=None, image="shop:v3")
    await shop.change(release=RELEASE, image="shop:v2")
    assert not shop.jobs()
    assert shop.images() == BOTH_V2


async def test_a_type_that_was_at_zero_before_a_suspension_can_be_scaled_while_a_release_waits() -> None:
    shop = await an_app()
    await shop.change(processes={"web": {"replicas": 0}})
    await shop.change(image="shop:v2")
    await shop.change(suspend=True)
    await shop.change(suspend=False)
    await shop.change(processes={"web": {"replicas": 3}})
    assert (shop.counts(), shop.images()) == ({"shop-web": 3, "shop-worker": 0}, BOTH_V1)
