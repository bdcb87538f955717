"""``kubectl formation run``: what the command writes is shown whole and once, at a terminal and by a pipe."""

import random
import subprocess

import pytest

from formation_cli import failures
from tests.e2e.scripts import GREETS, LINGERS, shop_of
from tests.live.client import Client, eventually
from tests.live.plugin import Plugin
from tests.shared.terminal import plain

pytestmark = pytest.mark.node

TIMES = 3
"""As often as a command is run that attach comes too late for, or just in time."""
TOO_LATE = "Encoding terminal size failed"
COUNTS = "for n in $(seq 40); do echo $n; sleep 0.1; done; exit 4"
COUNTED = [str(number) for number in range(1, 41)]


@pytest.fixture
def shop(person: Client) -> Client:
    """A user with a type that runs, and has a second to end."""
    manifest = shop_of(web=GREETS)
    manifest["spec"]["processes"]["web"]["terminationGracePeriodSeconds"] = 1
    person.ready(manifest)
    return person


def piped(formation: Plugin, data: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command with what comes by a pipe."""
    command = formation.command("run", "shop", *words)
    return subprocess.run(command, env=formation.environment(), input=data, capture_output=True, check=False)


def lines(sent: str) -> list[str]:
    """Return the lines of a terminal; there may be more than one carriage return at the end of each.

    kubectl logs a line of its own if a process ends before it has sent the terminal's size.
    """
    return [each for each in plain(sent).replace("\r", "").splitlines() if TOO_LATE not in each]


def test_a_quick_command_is_shown_at_a_terminal_and_by_a_pipe(shop: Client, formation: Plugin) -> None:
    for _ in range(TIMES):
        assert lines(formation.typed("run", "shop", "-it", "--", "echo", "quick")) == ["quick"]
        done = piped(formation, b"", "-i", "--", "/bin/sh", "-c", "echo quick; exit 3")
        assert (done.returncode, done.stdout, done.stderr) == (3, b"quick\n", b"")
    eventually(lambda: not shop.list_all("jobs.batch"))


def test_what_is_written_before_attach_is_shown_above_the_rest(shop: Client, formation: Plugin) -> None:
    shell = ("--", "/bin/sh", "-c", COUNTS)
    typed = lines(formation.typed("run", "shop", "-it", *shell, code=4))
    done = piped(formation, b"", "-i", *shell)
    assert (done.returncode, done.stderr) == (4, b"")
    for shown in (typed, done.stdout.decode().split()):
        assert shown == sorted({*shown}, key=int)
        assert shown[-1] == COUNTED[-1]
        assert len(shown) > len(COUNTED) // 2, "only what is written while kubectl connects may be lost"


def test_no_byte_that_comes_by_a_pipe_is_changed(shop: Client, formation: Plugin) -> None:
    data = random.Random(1).randbytes(3_000_000) + b"\r\n"
    done = piped(formation, data, "-i", "--", "/bin/sh", "-c", "cat; echo all >&2; exit 5")
    assert done.stdout == data
    assert (done.returncode, done.stderr) == (5, b"all\n")


def test_a_command_whose_time_is_over_says_so_before_it_has_ended(shop: Client, formation: Plugin) -> None:
    limited = ("run", "shop", "--timeout", "12s", "--", "/bin/sh", "-c", LINGERS)
    first, *_, error, _ = formation(*limited, code=failures.OVERTIME).stderr.splitlines()
    assert first == "Its 12 s are over: it has 30 s to end."
    assert error == "Error: Its 12 s are over: it was stopped."
