"""Flux's own libraries for server-side apply and health, called as its kustomize-controller calls them."""

import dataclasses
import json
import subprocess

import yaml

from tests.builders import Manifest
from tests.client import Client
from tests.cluster import build
from tests.cluster.cluster import environment
from tests.health_checks import GITOPS

CHECKS = yaml.safe_load((GITOPS / "flux-kustomization.yaml").read_text())["spec"]["healthCheckExprs"]
"""The expressions of health in our sample."""


@dataclasses.dataclass(frozen=True)
class Synced:
    """What came of applying a manifest."""

    action: str
    """What Flux changed: ``created``, ``configured`` or ``unchanged``."""
    trouble: str
    """Why the health check didn't pass; empty if it did."""


def sync(user: Client, manifest: Manifest, *, by_expressions: bool = False, seconds: int = 120) -> Synced:
    """Apply a manifest and wait until it is healthy, has failed, or the time is over."""
    program = build.ensure((build.FLUX,))["flux"]
    placed = {**manifest, "metadata": {**manifest["metadata"], "namespace": user.namespace}}
    checks = CHECKS if by_expressions else []
    done = subprocess.run(
        [program],
        env={**environment(), "KUBECONFIG": str(user.cluster.kubeconfig)},
        input=json.dumps({"manifest": placed, "checks": checks, "seconds": seconds}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Synced(**json.loads(done.stdout))
