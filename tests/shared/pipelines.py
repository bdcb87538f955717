"""The pipelines that we ship, and their steps as the runners of GitHub and GitLab start them."""

import os
import pathlib
import subprocess
from typing import Any

import yaml

from hack.cluster import paths

CI = paths.ROOT / "manifests" / "ci"
GITHUB = sorted((CI / "github").glob("*.yml"))
GITLAB = CI / "gitlab" / ".gitlab-ci.yml"
SHELLS = {
    "github": ("bash", "--noprofile", "--norc", "-eo", "pipefail"),
    "gitlab": ("bash", "-eo", "pipefail"),
}
"""How each runner starts the script of a step."""


def load(file: pathlib.Path) -> dict[Any, Any]:
    """Return what a pipeline says; YAML takes GitHub's `on` for true."""
    return dict(yaml.safe_load(file.read_text()))


def scripts(file: pathlib.Path) -> dict[str, str]:
    """Return the script of each step of GitHub, or of each job of GitLab."""
    if file == GITLAB:
        jobs = {
            name: each for name, each in load(file).items() if isinstance(each, dict) and "script" in each
        }
        return {
            name: "\n".join([*each.get("before_script", ()), *each["script"]]) for name, each in jobs.items()
        }
    steps = [step for job in load(file)["jobs"].values() for step in job["steps"]]
    return {step["name"]: step["run"] for step in steps if "run" in step}


def run(
    file: pathlib.Path, step: str, folder: pathlib.Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a step in a folder, as its runner does, with these variables beside ours."""
    shell = SHELLS["gitlab" if file == GITLAB else "github"]
    return subprocess.run(
        [*shell, "-c", scripts(file)[step]],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
