"""The line that tells why a process ended, of what each language writes when it isn't caught."""

import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from formation_operator.diagnose import log_excerpt
from formation_operator.kube.objects import lenient

TRACES = pathlib.Path(__file__).parent / "log_excerpt"
"""What each wrote to its standard error, whole."""
NAMES = sorted(path.stem for path in TRACES.glob("*.txt"))
TRACE = """\
Traceback (most recent call last):
  File "/app/web.py", line 2, in connect
    raise ConnectionError
"""
SERVES = "[2026-01-01 00:00:00 +0000] [7] [INFO] Booting worker with pid: 8\n"
EXITS = "[2026-01-01 00:00:00 +0000] [1] [ERROR] Worker (pid:8) exited with code 3\n"
HALTS = "[2026-01-01 00:00:00 +0000] [1] [ERROR] Reason: Worker failed to boot."
DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
LOGS = {
    "an exception that was survived, and a record": (
        f"{TRACE}ConnectionError: no cache\nERROR: no database\n",
        "ERROR: no database",
    ),
    "a server that has lost its workers without a word": (f"shop 1.2\n{SERVES * 4}{EXITS}{HALTS}", HALTS),
    "a group of errors, all of it indented": (
        "  + Exception Group Traceback:\n    | ConnectionError: no database\n    +--------",
        "| ConnectionError: no database",
    ),
    "a panic that was survived": ("panic: recovered: x\nserving again\nno database", "no database"),
}


PIECES = [*TRACE.splitlines(), "  | " + TRACE.splitlines()[1], "x: y", "", *EXITS.splitlines(), SERVES, HALTS]


@pytest.mark.parametrize("name", NAMES)
def test_of_a_trace_the_message_is_told_and_its_end_is_enough_which_is_all_that_kubelet_keeps(
    name: str, snapshot: SnapshotAssertion
) -> None:
    log = (TRACES / f"{name}.txt").read_text()
    told = log_excerpt.message_line(log)
    assert told == snapshot
    end = log.rstrip()[-lenient.LONGEST_LOG :]
    lacks_the_cause = end.count("Traceback") < log.count("Traceback")
    assert lacks_the_cause or log_excerpt.message_line(end) == told


@pytest.mark.parametrize(("log", "told"), LOGS.values(), ids=LOGS)
def test_the_last_line_that_says_something_is_told(log: str, told: str) -> None:
    assert log_excerpt.message_line(log) == told


def test_of_a_message_of_very_many_lines_only_as_many_are_looked_at_as_kubelet_gives_of_a_log() -> None:
    frames = "}\n" * (log_excerpt.LINES - 1)
    assert log_excerpt.message_line(f"no database\n{frames}") == "no database"
    assert log_excerpt.message_line(f"no database\n}}\n{frames}") == "}"


@given(st.text() | st.text(alphabet="a.(#\t\n 0x)") | st.lists(st.sampled_from(PIECES)).map("\n".join))
def test_any_log_gives_a_short_line(log: str) -> None:
    told = log_excerpt.message_line(log)
    assert told.isprintable()
    assert len(told) <= log_excerpt.LONGEST
