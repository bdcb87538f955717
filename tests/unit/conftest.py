"""Hypothesis looks for what nobody thought of; what is asynchronous runs on the operator's own loop."""

import asyncio
from collections.abc import Callable

import hypothesis
import uvloop

hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run no test on a loop that the operator doesn't use: they differ."""
    return {"uvloop": uvloop.new_event_loop}
