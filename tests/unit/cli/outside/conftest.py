"""What needs no cluster is typed in a folder."""

import pathlib

import pytest


@pytest.fixture(autouse=True)
def folder(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> pathlib.Path:
    """A folder named My_Shop, which is the current one, with the FILES of the module."""
    found = tmp_path / "My_Shop"
    found.mkdir()
    for name, text in getattr(request.module, "FILES", {}).items():
        (found / name).write_text(text)
    monkeypatch.chdir(found)
    return found
