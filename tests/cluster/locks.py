"""Let one process at a time make a thing, however many ask for it at once.

The locks are the kernel's: it takes one back when its holder dies, and what the holder has started
doesn't inherit it.  Whoever had to wait looks again whether the thing is there by now.
"""

import contextlib
import fcntl
import os
import typing
from collections.abc import Callable, Iterator

from tests.cluster import paths, progress


@contextlib.contextmanager
def held(name: str, what: str, detail: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Hold the lock of a name; ``what`` says what another process does meanwhile, if it has it."""
    with opened(name) as file:
        wait_for(file.fileno(), what, detail)
        yield


@contextlib.contextmanager
def machine_held(what: str) -> Iterator[None]:
    """Hold the one lock of all caches of this machine: a file's that root alone can open, and so hold.

    It goes with its holder, for nothing may be left behind; whoever has waited for it takes the next one.
    """
    path = paths.machine_lock()
    while True:
        with open(path, "w", opener=private) as file:
            wait_for(file.fileno(), what)
            if os.fstat(file.fileno()).st_nlink:
                try:
                    yield
                finally:
                    path.unlink(missing_ok=True)
                return


def private(path: str, flags: int) -> int:
    """Open a file, for nobody else if it is new."""
    return os.open(path, flags, 0o600)


def wait_for(file: int, what: str, detail: Callable[[], str] = lambda: "") -> None:
    """Take the lock of an open file, and say every few seconds whom we wait for."""
    if not take(file):
        with progress.patiently(f"waiting for another process: {what}", detail):
            fcntl.flock(file, fcntl.LOCK_EX)


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
