"""The wheel, built by the locked setuptools: pip would fetch the newest one."""

import os
import pathlib
import subprocess
import sys

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def build(sources: pathlib.Path, tools: pathlib.Path, target: pathlib.Path, seconds: int) -> None:
    """Build the wheel of the sources into ``target``."""
    subprocess.run(
        [sys.executable, "-c", BUILD, str(target)],
        cwd=sources,
        env={**os.environ, "PYTHONPATH": str(tools), "SOURCE_DATE_EPOCH": str(seconds)},
        stdout=subprocess.DEVNULL,
        umask=0o022,  # the wheel keeps the modes of what setuptools writes
        check=True,
    )
