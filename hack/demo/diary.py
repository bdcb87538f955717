"""What the demo has done, step by step: how long each took, and whether it went well."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True)
class Entry:
    """A step that has ended."""

    what: str
    seconds: float
    is_fine: bool


@dataclasses.dataclass
class Diary:
    """The steps that have ended, in their order."""

    entries: list[Entry] = dataclasses.field(default_factory=list)

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Note how long a step takes, and whether it fails."""
        began, is_fine = time.monotonic(), False
        try:
            yield
            is_fine = True
        finally:
            self.entries.append(Entry(what, time.monotonic() - began, is_fine))
