"""A real Prometheus takes the rules, scrapes the operator at work, and fires an alert about a Formation."""

import pathlib
import shutil
import time

import pytest

from hack.cluster import commands
from hack.local_http import text_of
from hack.operator_process import OperatorProcess
from tests.live.client import Client, eventually
from tests.monitoring import prometheus
from tests.monitoring.prometheus import OPERATORS, RULES, SETTINGS
from tests.shared.builders import a_formation

pytestmark = pytest.mark.long


def promtool(binaries: dict[str, pathlib.Path], *arguments: str, text: str = "") -> None:
    commands.output([binaries["promtool"], *arguments], AssertionError, stdin=text)


def firing(server: str) -> dict[str, set[str]]:
    """Return which namespaces each alert names that fires."""
    found: dict[str, set[str]] = {}
    for alert in prometheus.asked(server, "alerts").get("alerts", []):
        if alert["state"] == "firing":
            found.setdefault(alert["labels"]["alertname"], set()).add(alert["labels"].get("namespace", ""))
    return found


def test_promtool_takes_the_rules_and_they_fire_when_they_should(
    binaries: dict[str, pathlib.Path], tmp_path: pathlib.Path
) -> None:
    promtool(binaries, "check", "rules", *map(str, RULES))
    for file in (*RULES, pathlib.Path(__file__).with_name("rules_test.yaml")):
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
    user: Client, server: str
) -> None:
    user.apply(a_formation(processes={"web": {"image": "registry.invalid/shop:v1", "command": ["web"]}}))

    began = time.monotonic()
    eventually(lambda: "FormationsNotReady" in firing(server))
    print(f"fired after {time.monotonic() - began:.1f} s")
    eventually(lambda: user.namespace in firing(server).get("FormationProcessesMissing", ()))
    assert OPERATORS not in firing(server)["FormationProcessesMissing"]
    assert not {"FormationOperatorDown", "FormationOperatorNoLeader"} & firing(server).keys()
