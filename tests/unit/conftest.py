"""Hypothesis looks for what nobody thought of; what is asynchronous runs on the operator's own loop.

A test that hangs is ended and named.
"""

import asyncio
import os
import pathlib
import random
from collections.abc import Callable

import hypothesis
import pytest
import uvloop

from tests.unit import inputs

SLOW = [hypothesis.HealthCheck.too_slow]
# A run of all tests says the same of the same code; who looks for what is new asks for "curious".
hypothesis.settings.register_profile(
    "same", deadline=None, suppress_health_check=SLOW, max_examples=inputs.USUAL, derandomize=True
)
hypothesis.settings.register_profile(
    "curious", deadline=None, suppress_health_check=SLOW, max_examples=2000, print_blob=True
)
hypothesis.settings.load_profile("same")

Factories = dict[str, Callable[[], asyncio.AbstractEventLoop]]
HERE = pathlib.Path(__file__).parent
SECONDS = {"same": 120, "curious": 900}
"""How long a test may take: far longer than any does on a busy machine, so only one that hangs is ended."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each unit test its time; run them in the order of a seed, if there is one."""
    seconds = SECONDS[hypothesis.settings.get_current_profile_name()]
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(seconds))
    if seed := os.environ.get("SHUFFLE"):
        random.Random(seed).shuffle(items)


def pytest_report_header() -> list[str]:
    """Return the seed of the order, if there is one."""
    return [f"SHUFFLE={seed}" for seed in [os.environ.get("SHUFFLE")] if seed]


def pytest_asyncio_loop_factories(
    item: pytest.Function,
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run a test on the loop of the operator, or on that of its module: on one whose time is virtual."""
    factories: Factories = {"uvloop": uvloop.new_event_loop}
    return getattr(item.module, "LOOP", factories)
