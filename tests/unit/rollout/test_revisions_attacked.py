"""Revisions whose requests hang, where no old one is kept."""

import asyncio

import pytest

from tests.shared.builders import Manifest, a_process
from tests.unit.fakes.cluster import Verb
from tests.unit.fakes.releasing import RELEASE, SLOW, an_app
from tests.unit.fakes.shop import REVISION


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("release", [None, RELEASE], ids=["without a release", "with one"])
@pytest.mark.parametrize("verb", ["apply", "patch", "delete", "get", "select"])
async def test_no_pass_waits_for_a_request_about_revisions_that_hangs(
    release: Manifest | None, verb: Verb
) -> None:
    web = a_process("/web", replicas=1)
    shop = await an_app({"web": web}, release=release, revisionHistoryLimit=0)
    await shop.change(image="shop:v2")
    if release:
        await shop.finish()
    shop.refuse(verb, REVISION, hangs=SLOW)
    shop.declare(image="shop:v3", processes={"web": {"replicas": 6}})
    clock, longest = asyncio.get_running_loop().time, 0.0
    for _ in range(6):
        shop.time.seconds += 2
        began = clock()
        await shop.operator.work()
        longest = max(longest, clock() - began)
    assert longest < SLOW / 2
    assert shop.counts() == {"shop-web": 6}
    assert release or shop.images() == {"shop-web": "shop:v3"}
