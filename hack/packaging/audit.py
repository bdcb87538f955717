"""``make audit``: ask the Python Package Index for known vulnerabilities of everything that is locked.

Part of a release, not of every run: the answer depends on the day, and on a database that has to be reached.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from hack.cluster import paths
from hack.images import workshop

TOOL = pathlib.Path(__file__).with_name("audit-requirements.txt")
LOCKS = (
    "requirements.txt",
    "hack/packaging/requirements-plugin.txt",
    "requirements-dev.txt",
    "hack/cluster/go-requirements.txt",
    "hack/packaging/requirements.txt",
    "hack/packaging/audit-requirements.txt",
)
SITE = "hack/site/requirements.txt"
"""Of what renders the pages, and is in nothing that is published but them."""
# Strict: a package that couldn't be looked up fails, too.
AUDIT = ("-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes", "--progress-spinner=off")


def main() -> int:
    """Audit each lock file, and return the worst result."""
    with tempfile.TemporaryDirectory() as folder:
        workshop.pip("install", TOOL, f"--target={folder}")
        return max(audited(lock, folder) for lock in (*LOCKS, SITE))


def audited(lock: str, folder: str) -> int:
    """Have pip-audit say what it knows of a lock file, and return its exit code."""
    print(f"== {lock}", flush=True)
    command = [sys.executable, *AUDIT, f"--requirement={paths.ROOT / lock}"]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": folder}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
