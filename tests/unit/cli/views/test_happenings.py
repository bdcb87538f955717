from typing import Any

import pytest

from formation_cli.views import happenings
from tests.shared.builders import NOW, ago

KNOWN = ["web", "nightly", "run", "release"]


def event(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"creationTimestamp": ago(600)},
        "regarding": {"kind": kind, "name": name},
        "reason": "Killing",
        "note": "Stopping container web",
        **more,
    }


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Formation", "shop"),
        ("Deployment", "shop-web"),
        ("Pod", "shop-web-canary-7c9d8-x7k2p"),
        ("Pod", "shop-web-7c9d8-x7k2p"),
        ("Job", "shop-run-abcde"),
        ("Job", "shop-release-abcde"),
        ("CronJob", "shop-nightly"),
        ("Job", "shop-nightly-29"),
    ],
)
def test_what_a_formation_made_concerns_it(kind: str, name: str) -> None:
    assert happenings.concerns(event(kind, name), "shop", KNOWN)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Formation", "shop-web"), ("Pod", "shop-webber-1"), ("Node", "shop-web"), ("Pod", "other-web-1")],
)
def test_what_others_made_does_not(kind: str, name: str) -> None:
    assert not happenings.concerns(event(kind, name), "shop", KNOWN)


def test_an_event_counts_when_it_happened_last() -> None:
    series = {"series": {"count": 3, "lastObservedTime": ago(5)}}
    (row,) = happenings.table([event("Pod", "shop-web-1", type="Warning", **series)], NOW).texts()
    assert row == ("5s", "Warning", "pod/shop-web-1", "Killing", "Stopping container web (x3)")


def test_the_latest_event_comes_last() -> None:
    old, new = event("Pod", "old"), event("Pod", "new", eventTime=ago(1))
    assert [row[2] for row in happenings.table([new, old], NOW).texts()] == ["pod/old", "pod/new"]
