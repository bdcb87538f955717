"""Lint our workflows of GitHub Actions, and those that users copy: ``python -m hack.scripts.workflows``.

actionlint knows their schema, their expressions and which contexts a key may use. It is built once.
"""

import subprocess
import sys

from hack.cluster import build, paths
from hack.cluster.errors import ClusterError


def main() -> int:
    """Lint all workflows, without the linters that a machine may or may not have."""
    try:
        actionlint = build.ensure((build.ACTIONLINT,))["actionlint"]
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    folders = (paths.ROOT / ".github" / "workflows", paths.ROOT / "manifests" / "ci" / "github")
    workflows = [path for folder in folders for path in folder.glob("*.yml")]
    command = [str(actionlint), "-shellcheck=", "-pyflakes=", *map(str, workflows)]
    return subprocess.run(command, cwd=paths.ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
