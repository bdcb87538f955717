"""A real Prometheus beside the operator: its process, and what it is asked."""

import contextlib
import json
import pathlib
import re
import subprocess
import urllib.parse
from collections.abc import Iterator
from typing import Any

import yaml

from hack.cluster import paths
from hack.local_http import free_port, text_of

RULES = sorted((paths.ROOT / "manifests" / "monitoring" / "prometheus").glob("*.yaml"))
SHOWN = re.compile(r"^```yaml\n(# prometheus\.yaml\n.*?)^```$", re.MULTILINE | re.DOTALL)
(SETTINGS,) = SHOWN.findall((paths.ROOT / "docs" / "operating.md").read_text())
"""What the page has for a Prometheus of one's own."""
OPERATORS = "formation-system"


@contextlib.contextmanager
def running(binary: pathlib.Path, target: str, folder: pathlib.Path) -> Iterator[str]:
    """Run a Prometheus that scrapes a target every second, with our rules, but each as soon as it holds.

    It scrapes as the page has it, but for how the target is found, and with a label that one in a cluster may
    have.
    """
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    for group in groups:
        for rule in group["rules"]:
            rule["for"] = "1s"
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    (job,) = yaml.safe_load(SETTINGS)["scrape_configs"]
    for discovery in ("kubernetes_sd_configs", "relabel_configs"):
        del job[discovery]
    job["static_configs"] = [{"targets": [target], "labels": {"namespace": OPERATORS}}]
    often = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    settings = {"global": often, "rule_files": ["rules.yaml"], "scrape_configs": [job]}
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(settings))
    address = f"127.0.0.1:{free_port()}"
    command = [
        str(binary),
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


def asked(server: str, path: str, **parameters: str | float) -> dict[str, Any]:
    """Return what its API answers, or nothing while it starts."""
    try:
        answer = text_of(f"{server}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", seconds=10)
    except OSError:
        return {}
    return dict(json.loads(answer)["data"])
