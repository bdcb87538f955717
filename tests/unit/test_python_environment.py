"""What `make` does to the Python environment of a checkout, and what it checks in it."""

import pathlib
import shutil
import subprocess
import sys

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


def test_what_fails_keeps_nothing_else_from_being_checked_and_is_named_at_the_end(
    tmp_path: pathlib.Path,
) -> None:
    shutil.copytree(paths.ROOT / "tests" / "scripts", tmp_path / "tests" / "scripts")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (tmp_path / "requirements-dev.txt").touch()
    lock = subprocess.run(
        ["sha256sum", "requirements-dev.txt"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    (tmp_path / ".venv" / "stamp").write_text(f"{tmp_path} {lock.stdout}")
    linter = f'[ "$1" = -c ] && exec {sys.executable} "$@"\n'  # what `env` asks it is real
    for name, code in (("ruff", 1), ("mypy", 0), ("lint-imports", 2), ("python", 0), ("pytest", 0)):
        first = linter if name == "python" else ""
        (programs / name).write_text(f"#!/bin/sh\n{first}echo {name} ran\nexit {code}\n")
        (programs / name).chmod(0o755)

    done = subprocess.run([tmp_path / "tests/scripts/check"], capture_output=True, text=True, check=False)

    assert [line.split()[0] for line in done.stdout.splitlines() if line.endswith(" ran")] == [
        *("ruff", "ruff", "mypy", "lint-imports", "python", "pytest")
    ]
    assert done.stderr == "failed: lint, format, import layers\n"
    assert done.returncode == 1
