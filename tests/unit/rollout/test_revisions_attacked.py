"""Revisions whose requests hang or are refused, and few of which are kept."""

import asyncio

import pytest

from formation_operator.api import naming
from formation_operator.kube import errors, port
from tests.shared.builders import Manifest, a_formation, a_process, ago
from tests.unit.fakes.cluster import Verb
from tests.unit.fakes.releasing import DENIED, KEY, RELEASE, Shop
from tests.unit.fakes.shop import NO_ANSWER

REVISION = "ControllerRevision"
SLOW = 1.0
"""Seconds after which a request fails: the operator's patience is a twentieth of that here."""
GATES = pytest.mark.parametrize("release", [None, RELEASE], ids=["without a release", "with one"])


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the operator wait less than a request hangs."""
    monkeypatch.setattr(port, "PATIENCE", SLOW / 20)


async def an_app(release: Manifest | None, limit: int) -> Shop:
    """Return an app of which so many old revisions are kept."""
    web = a_process("/web", replicas=1)
    shop = Shop(
        a_formation(image="shop:v1", release=release, revisionHistoryLimit=limit, processes={"web": web})
    )
    await shop.settle()
    if release:
        await shop.finish()
    return shop


@GATES
@pytest.mark.parametrize("verb", ["apply", "patch", "delete", "get", "select"])
async def test_no_pass_waits_for_a_request_about_revisions_that_hangs(
    release: Manifest | None, verb: Verb
) -> None:
    shop = await an_app(release, 0)
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


@GATES
async def test_what_was_let_through_is_kept_with_a_limit_of_zero_though_no_template_can_be_written(
    release: Manifest | None,
) -> None:
    shop = await an_app(release, 0)

    shop.refuse("apply", "Deployment", DENIED)
    await shop.change(image="shop:v2")
    if release:
        await shop.finish()
    shop.restart()
    shop.cluster.merge(naming.KIND, *KEY, {"status": None})
    await shop.settle()
    assert shop.revisions() == {"shop:v1": 1, "shop:v2": 2}


async def test_what_a_release_that_goes_on_is_for_is_kept_with_a_limit_of_zero_and_let_through() -> None:
    shop = await an_app(RELEASE, 0)
    await shop.change(image="shop:v2")
    shop.put_pod({"running": {"startedAt": ago(0)}}, phase="Running")
    for command in ("/one", "/two"):
        await shop.change(image="shop:v1", processes={"web": {"command": [command]}})
    await shop.change(image="shop:v3")
    await shop.finish()
    assert shop.images() == {"shop-web": "shop:v2"}


@pytest.mark.parametrize("error", [NO_ANSWER, DENIED], ids=["no answer", "refused"])
async def test_a_read_that_fails_while_a_release_runs_changes_nothing(shop: Shop, error: Exception) -> None:
    await shop.change(image="shop:v2")
    said, events = shop.condition(), len(shop.cluster.notices)
    shop.refuse("get", "ControllerRevision", error)
    await shop.settle()
    assert shop.condition() == said
    assert len(shop.cluster.notices) == events
    shop.remove("Deployment", "shop-worker")
    await shop.settle()
    assert shop.images() == {"shop-web": "shop:v1", "shop-worker": "shop:v1"}
