"""Let one process at a time make a thing, however many ask for it at once.

The locks are the kernel's: it takes one back when its holder dies, and what the holder has started
doesn't inherit it.  Whoever had to wait looks again whether the thing is there by now.
"""

import contextlib
import fcntl
import typing
from collections.abc import Iterator

from hack.cluster import paths, progress


@contextlib.contextmanager
def held(name: str, what: str) -> Iterator[None]:
    """Hold the lock of a name; ``what`` says what another process does meanwhile, if it has it."""
    with opened(name) as file:
        if not take(file.fileno()):
            with progress.patiently(f"waiting for another process: {what}"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_taken(name: str) -> bool:
    """Tell whether somebody holds the lock of a name just now."""
    with opened(name) as file:
        return not take(file.fileno())


def opened(name: str) -> typing.TextIO:
    """Open the file whose lock stands for a name."""
    folder = paths.cache() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / name).open("w")


def take(file: int) -> bool:
    """Take an open file's lock if nobody has it, and tell whether that went well."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
