"""A clock of the operator's own, which jumps when a test says so: by libfaketime, so nobody else's does."""

import pathlib
from collections.abc import Mapping

import pytest

from tests.cluster import packages

PACKAGE = "faketime"


class Clock:
    """Differs from the machine's by what is in a file, which the library reads again every second.

    Time that only passes (the monotonic clock) isn't touched: no machine's jumps.
    """

    def __init__(self, file: pathlib.Path) -> None:
        """Take the file, and begin with the right time; skip the test where the library can't be had."""
        if not packages.find(PACKAGE) and not (packages.find("apt-get") and packages.install([PACKAGE])):
            pytest.skip("clocks jump by libfaketime, which can't be installed here")
        self._file = file
        self._library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        self.shift(0)

    def shift(self, seconds: int) -> None:
        """Have it jump to so many seconds after the machine's time."""
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(f"{seconds:+d}")
        unfinished.replace(self._file)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs to have this clock."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
