"""Fixtures that several tests of the controller share."""

import pytest

from formation_operator.controller import informers
from formation_operator.kube import reflector


@pytest.fixture
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the pauses away."""
    for each in (informers, reflector):
        monkeypatch.setattr(each, "BACK_OFF", (0.001, 0.002))
