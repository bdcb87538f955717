"""Argo CD's own code for health and differences, with the health script that we ship for it."""

import json
import subprocess
from typing import Any

from tests.builders import Manifest
from tests.cluster import build
from tests.health_checks import LUA


def judge(lives: list[Manifest], config: Manifest) -> list[dict[str, Any]]:
    """Return the health of each version of a Formation, and whether it is out of sync with what is in Git."""
    namespace = lives[0]["metadata"]["namespace"]
    target = {**config, "metadata": {**config["metadata"], "namespace": namespace}}
    question = {"lives": lives, "config": target, "overrides": {"formations.dev/Formation": LUA}}
    program = build.ensure((build.ARGO_CD,))["argo-cd"]
    done = subprocess.run([program], input=json.dumps(question), capture_output=True, text=True, check=True)
    verdicts: list[dict[str, Any]] = json.loads(done.stdout)
    return verdicts


def health(lives: list[Manifest]) -> list[str]:
    """Return the health of each version."""
    return [str(each["health"]["status"]) for each in judge(lives, lives[0])]


def is_out_of_sync(live: Manifest, config: Manifest) -> bool:
    """Tell whether Argo CD would show a difference between a Formation and what is in Git."""
    (verdict,) = judge([live], config)
    return bool(verdict["outOfSync"])
