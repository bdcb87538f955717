"""No run of tests hangs: what takes too long is ended, and says where it was."""

import pathlib
import re
import subprocess
import sys

import pytest

from hack.cluster import paths

HANGING = """
import asyncio, threading
import pytest, uvloop

@pytest.fixture
def one_that_waits_at_its_end():
    yield
    threading.Event().wait()

def test_one_that_waits():
    threading.Event().wait()

def test_one_that_has_failed(one_that_waits_at_its_end):
    assert False

def test_one_that_hears_no_alarm():
    uvloop.run(asyncio.Event().wait())

def test_another():
    pass
"""


def test_a_test_that_hangs_is_ended_with_the_stacks_of_all_threads(
    tmp_path: pathlib.Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)  # names the report of this run
    assert pytestconfig.pluginmanager.has_plugin("hack.scripts.hangs"), "as in each run of anything in tests"
    (tmp_path / "test_hanging.py").write_text(HANGING)
    pytest = [sys.executable, "-m", "pytest", "-p", "hack.scripts.hangs"]
    command = [*pytest, "--timeout=2", "-n", "1", str(tmp_path)]
    ended = subprocess.run(command, cwd=paths.ROOT, timeout=60, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stdout
    for name in ("test_one_that_hears_no_alarm", "test_one_that_waits", "one_that_waits_at_its_end"):
        assert f" in {name}\n" in ended.stderr
    assert re.search("crashed while running .*::test_one_that_hears_no_alarm", ended.stdout)
    assert "3 failed, 1 passed, 1 error" in ended.stdout, "another process has what is left"
