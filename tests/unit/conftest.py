"""Hypothesis looks for what nobody thought of; what is asynchronous runs on the operator's own loop."""

import asyncio
from collections.abc import Callable

import hypothesis
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


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run no test on a loop that the operator doesn't use: they differ."""
    return {"uvloop": uvloop.new_event_loop}
