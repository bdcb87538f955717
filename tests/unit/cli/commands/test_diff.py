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


def refuses(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    done = subprocess.CompletedProcess[str]([], 1, "", said)
    monkeypatch.setattr(kubectl, "run", lambda *_: done)


def applies(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess[str]([], 0, json.dumps(SHOP), "")
    monkeypatch.setattr(kubectl, "run", lambda *_: done)


@pytest.mark.parametrize(("before", "code"), [([SHOP], 0), ([], 1)])
def test_a_difference_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, before: list[dict[str, Any]], code: int
) -> None:
    applies(monkeypatch)
    assert diff(monkeypatch, FakeCluster(Formation=before)).exit_code == code


def test_of_several_formations_each_line_says_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = {"image": "x", "processes": {"web": {}}}
    items = [{**SHOP, "metadata": {"name": name}, "spec": spec} for name in ("a", "b")]
    done = subprocess.CompletedProcess[str]([], 0, json.dumps({"kind": "List", "items": items}), "")
    monkeypatch.setattr(kubectl, "run", lambda *_: done)
    assert diff(monkeypatch, FakeCluster()).stderr.splitlines() == ["a: web: new", "b: web: new"]


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


def test_what_can_not_be_applied_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    refuses(monkeypatch, 'The Formation "shop" is\x1b[2J invalid:\n* spec.image: Required value\n')
    result = diff(monkeypatch, FakeCluster())
    assert result.exit_code == failures.MISTYPED
    assert result.stderr.splitlines() == [
        "Error: shop.yaml can't be applied. kubectl says:",
        'The Formation "shop" is[2J invalid:',
        "* spec.image: Required value",
    ]


def test_where_no_server_answers_that_is_told_and_not_kubectls_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(FakeCluster):
        def get(self, kind: str, name: str) -> None:
            raise failures.NoAccess("The cluster doesn't answer.")

    refuses(monkeypatch, 'error: error validating "shop.yaml": ... dial tcp 127.0.0.1:1: connection refused')
    result = diff(monkeypatch, Gone())
    assert result.exit_code == failures.NO_ACCESS
    assert result.stderr == "Error: The cluster doesn't answer.\n"
