"""Commands are typed on the cluster of their module."""

import pytest

from formation_cli import options


@pytest.fixture(autouse=True)
def connected(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a command that asks for a cluster get the fixture of that name."""
    monkeypatch.setattr(options, "connect", lambda _: request.getfixturevalue("cluster"))
