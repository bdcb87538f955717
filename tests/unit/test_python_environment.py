"""What `make` does to the Python environment of a checkout."""

import pathlib
import shutil
import subprocess

from tests.cluster import paths


def test_an_environment_that_is_linked_to_is_never_emptied(tmp_path: pathlib.Path) -> None:
    others, ours = tmp_path / "others", tmp_path / "ours"
    (others / "bin").mkdir(parents=True)
    (ours / "tests").mkdir(parents=True)
    shutil.copytree(paths.ROOT / "tests" / "scripts", ours / "tests" / "scripts")
    (ours / "requirements-dev.txt").touch()
    (ours / ".venv").symlink_to(others)

    done = subprocess.run([ours / "tests/scripts/env"], capture_output=True, text=True, check=False)

    assert (others / "bin").exists()
    assert done.returncode == 1
    assert str(others) in done.stderr
    assert "rm .venv" in done.stderr
