"""The key Tab after ``kubectl formation``, in each shell that kubectl completes."""

import pathlib

import pytest

from tests import builders, plugin, shells
from tests.client import Client
from tests.plugin import Plugin
from tests.shells import Shell


@pytest.fixture(params=shells.SHELLS, ids=lambda shell: shell.name)
def shell(request: pytest.FixtureRequest) -> Shell:
    """A shell that is here, or can be installed."""
    chosen: Shell = request.param
    if chosen.missing():
        pytest.skip(f"{' or '.join(chosen.packages)} is missing")
    return chosen


@pytest.fixture
def formation(kubectl: Client, scripts: pathlib.Path, tmp_path: pathlib.Path) -> Plugin:
    """``kubectl formation`` where there is a Formation; nobody needs to work on it."""
    types = {name: builders.a_process() for name in ("web", "worker")}
    kubectl.apply(builders.a_formation(processes=types))
    return plugin.of(kubectl, scripts, tmp_path / "kubeconfig")


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("kubectl formation scale sh", "kubectl formation scale shop X"),
        ("kubectl formation logs shop --type wo", "kubectl formation logs shop --type worker X"),
    ],
)
def test_the_key_tab_completes_commands_names_and_types(
    typed: str, becomes: str, shell: Shell, formation: Plugin, tmp_path: pathlib.Path
) -> None:
    assert shell.completed(typed, formation.environment(), tmp_path) == becomes
