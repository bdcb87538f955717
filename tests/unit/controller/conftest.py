"""Fixtures that several tests of the controller share."""

import pytest

from formation_operator.controller import informers
from formation_operator.kube import reflector
from tests.unit.fakes.releasing import Shop


@pytest.fixture
async def shop() -> Shop:
    """An app whose first release has succeeded."""
    found = Shop()
    await found.settle()
    await found.finish()
    return found


@pytest.fixture
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the pauses away."""
    for each in (informers, reflector):
        monkeypatch.setattr(each, "BACK_OFF", (0.001, 0.002))
