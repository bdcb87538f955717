"""Make a release, for an image of a registry."""

import os
import pathlib
import subprocess
import sys

from hack.cluster import paths

VERSION = "7.8.9-rc.1"
REPOSITORY = "https://git.example.com/team/formation-operator"


def image(registry: str) -> str:
    """Return the name of the image."""
    return f"{registry}/team/formation-operator"


def make(target: pathlib.Path, registry: str, umask: int = 0o022) -> dict[str, bytes]:
    """Make a release, as somebody with that umask does, and return its files."""
    command = [sys.executable, "-m", "hack.packaging", VERSION, "--image", image(registry)]
    command += ["--repository", REPOSITORY, "--target", str(target)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(command, cwd=paths.ROOT, env=environment, check=True, umask=umask)
    return {path.name: path.read_bytes() for path in target.iterdir()}
