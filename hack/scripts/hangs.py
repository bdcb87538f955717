"""A test that takes too long has the stacks of all threads printed; if it goes on, its process is ended.

pytest-timeout's alarm fails a test once its time is over. But uvloop only logs what the alarm raises,
so that no test on its loop is ended. And a test that has failed has no alarm any more (nor pytest's own
`faulthandler_timeout`), however long its loop takes to close. Where pytest-xdist runs, it names the test and
goes on with another process.
"""

import faulthandler
import os
import signal
from collections.abc import Generator

import pytest
from pytest_timeout import Settings

PATIENCE = 1.5
"""After how many times the time of a test its process is ended."""
errors = pytest.StashKey[int]()
timed = pytest.StashKey[Settings]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the way to the terminal, while no output is captured."""
    config.stash[errors] = os.dup(2)


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Settings) -> Generator[None, object, object]:
    """Have the alarm print all stacks, and the process end later."""
    item.stash[timed] = settings
    file = item.config.stash[errors]
    faulthandler.unregister(signal.SIGALRM)
    result = yield
    faulthandler.register(signal.SIGALRM, file, chain=True)
    faulthandler.dump_traceback_later(settings.timeout * PATIENCE, file=file, exit=True)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Begin the time anew, whatever has become of the alarm."""
    if timed in item.stash:
        item.config.hook.pytest_timeout_set_timer(item=item, settings=item.stash[timed])


def pytest_runtest_logfinish() -> None:
    """Let the process go on: the test has ended."""
    faulthandler.cancel_dump_traceback_later()
