"""Fixtures that several tests of rollouts share."""

import pytest

from formation_operator.kube import port
from tests.unit.fakes.releasing import SLOW, Shop


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the operator wait less than a slow request hangs."""
    monkeypatch.setattr(port, "PATIENCE", SLOW / 20)


@pytest.fixture
async def shop() -> Shop:
    """An app whose first release has succeeded."""
    found = Shop()
    await found.settle()
    await found.finish()
    return found
