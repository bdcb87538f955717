"""Words of the command line that a function reads."""

from collections.abc import Callable
from typing import Any

import click


class Word(click.ParamType[Any]):
    """A word, and the function that reads it; its `ValueError` is what the person at the terminal sees."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        """Take what such a word is called, and the function."""
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what is meant, which a value may be already."""
        try:
            return self._read(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)
