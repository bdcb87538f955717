"""Argo CD's own code for health, differences and actions, with the ConfigMap that we ship for it."""

import json
import subprocess
from typing import Any

from hack.cluster import build
from tests.shared.builders import Manifest
from tests.shared.health_checks import PATCH


def judge(
    lives: list[Manifest], config: Manifest, action: str = "", **parameters: str
) -> list[dict[str, Any]]:
    """Return what Argo CD says of each version of a Formation, given what is in Git.

    That is the health, whether it is out of sync, the actions, and what one of them makes of it.
    """
    namespace = lives[0]["metadata"]["namespace"]
    target = {**config, "metadata": {**config["metadata"], "namespace": namespace}}
    question = {
        "lives": lives,
        "config": target,
        "settings": PATCH,
        "action": action,
        "parameters": parameters,
    }
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


def offered(live: Manifest) -> dict[str, Any]:
    """Return the actions that Argo CD offers for a Formation, with their parameters."""
    (verdict,) = judge([live], live)
    listed = [each for each in verdict["actions"] if not each.get("disabled")]
    return {each["name"]: [one["name"] for one in each.get("params") or []] for each in listed}


def act(live: Manifest, action: str, **parameters: str) -> Manifest | str:
    """Return the Formation that Argo CD writes after an action, or why it refuses."""
    (verdict,) = judge([live], live, action, **parameters)
    changed: Manifest | str = verdict["changed"] or verdict["refused"]
    return changed
