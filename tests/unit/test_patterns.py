"""Every pattern reads any text in a time that grows like the text.

One loop of the operator serves everybody: anyone who writes a text that takes long keeps all others waiting.
The plugin reads what others wrote, too.
"""

import contextlib
import importlib
import inspect
import itertools
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import formation_operator
from formation_cli import dialects, words
from formation_cli.dialects import shell as shell_of_others
from formation_operator.diagnose import exits
from formation_operator.foreground import check, shell
from formation_operator.kube import errors
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.containers import Exit
from tests.unit import growth
from tests.unit.growth import Read

MODULES = [
    importlib.import_module(found.name)
    for package in (formation_operator, dialects, words)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
SOURCES = {module.__name__: inspect.getsource(module) for module in MODULES}
WAYS = ("search", "match", "fullmatch", "findall", "finditer", "split", "sub")
"""How a pattern can be held against a text."""


def compiled(value: Any) -> Iterator[re.Pattern[str]]:
    """Yield the compiled patterns in a value."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Mapping):
        yield from compiled([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from compiled(item)


NAMED = {
    (name, pattern)
    for module in MODULES
    for name, value in vars(module).items()
    for pattern in compiled(value)
}
USED = {
    use
    for source in SOURCES.values()
    for use in re.findall(rf"(\w+)(?:\[[^\]]*\])?\.({'|'.join(WAYS)})\b", source)
}
"""The name of what a text is held against, and how."""


def ways(name: str) -> list[str]:
    """Return how the patterns under a name are held against texts; those in a table are searched for."""
    return [way for way in WAYS if (name, way) in USED] or ["search"]


def reader(pattern: re.Pattern[Any], way: str) -> Read:
    """Return what holds a pattern against a text, or its bytes if it is one of bytes."""
    if isinstance(pattern.pattern, bytes):
        return lambda text: getattr(pattern, way)(text.encode())
    if way == "sub":
        return lambda text: pattern.sub("", text)
    if way == "finditer":
        return lambda text: list(pattern.finditer(text))
    read: Read = getattr(pattern, way)
    return read


PATTERNS = {
    f"{name} by {way}: {pattern.pattern}": (pattern.pattern, pattern.flags, reader(pattern, way))
    for name, pattern in sorted(NAMED, key=str)
    for way in ways(name)
}


@pytest.mark.timed
@pytest.mark.parametrize(
    ("pattern", "flags", "read"), PATTERNS.values(), ids=[" ".join(name.split())[:60] for name in PATTERNS]
)
def test_a_pattern_reads_any_text_in_a_time_that_grows_like_the_text(
    pattern: str, flags: int, read: Read
) -> None:
    assert growth.slow(read, growth.texts(pattern, flags)) is None


# Patterns that this package once had, or might have.
SLOW = {
    "two letters": (r"-[A-Za-z]*d[A-Za-z]*(\n.+)?", "fullmatch"),
    "what is at the end": (r"[^/\n]+$", "search"),
    "a blank before a word": (r"[.,]?\s*preemption:.*", "sub"),
    "what has no end": (r"\$\$|\$\(([^)]*)\)", "findall"),
    "an option with a value or without": (r"(-[wE]\n[^\n]*\n|-[^\n]*\n)*[^-\n][^\n]*\n", "fullmatch"),
    "many of many": ("(a+)+b", "fullmatch"),
}


@pytest.mark.timed
@pytest.mark.parametrize(("pattern", "way"), SLOW.values(), ids=SLOW)
def test_a_slow_pattern_is_found(pattern: str, way: str) -> None:
    assert growth.slow(reader(re.compile(pattern), way), growth.texts(pattern)) is not None


# Whole texts


def split(text: str) -> None:
    """Split a command of another tool's file into words."""
    with contextlib.suppress(ValueError):
        shell_of_others.words(text, port=True)


def ended(code: int, reason: str, message: str, *command: str) -> str:
    """Return what is said of a process that ended with a message."""
    moment = "2026-01-01T00:00:00Z"
    return exits.sentence(Exit(code, reason, message, moment, moment, "", command))


FIRST = ("", "/usr/", "screen -d -", "nginx -g ", "sudo -", "flock ", 'exec: "', "sh -c '")
LETTERS = "-/=$()'\"\\;&|<>#\nadm1.: \x1b["
AGAIN = [
    *LETTERS,
    *("".join(pair) for pair in itertools.product(LETTERS, repeat=2)),
    "wait;",
    "-m x ",
    "a=b ",
]
TEXTS = [*growth.drawn(FIRST, AGAIN, 600)]
READERS: dict[str, Read] = {
    "a command": lambda text: check.finding(text.split(" ")),
    "a command of a process that has left": lambda text: ended(0, "", "", *text.split(" ")),
    "a script": lambda text: check.finding(["sh", "-c", text]),
    "a command of a Procfile": split,
    "last words": lambda text: ended(1, "Error", text),
    "why nothing was started": lambda text: ended(128, "StartError", text),
    "a line": lenient.in_one_line,
    "a refusal": lambda text: errors.error_of(403, json.dumps({"message": text}).encode()),
}


@pytest.mark.timed
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_text_is_read_in_a_time_that_grows_like_the_text(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = 10**9
    for module, limit in ((shell, "LONGEST"), (shell, "LONGEST_SCRIPT")):
        monkeypatch.setattr(module, limit, endless)
    assert growth.slow(read, TEXTS) is None
