"""What others wrote is read in a time that grows like it."""

import importlib
import pkgutil
import re
from collections.abc import Callable

import pytest

from formation_cli import dialects, words
from formation_cli.dialects import shell
from tests.unit import growth

pytestmark = pytest.mark.timed

MODULES = [
    importlib.import_module(found.name)
    for package in (dialects, words)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
PATTERNS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
}


SCANNED = {
    *("app.LISTENS", "dotenv.UNESCAPED", "dotenv.SPECIAL", "references.TOKEN", "references.AMBIGUOUS"),
    *("shell.TOKEN", "shell.CONTROL", "procfile.CONTROL", "units.UNSET", "quoting.FORBIDDEN"),
    "variables.CREDENTIALS",
}
"""What is searched for; the others are held against a whole text."""


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_reads_any_text_again_and_again(name: str) -> None:
    pattern = PATTERNS[name]
    read: Callable[[str], object] = pattern.findall if name in SCANNED else pattern.fullmatch
    assert growth.slow(read, growth.texts(pattern.pattern, pattern.flags)) is None


def test_no_command_is_read_again_and_again() -> None:
    texts = growth.texts(shell.TOKEN.pattern, shell.TOKEN.flags)
    assert growth.slow(_words, texts) is None


def _words(text: str) -> object:
    try:
        return shell.words(text, port=True)
    except ValueError:
        return None
