"""What a process that is run once writes is shown whole and once, whatever becomes of kubectl attach."""

import functools
import pathlib
import time
from collections.abc import Callable, Iterator
from concurrent import futures

import pytest

from formation_cli import failures
from formation_cli.changes.one_off import OneOff
from formation_cli.cluster.port import CutFailure, LogQuery
from formation_cli.commands import log_streams
from formation_cli.commands.enter import output
from formation_cli.terminal import screen
from tests.shared.builders import a_container, a_pod, ended
from tests.unit.cli import kubectls
from tests.unit.cli.fake_cluster import FakeCluster

WRITTEN = "\x1b[2J\x1b[31mred\x1bc"

Kubectl = Callable[[str], None]


@pytest.fixture
def kubectl(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    """Have a script in kubectl's place."""

    return functools.partial(kubectls.install, tmp_path, monkeypatch)


class Running(FakeCluster):
    """Runs one process, whose log has more from look to look."""

    def __init__(self, *looks: str, code: int | None = None) -> None:
        """Take the lines at each look, and with which code the process has ended by now, if it has."""
        super().__init__(Pod=[a_pod() if code is None else a_pod(a_container(ended(code)))])
        self._looks = [look.split() for look in looks or ("",)]

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        yield from (f"{line}\n".encode() for line in self._looks[0])
        self._looks = self._looks[1:] or self._looks


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
    monkeypatch.setattr(log_streams, "PAUSE", 0.01)
    output.show(Breaking(), a_pod(), OneOff(("true",)))
    assert capfdbinary.readouterr().out == b"\xffone\r\ntwo"


Shown = Callable[[Running], tuple[bytes, bytes]]


@pytest.fixture(params=[False, True], ids=["by a pipe", "at a terminal"])
def shown(request: pytest.FixtureRequest, capfdbinary: pytest.CaptureFixture[bytes]) -> Shown:
    """Show a process that has input, and return what was shown."""

    def show(cluster: Running) -> tuple[bytes, bytes]:
        output.show(cluster, a_pod(), OneOff(("sh",), stdin=True, tty=request.param))
        return capfdbinary.readouterr()

    return show


def test_a_process_that_has_ended_before_attach_is_shown_by_its_log(kubectl: Kubectl, shown: Shown) -> None:
    kubectl('echo "error: unable to upgrade connection: container run not found" >&2; exit 1')
    assert shown(Running("one", "one two", code=0)) == (b"one\ntwo\n", b"")


def test_kubectl_is_on_its_own_below_what_the_log_has(kubectl: Kubectl, shown: Shown) -> None:
    kubectl("printf '%s ' \"$@\"")
    welcome, back, how = shown(Running("Welcome back"))[0].splitlines()
    assert (welcome, back) == (b"Welcome", b"back")
    assert b"attach --namespace=default --quiet --stdin " in how
    assert b" shop-worker-1 --container=worker " in how


def test_the_streams_stay_apart_and_no_byte_of_either_is_changed(kubectl: Kubectl, shown: Shown) -> None:
    kubectl("printf 'a\\r\\n\\377\\000b'; echo one >&2; sleep 0.1; echo two >&2")
    assert shown(Running("above")) == (b"above\na\r\n\xff\x00b", b"one\ntwo\n")


def test_what_waits_for_an_answer_on_stderr_is_not_held_back(
    kubectl: Kubectl, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: pathlib.Path
) -> None:
    answer = tmp_path / "answer"
    kubectl(f"printf 'name? ' >&2; until [ -e {answer} ]; do sleep 0.05; done")
    with futures.ThreadPoolExecutor(1) as pool:
        done = pool.submit(output.show, Running(), a_pod(), OneOff(("sh",), stdin=True))
        until = time.monotonic() + 30
        while not (said := capfdbinary.readouterr().err) and time.monotonic() < until:
            time.sleep(0.05)
        answer.touch()
        done.result(30)
    assert said == b"name? "


def test_it_is_said_why_attach_does_not_reach_a_process(
    kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch, shown: Shown
) -> None:
    monkeypatch.setattr(output, "LAG", 0.0)
    kubectl("echo 'error: you may not' >&2; exit 1")
    with pytest.raises(failures.Failure, match="can't reach it") as failed:
        shown(Running())
    assert failed.value.hint == "error: you may not"
