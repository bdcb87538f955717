"""What `diff` ends with: 1 means that something would change, and nothing else."""

import json
import subprocess
from typing import Any

import pytest
from click.testing import CliRunner, Result

from formation_cli import failures, options
from formation_cli.cluster import kubectl
from formation_cli.program import program
from formation_operator.api import naming
from tests.unit.cli.fake_cluster import FakeCluster

SHOP: dict[str, Any] = {
    "apiVersion": naming.API_VERSION,
    "kind": naming.KIND,
    "metadata": {"name": "shop"},
    "spec": {"image": "x", "processes": {}},
}


def diff(monkeypatch: pytest.MonkeyPatch, cluster: FakeCluster) -> Result:
    monkeypatch.setattr(options, "connect", lambda _: cluster)
    return CliRunner().invoke(program, ["diff", "-f", "shop.yaml"])


def applies(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess[str]([], 0, json.dumps(SHOP), "")
    monkeypatch.setattr(kubectl, "run", lambda *_: done)


@pytest.mark.parametrize(("before", "code"), [([SHOP], 0), ([], 1)])
def test_a_difference_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, before: list[dict[str, Any]], code: int
) -> None:
    applies(monkeypatch)
    assert diff(monkeypatch, FakeCluster(Formation=before)).exit_code == code


def test_without_kubectl_it_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    result = diff(monkeypatch, FakeCluster())
    assert result.exit_code == failures.MISTYPED
    assert "kubectl isn't on your PATH" in result.stderr


@pytest.mark.parametrize(
    ("failure", "code"),
    [(failures.Failure, failures.MISTYPED), (failures.NoAccess, failures.NO_ACCESS)],
)
def test_an_error_of_the_api_server_is_no_difference(
    monkeypatch: pytest.MonkeyPatch, failure: type[failures.Failure], code: int
) -> None:
    class Broken(FakeCluster):
        def get(self, kind: str, name: str) -> None:
            raise failure("the API server says no", hint="Ask again.")

    applies(monkeypatch)
    result = diff(monkeypatch, Broken())
    assert result.exit_code == code
    assert "the API server says no\nAsk again." in result.stderr
