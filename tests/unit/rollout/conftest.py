"""Fixtures that several tests of rollouts share."""

import pytest

from tests.unit.fakes.releasing import Shop


@pytest.fixture
async def shop() -> Shop:
    """An app whose first release has succeeded."""
    found = Shop()
    await found.settle()
    await found.finish()
    return found
