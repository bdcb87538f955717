"""A script whose extra isn't installed says which one it is."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("script", "missing", "extra"),
    [
        ("formation_operator.start:main", "kopf", "operator"),
        ("formation_cli.start:plugin", "click", "cli"),
        ("formation_cli.start:completion", "click", "cli"),
    ],
)
def test_a_missing_extra_is_named(script: str, missing: str, extra: str) -> None:
    module, _, function = script.partition(":")
    source = f"import sys; sys.modules[{missing!r}] = None; import {module}; {module}.{function}()"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().endswith(f"install formation-operator with its extra [{extra}]")
    assert missing in done.stderr
    assert "Traceback" not in done.stderr
