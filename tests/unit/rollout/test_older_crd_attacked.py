"""A CRD that has lost `spec.release`, while something else can't be read, is gone, or hangs."""

import pytest

from formation_operator.api import naming
from formation_operator.kube import port
from tests.shared.builders import Manifest
from tests.unit.fakes.releasing import RELEASE, Shop, an_app, lose_revisions

SLOW = 1.0
"""Seconds after which a request fails: the operator's patience is a twentieth of that here."""
PRUNED: Manifest = {"release": None, "processes": {"web": {"replicas": 4}}}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the operator wait less than a request hangs."""
    monkeypatch.setattr(port, "PATIENCE", SLOW / 20)


@pytest.fixture
async def shop() -> Shop:
    """An app whose second release has failed, under a CRD that doesn't know releases."""
    found = await an_app(release=RELEASE)
    await found.tell({"image": "shop:v2"}, "the release fails", "the CRD is older")
    return found


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


def left(shop: Shop) -> list[str]:
    """Return the Jobs that are marked as left: how they end counts for nothing."""
    mark = naming.RELEASE_LEFT_LABEL
    return [each["metadata"]["name"] for each in shop.jobs() if mark in each["metadata"]["labels"]]
