"""Tests that wait for the same thing: one outage of the operator serves all of them.

Each is a generator that yields where the thing happens, and has a namespace of its own:

    @down
    def test_what_happens_meanwhile_is_made_good(user):
        user.apply(...)
        yield  # the operator is stopped
        user("delete", ...)
        yield  # and started again
        eventually(...)
"""

import concurrent.futures
import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from tests.client import Client
from tests.cluster.cluster import Cluster
from tests.namespaces import fresh_namespace

Steps = Generator[None, None, None]
Scenario = Callable[[Client], Steps]
AT_ONCE = 8


class Test(Protocol):
    """The test that a scenario becomes: it ends its own."""

    def __call__(self, played: "Played") -> None:
        """Run what is left of the scenario."""


class Scenarios:
    """The scenarios of a module, as a decorator that makes each a test."""

    def __init__(self) -> None:
        self._all: dict[str, Scenario] = {}

    def __call__(self, scenario: Scenario) -> Test:
        """Take a scenario in, and return its test, which needs a fixture ``played``."""
        name = scenario.__name__
        self._all[name] = scenario

        def test(played: Played) -> None:
            played.finish(name)

        test.__name__, test.__doc__ = name, scenario.__doc__
        return test

    @contextlib.contextmanager
    def on(self, cluster: Cluster) -> Iterator["Played"]:
        """Get all scenarios ready, each in a fresh namespace."""
        with contextlib.ExitStack() as stack:
            users = {
                name: Client(cluster, stack.enter_context(fresh_namespace(cluster))) for name in self._all
            }
            yield Played({name: scenario(users[name]) for name, scenario in self._all.items()}, users)


class Played:
    """Scenarios under way."""

    def __init__(self, steps: dict[str, Steps], users: dict[str, Client]) -> None:
        self._steps = steps
        self.users = users
        self._failed: dict[str, BaseException] = {}

    def advance(self) -> None:
        """Take every scenario to where it yields next; one that fails is told of by its own test alone."""
        going = [name for name in self._steps if name not in self._failed]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for name, failure in zip(going, pool.map(self._advance, going), strict=True):
                if failure is not None:
                    self._failed[name] = failure

    def _advance(self, name: str) -> BaseException | None:
        try:
            next(self._steps[name])
        except Exception as error:  # noqa: BLE001  # raised by the test
            return error
        return None

    def finish(self, name: str) -> None:
        """Take a scenario to its end, or raise what it failed with."""
        if name in self._failed:
            raise self._failed[name]
        try:
            next(self._steps[name])
        except StopIteration:
            return
        raise AssertionError(f"{name} yields more often than something happens")
