"""``python -m hack.audit``: compare what the operator asked of the cluster that is up with its rights.

A right that is missing fails. A spare one does so only with ``--whole``, after all tests of `make test`.
"""

import argparse
import sys
from typing import Any

from hack import cluster as clusters
from hack.audit import calls, comparison, grants
from hack.cluster import audit, paths
from hack.kustomization import built

OPERATOR = {"formation-operator", "formation-operator-lease"}


def main() -> int:
    """Say what is missing and what is spare, and return the exit code."""
    parser = argparse.ArgumentParser(prog="hack.audit")
    parser.add_argument("--whole", action="store_true", help="every test has run: a spare right fails, too")
    whole = parser.parse_args().whole
    running = clusters.current()
    if running is None or not audit.files():
        sys.exit("audit: a cluster with controllers has to be up: make up")
    records = list(calls.recorded())
    shipped = grants.of(roles())
    missing, spare = comparison.missing(records, shipped), comparison.spare(records, shipped)
    print(f"audit: {len(records)} calls of the operator, {len(shipped)} rights")
    for each in missing:
        print(f"  called, and not granted: {each}")
    for grant in spare:
        print(f"  granted, and not called: {grant}")
    # Nothing that needs a process to run has been tried on another node.
    return int(bool(missing or (whole and running.node == "real" and spare)))


def roles() -> list[dict[str, Any]]:
    """Return the roles of the operator that we ship."""
    shipped = built(paths.ROOT / "manifests" / "rbac")
    return [
        each for each in shipped if each["kind"].endswith("Role") and each["metadata"]["name"] in OPERATOR
    ]


if __name__ == "__main__":
    sys.exit(main())
