"""What a process writes that is run once, at a terminal and in a pipe."""

import pytest

from formation_cli.changes.one_off import OneOff
from formation_cli.commands.enter import run
from formation_cli.terminal import screen
from tests.builders import a_pod
from tests.unit.cli.fake_cluster import FakeCluster

WRITTEN = "\x1b[2J\x1b[31mred\x1bc"


@pytest.mark.parametrize(("terminal", "shown"), [(True, "\x1b[31mred\x1b[0m\n"), (False, f"{WRITTEN}\n")])
def test_a_terminal_is_shown_only_what_moves_no_cursor(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], shown: str, *, terminal: bool
) -> None:
    monkeypatch.setattr(screen, "is_terminal", lambda: terminal)
    pod, cluster = a_pod(), FakeCluster()
    cluster.logs[pod["metadata"]["name"]] = [WRITTEN]
    run.show(cluster, pod, OneOff(("true",)))
    assert capfd.readouterr().out == shown
