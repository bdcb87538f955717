"""What a process writes that is run once, at a terminal and in a pipe, and that it isn't left behind."""

import signal
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from formation_cli import failures, options
from formation_cli.changes.one_off import OneOff
from formation_cli.cluster import kubectl
from formation_cli.cluster.port import CutFailure, LogQuery, Object
from formation_cli.commands import log_streams
from formation_cli.commands.enter import run
from formation_cli.program import program
from formation_cli.terminal import screen
from tests import builders
from tests.builders import a_container, a_pod, ended
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


class Breaking(FakeCluster):
    """Its first answer breaks off behind a line, in the same second as the next one."""

    answers = 0

    def log_as_it_is(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        self.answers += 1
        yield b"2026-11-26T09:00:01.100000000Z \xffone\r\n"
        if self.answers == 1:
            raise CutFailure("broke off")
        assert query.since_time == "2026-11-26T09:00:01.100000000Z"
        yield b"2026-11-26T09:00:01.200000000Z two"


def test_a_log_that_breaks_off_is_read_on(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(log_streams, "PAUSE", 0.0)
    run.show(Breaking(), a_pod(), OneOff(("true",)))
    assert capfdbinary.readouterr().out == b"\xffone\r\ntwo"


def test_a_process_that_attach_does_not_reach_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LAG", 0.0)
    monkeypatch.setattr(kubectl, "call", lambda *_: 1)
    shell = OneOff(("/bin/sh",), stdin=True, tty=True)
    with pytest.raises(failures.Failure, match="doesn't reach it"):
        run.show(FakeCluster(Pod=[a_pod()]), a_pod(), shell)
    run.show(FakeCluster(Pod=[a_pod(a_container(ended(0)))]), a_pod(), shell)


class Interrupted(FakeCluster):
    """Is interrupted when the Job was made and nobody was told so, and again while it is deleted."""

    def create(self, manifest: Object) -> Object:
        super().create(manifest)
        raise KeyboardInterrupt

    def delete(self, kind: str, name: str) -> None:
        signal.raise_signal(signal.SIGINT)
        super().delete(kind, name)


def typed(monkeypatch: pytest.MonkeyPatch, cluster: FakeCluster, *words: str) -> Result:
    cluster.objects["Formation"] = [builders.stored(builders.a_formation())]
    monkeypatch.setattr(options, "connect", lambda _: cluster)
    return CliRunner().invoke(program, ["run", "shop", *words, "--", "/shop", "migrate"])


@pytest.mark.parametrize("how", [(), ("--detach",)])
def test_who_interrupts_leaves_no_job_behind(monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...]) -> None:
    cluster = Interrupted()
    assert typed(monkeypatch, cluster, *how).exit_code == failures.INTERRUPTED
    assert cluster.objects["Job"] == []


class Undeletable(FakeCluster):
    """Doesn't answer when the Job is made, nor after that."""

    def create(self, manifest: Object) -> Object:
        raise failures.NoAccess("read timed out")

    def delete(self, kind: str, name: str) -> None:
        raise failures.NoAccess("no route")


def test_a_job_that_can_not_be_deleted_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    result = typed(monkeypatch, Undeletable())
    assert result.exit_code == failures.NO_ACCESS
    assert "Error: read timed out" in result.stderr
    assert "Job shop-run-" in result.stderr
