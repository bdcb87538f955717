"""The line that tells why a process ended, of what each language writes when it isn't caught."""

import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.diagnose import log_excerpt

TRACES = pathlib.Path(__file__).parent / "log_excerpt"
"""What each wrote to its standard error, whole."""
NO_DATABASE = "no database at db:5432"
TOLD = {
    "python": f"ConnectionError: {NO_DATABASE}",
    "node": f"Error: {NO_DATABASE}",
    "node-with-properties": f"Error: {NO_DATABASE}",
    "node-of-an-event": "Error: connect ECONNREFUSED 127.0.0.1:1",
    "java": f'Exception in thread "main" java.lang.IllegalStateException: {NO_DATABASE}',
    "java-with-a-cause": f"Caused by: java.lang.IllegalStateException: {NO_DATABASE}",
    "ruby": f"shop.rb:1:in `connect': {NO_DATABASE} (RuntimeError)",
    "ruby-with-a-cause": f"shop2.rb:1:in `connect': {NO_DATABASE} (RuntimeError)",
    "php": f"PHP Fatal error:  Uncaught RuntimeException: {NO_DATABASE} in /shop.php:2",
    "go": f"panic: {NO_DATABASE}",
}
GOROUTINES = """\
panic: no database

goroutine 7 [running]:
shop.(*Store).Open(0xc000012345, {0x4f, 0x5})
\t/app/store.go:9 +0x1d
created by main.main in goroutine 1
\t/app/main.go:4 +0x25
exit status 2
"""
SQLALCHEMY = """\
psycopg2.OperationalError: connection refused
\tIs the server running on that host?
(Background on this error at: https://sqlalche.me/e/20/e3q8)
"""
LOGS = {
    "nothing": ("", ""),
    "empty lines": ("\n \n\x1b[0m\n", ""),
    "one line": ("starting\nno database\n", "no database"),
    "a line in colour": ("starting\n\x1b[31mno\tdatabase\x1b[0m\n \x1b[0m\n", "no database"),
    "a panic whose goroutines call much": (GOROUTINES, "panic: no database"),
    "an answer of several lines": (SQLALCHEMY, "psycopg2.OperationalError: connection refused"),
    "a group of errors, all of it indented": (
        "  + Exception Group Traceback:\n    | ConnectionError: no database\n    +--------",
        "| ConnectionError: no database",
    ),
    "nothing but frames": ("\tat Shop.main(Shop.java:3)\n", "at Shop.main(Shop.java:3)"),
    "nothing but noise": ("}\nNode.js v20.11.0\n", "Node.js v20.11.0"),
    "a last line that looks like a call": (
        "starting server v1.2\nbind() to 0.0.0.0:80 failed (13: Permission denied)",
        "bind() to 0.0.0.0:80 failed (13: Permission denied)",
    ),
    "a panic that was survived": (
        "panic: recovered: x\nserving again\nno database",
        "no database",
    ),
    "a frame and a goodbye": ("Error: x\n    at main (a.js:1)\ngoodbye (1)", "goodbye (1)"),
}


@pytest.mark.parametrize(("name", "told"), TOLD.items(), ids=TOLD)
def test_of_a_trace_the_message_is_told(name: str, told: str) -> None:
    assert log_excerpt.message_line((TRACES / f"{name}.txt").read_text()) == told


@pytest.mark.parametrize(("log", "told"), LOGS.values(), ids=LOGS)
def test_the_last_line_that_says_something_is_told(log: str, told: str) -> None:
    assert log_excerpt.message_line(log) == told


def test_of_a_message_of_very_many_lines_only_as_many_are_looked_at_as_kubelet_gives_of_a_log() -> None:
    frames = "}\n" * (log_excerpt.LINES - 1)
    assert log_excerpt.message_line(f"no database\n{frames}") == "no database"
    assert log_excerpt.message_line(f"no database\n}}\n{frames}") == "}"


def test_each_trace_has_its_line() -> None:
    assert {path.stem for path in TRACES.glob("*.txt")} == {*TOLD}


@given(st.text() | st.text(alphabet="a.(#\t\n 0x)"))
def test_any_log_gives_a_short_line(log: str) -> None:
    told = log_excerpt.message_line(log)
    assert told.isprintable()
    assert len(told) <= log_excerpt.LONGEST
