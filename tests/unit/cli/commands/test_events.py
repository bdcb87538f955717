"""Which Events are shown, and how many."""

from typing import Any

import pytest

from tests.shared import builders
from tests.shared.builders import NOW, ago
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import run

TYPES = {name: builders.a_process() for name in ("web", "web-admin")}


def event(name: str, note: str = "", *, kind: str = "Pod", level: str = "Normal", age: float = 60) -> Any:
    about = {"regarding": {"kind": kind, "name": name}, "note": note, "reason": "Something", "type": level}
    return {"metadata": {"name": name, "creationTimestamp": ago(age)}, **about}


@pytest.fixture(autouse=True)
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    monkeypatch.setattr("time.time", lambda: NOW)
    return FakeCluster(
        Formation=[builders.stored(builders.a_formation(processes=TYPES))],
        Event=[
            event("shop-web-7c9d8-aaaaa", age=7200),
            event("shop-web-7c9d8-bbbbb", level="Warning"),
            event("shop-web-admin-7c9d8-ccccc"),
            event("shop-run-1-ddddd"),
            event("shop", "web: 3 of 3 run", kind="Formation"),
            event("shop", "web-admin: exited", kind="Formation", level="Warning"),
        ],
    )


def shown(words: str) -> list[str]:
    """Return what each Event is about, and what it says."""
    lines = run(f"events shop {words}").stdout.splitlines()[1:]
    return [" ".join(line.split()[2:]).replace(" Something", "") for line in lines]


def test_only_the_latest_and_only_what_is_wrong() -> None:
    assert shown("--warnings") == ["pod/shop-web-7c9d8-bbbbb", "formation/shop web-admin: exited"]
    assert len(shown("--since 1h")) == 5
    assert len(shown("--since 1d")) == 6


def test_a_table_has_an_end() -> None:
    cut = run("events shop --tail 2")
    assert len(cut.stdout.splitlines()) == 1 + 2
    assert "the latest 2 of 6: --tail=-1 shows all" in cut.stderr
    assert len(shown("--tail=-1")) == 6


def test_schedules_and_the_release_have_events_too(cluster: FakeCluster) -> None:
    report = {"schedule": "@daily", "command": ["report"]}
    formation = builders.a_formation(processes=TYPES, schedules={"nightly": report})
    cluster.objects["Formation"] = [builders.stored(formation)]
    cluster.objects["Event"] += [
        event("shop-nightly-29", kind="Job"),
        event("shop-release-abc", kind="Job"),
        event("shop", "nightly: has failed", kind="Formation"),
    ]
    assert shown("nightly") == ["job/shop-nightly-29", "formation/shop nightly: has failed"]
    assert shown("release") == ["job/shop-release-abc"]
