"""What a process that is run once writes is shown whole and once, whatever becomes of kubectl attach."""

import pathlib
from collections.abc import Callable, Iterator

import pytest

from formation_cli import failures
from formation_cli.changes.one_off import OneOff
from formation_cli.cluster.port import CutFailure, LogQuery, Object
from formation_cli.commands import log_streams
from formation_cli.commands.enter import output
from formation_cli.terminal import screen
from tests.builders import a_container, a_pod, ended
from tests.unit.cli import kubectls
from tests.unit.cli.fake_cluster import FakeCluster

WRITTEN = "\x1b[2J\x1b[31mred\x1bc"
TOO_LATE = 'echo "error: unable to upgrade connection: container run not found" >&2; exit 1'

Kubectl = Callable[[str], None]


@pytest.fixture
def kubectl(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    """Have a script in kubectl's place."""

    def install(script: str) -> None:
        kubectls.install(tmp_path, monkeypatch, script)

    return install


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for kubectl however slow it is: only its end is waited for."""
    monkeypatch.setattr(output, "SILENCE", 1.0)


class Running(FakeCluster):
    """Runs one process, whose log has more from look to look."""

    def __init__(self, *looks: str, code: int | None = None) -> None:
        """Take the lines at each look, and with which code the process has ended by now, if it has."""
        super().__init__(Pod=[a_pod() if code is None else a_pod(a_container(ended(code)))])
        self._looks = [look.split() for look in looks or ("",)]

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        yield from (f"{line}\n".encode() for line in self._looks[0])
        self._looks = self._looks[1:] or self._looks


def shown(cluster: Running, pod: Object | None = None) -> list[tuple[int, bytes]]:
    return [(stream, text) for stream, text in output.joined(cluster, pod or a_pod()) if text]


def text_of(cluster: Running) -> bytes:
    return b"".join(text for _, text in shown(cluster))


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

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
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
    assert shown(Running("quick over", code=0)) == [(1, b"quick\n"), (1, b"over\n")]


def test_nothing_is_attached_to_a_process_that_is_known_to_have_ended(kubectl: Kubectl) -> None:
    kubectl("echo twice")
    assert shown(Running("quick", code=0), a_pod(a_container(ended(0)))) == [(1, b"quick\n")]


@pytest.mark.usefixtures("unhurried")
def test_what_was_written_before_attach_is_shown_above_what_it_brings(kubectl: Kubectl) -> None:
    kubectl("echo three; sleep 0.1; echo four")
    assert text_of(Running("one two three four")) == b"one\ntwo\nthree\nfour\n"


@pytest.mark.usefixtures("unhurried")
def test_the_streams_stay_apart_and_nothing_of_either_is_repeated(kubectl: Kubectl) -> None:
    kubectl("echo wrong >&2; sleep 0.05; echo right")
    found = shown(Running("above right wrong"))
    assert found == [(1, b"above\n"), (2, b"wrong\n"), (1, b"right\n")]


@pytest.mark.usefixtures("unhurried")
def test_what_attach_brings_is_not_changed(kubectl: Kubectl) -> None:
    kubectl("printf 'a\\r\\n\\377\\000b'")
    assert text_of(Running("a")) == b"a\r\n\xff\x00b"


def at_terminal(
    capfdbinary: pytest.CaptureFixture[bytes], cluster: Running, pod: Object | None = None
) -> bytes:
    output.show(cluster, pod or a_pod(), OneOff(("sh",), stdin=True, tty=True))
    return capfdbinary.readouterr().out


def test_at_a_terminal_kubectl_is_on_its_own_below_what_the_log_has(
    kubectl: Kubectl, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    kubectl("printf '%s ' \"$@\"")
    written = at_terminal(capfdbinary, Running("Welcome back"))
    how = b"attach --namespace=default --quiet --stdin --tty shop-worker-1 --container=worker "
    assert written.splitlines() == [b"Welcome", b"back", how]


def test_at_a_terminal_the_log_has_the_rest_of_what_attach_comes_too_late_for(
    kubectl: Kubectl, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    kubectl(TOO_LATE)
    assert at_terminal(capfdbinary, Running("one", "one two", code=0)) == b"one\ntwo\n"
    over = a_pod(a_container(ended(0)))
    assert at_terminal(capfdbinary, Running("one two", code=0), over) == b"one\ntwo\n"


@pytest.mark.parametrize("before", ["", "echo heard; sleep 1; "], ids=["at once", "later"])
def test_a_process_that_attach_does_not_reach_is_not_waited_for(
    kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    monkeypatch.setattr(output, "LAG", 0.0)
    kubectl(f"{before}echo 'error: you may not' >&2; exit 1")
    with pytest.raises(failures.Failure, match="can't reach it"):
        shown(Running())


@pytest.mark.parametrize("tty", [False, True])
def test_it_is_said_why_attach_does_not_reach_a_process(
    kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch, tty: bool
) -> None:
    monkeypatch.setattr(output, "LAG", 0.0)
    kubectl("echo 'error: you may not' >&2; exit 1")
    with pytest.raises(failures.Failure) as failed:
        output.show(Running(), a_pod(), OneOff(("sh",), stdin=True, tty=tty))
    assert failed.value.hint == "error: you may not"
