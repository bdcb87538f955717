"""A script whose extra isn't installed says which one it is."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("script", "missing", "way_out"),
    [
        ("formation_operator.start:main", "kopf", "pip install '.[operator]'"),
        ("formation_cli.start:plugin", "click", "pipx install --force '.[cli]'"),
        ("formation_cli.start:plugin", "rich", "pipx install --force '.[cli]'"),
        ("formation_cli.start:completion", "click", "pipx install --force '.[cli]'"),
    ],
)
def test_a_missing_extra_is_named_as_a_checkout_has_it(script: str, missing: str, way_out: str) -> None:
    module, _, function = script.partition(":")
    source = f"import sys; sys.modules[{missing!r}] = None; import {module}; {module}.{function}()"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().endswith(f"in a checkout: {way_out}")
    assert "formation-operator" not in done.stderr  # a package index may have a stranger's by that name
    assert missing in done.stderr
    assert "Traceback" not in done.stderr
