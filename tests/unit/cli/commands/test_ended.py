"""What somebody reads who ends a command that changes something: what stands, and the way back."""

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from formation_cli import failures
from formation_cli.cluster import follow, kinds
from formation_cli.cluster.port import Object
from formation_cli.commands import waiting
from formation_operator.api import naming
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.revisions import R2, V2, shop
from tests.unit.cli.typed import run
from tests.unit.cli.waits import Waits

CONTINUES = "The change is made, and continues: `kubectl formation ps shop` shows its progress."
NOTHING = "Nothing was changed: `kubectl formation ps shop` shows how shop is."
UNKNOWN = "It isn't known whether the change was made: `kubectl formation ps shop` shows how shop is."
BACK = "To go back: kubectl formation rollback shop --to 2 --wait"
DEPLOY = "deploy shop shop:v3 --wait"
TERMINATED = failures.SIGNAL + signal.SIGTERM


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What these tests do about signals ends with them."""
    before = {number: signal.getsignal(number) for number in failures.ENDINGS}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
    failures.end_when_asked()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def ending(number: signal.Signals = signal.SIGTERM) -> Callable[..., Any]:
    """Return what is ended by a signal when it is called."""

    def ended(*_: Any, **__: Any) -> Any:
        signal.raise_signal(number)

    return ended


def denied(*_: Any, **__: Any) -> None:
    raise failures.NoAccess("You may not read Pods.")


ENDS = {ending(): TERMINATED, ending(signal.SIGINT): failures.INTERRUPTED, denied: failures.NO_ACCESS}


@pytest.mark.parametrize("end", ENDS, ids=["SIGTERM", "SIGINT", "a right that is lost"])
@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (DEPLOY, [CONTINUES, BACK]),
        (f"{DEPLOY} --rollback-on-failure", [CONTINUES, f"Nothing was rolled back. {BACK}"]),
        ("config set shop A=1 --wait", [CONTINUES, BACK]),
        ("rollback shop --wait", [CONTINUES]),
        ("restart shop web --wait", [CONTINUES]),
        ("deploy shop shop:v2 --wait", [NOTHING]),
    ],
)
def test_when_a_wait_is_ended_the_last_lines_are_what_stands_and_the_way_back(
    monkeypatch: pytest.MonkeyPatch, words: str, lines: list[str], end: Callable[..., Any]
) -> None:
    monkeypatch.setattr(follow, "snapshots", end)
    said = run(words, ENDS[end]).stderr
    assert said.splitlines()[-len(lines) :] == lines
    assert ("Error: You may not read Pods." in said) == (end is denied)


@pytest.mark.parametrize(("words", "lines"), [(DEPLOY, [UNKNOWN]), (f"{DEPLOY} --dry-run", [])])
def test_whoever_ends_a_write_is_not_told_that_it_was_made(
    monkeypatch: pytest.MonkeyPatch, cluster: FakeCluster, words: str, lines: list[str]
) -> None:
    monkeypatch.setattr(cluster, "patch", ending())
    assert run(words, TERMINATED).stderr.splitlines() == lines


def test_whoever_ends_a_way_back_before_it_is_written_reads_the_way_back(
    monkeypatch: pytest.MonkeyPatch, cluster: FakeCluster, waits: Waits
) -> None:
    waits.ends = [waiting.NotReady("web: no")]
    waits.meanwhile = lambda: monkeypatch.setattr(cluster, "get", ending())
    stderr = run(f"{DEPLOY} --rollback-on-failure", TERMINATED).stderr
    assert stderr.splitlines() == ["Error: web: no", BACK]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("rollback shop --wait", CONTINUES),
        (DEPLOY, CONTINUES),
        (f"{DEPLOY} --dry-run", NOTHING),
        ("rollback shop --dry-run", NOTHING),
    ],
)
def test_whoever_ends_what_is_asked_after_the_write_reads_what_stands(
    monkeypatch: pytest.MonkeyPatch, cluster: FakeCluster, words: str, said: str
) -> None:
    released: Object = {**V2, "release": {"command": ["migrate"]}}
    cluster.objects[naming.KIND] = [shop(R2, released)]
    answered = cluster.get

    def get(kind: str, name: str) -> Object | None:
        if cluster.dry_runs and kind == kinds.CONTROLLER_REVISION:
            signal.raise_signal(signal.SIGTERM)
        return answered(kind, name)

    monkeypatch.setattr(cluster, "get", get)
    if words.startswith("rollback"):
        monkeypatch.setattr("formation_cli.commands.going_back.advise", ending())
    assert said in run(words, TERMINATED).stderr.splitlines()
