"""Revisions whose requests hang, where no old one is kept."""

import asyncio

import pytest

from formation_operator.kube import errors, port
from tests.shared.builders import Manifest, a_formation, a_process
from tests.unit.fakes.cluster import Verb
from tests.unit.fakes.releasing import RELEASE, Shop

REVISION = "ControllerRevision"
SLOW = 1.0
"""Seconds after which a request fails: the operator's patience is a twentieth of that here."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the operator wait less than a request hangs."""
    monkeypatch.setattr(port, "PATIENCE", SLOW / 20)


async def an_app(release: Manifest | None) -> Shop:
    """Return an app of which no old revision is kept."""
    web = a_process("/web", replicas=1)
    shop = Shop(a_formation(image="shop:v1", release=release, revisionHistoryLimit=0, processes={"web": web}))
    await shop.settle()
    if release:
        await shop.finish()
    return shop


@pytest.mark.parametrize("release", [None, RELEASE], ids=["without a release", "with one"])
@pytest.mark.parametrize("verb", ["apply", "patch", "delete", "get", "select"])
async def test_no_pass_waits_for_a_request_about_revisions_that_hangs(
    release: Manifest | None, verb: Verb
) -> None:
    shop = await an_app(release)
    await shop.change(image="shop:v2")
    if release:
        await shop.finish()
    no = errors.UnavailableError("the server doesn't answer")
    shop.refuse(verb, REVISION, no, hangs=SLOW)
    spec: Manifest = {"image": "shop:v3", "processes": {"web": {"replicas": 6}}}
    shop.declare(**spec)
    clock, longest = asyncio.get_running_loop().time, 0.0
    for _ in range(6):
        shop.time.seconds += 2
        began = clock()
        await shop.operator.work()
        longest = max(longest, clock() - began)
    assert longest < SLOW / 2
    assert shop.counts() == {"shop-web": 6}
    assert release or shop.images() == {"shop-web": "shop:v3"}
