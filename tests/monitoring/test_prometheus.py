"""A real Prometheus takes the rules, scrapes the operator at work, and fires an alert about a Formation."""

import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.builders import a_formation
from tests.client import Client, eventually
from tests.cluster import build, paths
from tests.local_http import free_port, text_of
from tests.operator_process import OperatorProcess

RULES = paths.ROOT / "manifests" / "monitoring" / "prometheus" / "rules.yaml"
SHOWN = re.compile(r"^```yaml\n(# prometheus\.yaml\n.*?)^```$", re.MULTILINE | re.DOTALL)
(SETTINGS,) = SHOWN.findall((paths.ROOT / "docs" / "operating.md").read_text())
"""What the page has for a Prometheus of one's own."""
OPERATORS = "formation-system"
pytestmark = pytest.mark.long
START_SECONDS = 30


@pytest.fixture(scope="module")
def binaries() -> dict[str, pathlib.Path]:
    """Prometheus and promtool, built if needed: that takes minutes."""
    return build.ensure((build.PROMETHEUS,))


def promtool(binaries: dict[str, pathlib.Path], *arguments: str, text: str | None = None) -> str:
    done = subprocess.run(
        [str(binaries["promtool"]), *arguments], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextlib.contextmanager
def prometheus(binary: pathlib.Path, target: str, folder: pathlib.Path) -> Iterator[str]:
    """Run a Prometheus that scrapes a target every second, with our rules, but each as soon as it holds.

    It scrapes as the page has it, but for how the target is found, and with a label that one in a cluster may
    have.
    """
    rules = yaml.safe_load(RULES.read_text())
    for rule in rules["groups"][0]["rules"]:
        rule["for"] = "1s"
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
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
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as running:
        try:
            yield f"http://{address}"
        finally:
            running.terminate()


def alerts(server: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(text_of(f"{server}/api/v1/alerts", seconds=10))["data"][
            "alerts"
        ]
    except OSError:
        return []  # it starts
    return found


def test_promtool_takes_the_rules_and_they_fire_when_they_should(
    binaries: dict[str, pathlib.Path], tmp_path: pathlib.Path
) -> None:
    promtool(binaries, "check", "rules", str(RULES))
    for file in (RULES, pathlib.Path(__file__).with_name("rules_test.yaml")):
        shutil.copy(file, tmp_path)
    promtool(binaries, "test", "rules", str(tmp_path / "rules_test.yaml"))


def test_promtool_takes_the_settings_that_the_page_shows(
    binaries: dict[str, pathlib.Path], tmp_path: pathlib.Path
) -> None:
    (tmp_path / "prometheus.yaml").write_text(SETTINGS)
    promtool(binaries, "check", "config", str(tmp_path / "prometheus.yaml"))


def test_promtool_finds_nothing_wrong_with_the_metrics(
    binaries: dict[str, pathlib.Path], operator: OperatorProcess
) -> None:
    promtool(binaries, "check", "metrics", text=text_of(f"http://{operator.metrics}/metrics", seconds=10))


def test_alerts_fire_about_a_formation_that_is_not_ready_and_name_its_namespace(
    binaries: dict[str, pathlib.Path], operator: OperatorProcess, user: Client, tmp_path: pathlib.Path
) -> None:
    user.apply(a_formation(processes={"web": {"image": "no such image", "command": ["web"]}}))

    with prometheus(binaries["prometheus"], operator.metrics, tmp_path) as server:

        def firing() -> dict[str, set[str]]:
            """Return which namespaces each alert names that fires."""
            found: dict[str, set[str]] = {}
            for labels in (each["labels"] for each in alerts(server) if each["state"] == "firing"):
                found.setdefault(labels["alertname"], set()).add(labels.get("namespace", ""))
            return found

        began = time.monotonic()
        eventually(lambda: "FormationsNotReady" in firing())
        print(f"fired after {time.monotonic() - began:.1f} s")
        eventually(lambda: user.namespace in firing().get("FormationProcessesMissing", ()))
        assert OPERATORS not in firing()["FormationProcessesMissing"]
        assert not {"FormationOperatorDown", "FormationOperatorNoLeader"} & firing().keys()
