"""What a process that is run once writes is shown whole and once, whatever becomes of kubectl attach."""

import contextlib
import os
import pathlib
import signal
import sys
import termios
from collections.abc import Callable, Iterator

import pytest

from formation_cli import failures
from formation_cli.changes.one_off import OneOff
from formation_cli.cluster.port import CutFailure, LogQuery, Object
from formation_cli.commands import log_streams
from formation_cli.commands.enter import output
from formation_cli.terminal import screen
from tests.builders import a_container, a_pod, ended
from tests.unit.cli.fake_cluster import FakeCluster

WRITTEN = "\x1b[2J\x1b[31mred\x1bc"
TOO_LATE = 'echo "error: unable to upgrade connection: container run not found" >&2; exit 1'
OURS = (33, 77)
"""Lines and columns of the window."""

Kubectl = Callable[[str], None]


@pytest.fixture
def kubectl(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    """Have a script in kubectl's place."""

    def install(script: str) -> None:
        program = tmp_path / "kubectl"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return install


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for kubectl however slow it is: only its end is waited for."""
    monkeypatch.setattr(output, "LOOK", 60.0)
    monkeypatch.setattr(output, "SILENCE", 60.0)


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Sit at a terminal."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(ours, OURS)
    with os.fdopen(theirs) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield ours
    os.close(ours)


class Running(FakeCluster):
    """Runs one process, whose log has more from look to look."""

    def __init__(self, *looks: str, code: int | None = None) -> None:
        """Take the lines at each look, and with which code the process has ended by now, if it has."""
        super().__init__(Pod=[a_pod() if code is None else a_pod(a_container(ended(code)))])
        self._looks = [look.split() for look in looks or ("",)]

    def log(self, pod: str, query: LogQuery) -> Iterator[str]:
        yield from self._looks[0]
        self._looks = self._looks[1:] or self._looks


def shown(cluster: Running, pod: Object | None = None, *, tty: bool = False) -> list[tuple[int, bytes]]:
    pieces = output.Joined(cluster, pod or a_pod(), tty=tty).pieces()
    return [(stream, text) for stream, text in pieces if text]


def text_of(cluster: Running, *, tty: bool = False) -> bytes:
    return b"".join(text for _, text in shown(cluster, tty=tty))


@pytest.mark.parametrize(("terminal", "shown"), [(True, "\x1b[31mred\x1b[0m\n"), (False, f"{WRITTEN}\n")])
def test_a_terminal_is_shown_only_what_moves_no_cursor(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], shown: str, *, terminal: bool
) -> None:
    monkeypatch.setattr(screen, "is_terminal", lambda: terminal)
    pod, cluster = a_pod(), FakeCluster()
    cluster.logs[pod["metadata"]["name"]] = [WRITTEN]
    output.show(cluster, pod, OneOff(("true",)))
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
    output.show(Breaking(), a_pod(), OneOff(("true",)))
    assert capfdbinary.readouterr().out == b"\xffone\r\ntwo"


@pytest.mark.parametrize("attach", [TOO_LATE, "exit 0"], ids=["too late", "at its very end"])
def test_a_process_that_has_ended_before_attach_is_shown_by_its_log(kubectl: Kubectl, attach: str) -> None:
    kubectl(attach)
    assert shown(Running("quick", "quick over", code=0)) == [(1, b"quick\n"), (1, b"over\n")]


def test_nothing_is_attached_to_a_process_that_is_known_to_have_ended(kubectl: Kubectl) -> None:
    kubectl("echo twice")
    assert shown(Running("quick", code=0), a_pod(a_container(ended(0)))) == [(1, b"quick\n")]


@pytest.mark.usefixtures("unhurried")
def test_what_was_written_before_attach_is_shown_above_what_it_brings(kubectl: Kubectl) -> None:
    kubectl("echo three; sleep 0.1; echo four")
    assert text_of(Running("one", "one two three four")) == b"one\ntwo\nthree\nfour\n"


def test_what_is_written_while_attach_begins_is_shown_though_it_brings_nothing(kubectl: Kubectl) -> None:
    kubectl("exec sleep 600")
    with contextlib.closing(output.Joined(Running("one", "one two"), a_pod(), tty=False).pieces()) as pieces:
        assert [next(pieces).text for _ in range(2)] == [b"one\n", b"two\n"]


@pytest.mark.usefixtures("unhurried")
def test_the_streams_stay_apart_and_nothing_of_either_is_repeated(kubectl: Kubectl) -> None:
    kubectl("echo wrong >&2; sleep 0.05; echo right")
    found = shown(Running("", "above right wrong"))
    assert found == [(1, b"above\n"), (2, b"wrong\n"), (1, b"right\n")]


@pytest.mark.usefixtures("unhurried")
def test_what_attach_brings_is_not_changed(kubectl: Kubectl) -> None:
    kubectl("printf 'a\\r\\n\\377\\000b'")
    assert text_of(Running("", "a")) == b"a\r\n\xff\x00b"


@pytest.mark.usefixtures("unhurried")
def test_a_terminal_has_its_prompt_behind_what_the_log_has(kubectl: Kubectl, window: int) -> None:
    kubectl("printf '$ '")
    assert text_of(Running("Welcome", "Welcome back"), tty=True) == b"Welcome\r\nback\r\n$ "


def test_kubectl_writes_to_a_terminal_of_the_size_of_ours(kubectl: Kubectl, window: int) -> None:
    kubectl("trap 'stty size <&1; exit' WINCH; stty size <&1; while :; do sleep 0.1; done")
    with contextlib.closing(output.Joined(Running(), a_pod(), tty=True).pieces()) as pieces:
        sizes = (piece.text for piece in pieces if piece.text)
        assert next(sizes) == b"33 77\n"
        termios.tcsetwinsize(window, (20, 30))
        signal.raise_signal(signal.SIGWINCH)
        assert next(sizes) == b"20 30\n"


@pytest.mark.parametrize("before", ["", "echo heard; sleep 1; "], ids=["at once", "later"])
def test_a_process_that_attach_does_not_reach_is_not_waited_for(
    kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    monkeypatch.setattr(output, "LAG", 0.0)
    kubectl(f"{before}echo 'error: you may not' >&2; exit 1")
    with pytest.raises(failures.Failure, match="can't reach it"):
        shown(Running())


def test_it_is_said_why_attach_does_not_reach_a_process(
    kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "LAG", 0.0)
    kubectl("echo 'error: you may not' >&2; exit 1")
    with pytest.raises(failures.Failure) as failed:
        shown(Running())
    assert failed.value.hint == "error: you may not"
