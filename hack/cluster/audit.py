"""What is recorded of the operator's requests: who asked for what, and what came of it, but no content."""

import json
import pathlib

from hack.cluster import paths

OPERATOR = "system:serviceaccount:formation-system:formation-operator"
MEGABYTES = 32
"""After so many a file is closed and another one begun."""
FILES = 7
"""So many closed files are kept: a whole run of the tests fills two of them."""
POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "users": [OPERATOR]}],
}
"""Nobody else's requests are recorded, so that they cost nothing."""


def flags() -> list[str]:
    """Write the policy, and return the API server's flags for it."""
    policy = paths.state() / "audit-policy.json"
    policy.write_text(json.dumps(POLICY))
    return [
        f"--audit-policy-file={policy}",
        f"--audit-log-path={folder() / 'audit.log'}",
        f"--audit-log-maxsize={MEGABYTES}",
        f"--audit-log-maxbackup={FILES}",
    ]


def folder() -> pathlib.Path:
    """Return where the files are."""
    return paths.state() / "logs"


def files() -> list[pathlib.Path]:
    """Return the files, those that are closed included."""
    return sorted(folder().glob("audit*.log"))
