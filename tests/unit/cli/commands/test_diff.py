"""What `diff` ends with: 1 means that something would change, and nothing else."""

import json
import subprocess
from typing import Any
from unittest import mock

import pytest

from formation_cli import failures
from formation_cli.cluster import kubectl
from formation_operator.api import naming
from tests.shared import builders
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import on

SHOP = builders.a_formation()


def diff(cluster: FakeCluster, code: int, *, applied: Any = SHOP, refusal: str = "") -> str:
    """Return what is said of a difference to what kubectl applies, or what the API server refuses."""
    done = subprocess.CompletedProcess[str]([], int(bool(refusal)), json.dumps(applied), refusal)
    with mock.patch.object(kubectl, "run", return_value=done):
        return on(cluster, "diff -f shop.yaml", code).stderr


@pytest.mark.parametrize(("before", "code"), [([SHOP], 0), ([], 1)])
def test_a_difference_ends_with_1(before: list[dict[str, Any]], code: int) -> None:
    diff(FakeCluster(Formation=before), code)


def test_of_several_formations_each_line_says_whose_it_is() -> None:
    items = [builders.a_formation(name, processes={"web": builders.a_process()}) for name in ("a", "b")]
    stderr = diff(FakeCluster(), failures.FAILED, applied={"kind": "List", "items": items})
    assert stderr.splitlines() == ["a: web: new", "b: web: new"]


def test_without_kubectl_it_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    stderr = on(FakeCluster(), "diff -f shop.yaml", failures.MISTYPED).stderr
    assert "kubectl isn't on your PATH" in stderr


@pytest.mark.parametrize(
    ("failure", "code"), [(failures.Failure, failures.MISTYPED), (failures.NoAccess, failures.NO_ACCESS)]
)
def test_an_error_of_the_api_server_is_no_difference(failure: type[failures.Failure], code: int) -> None:
    cluster = FakeCluster()
    cluster.failing = {naming.KIND: failure("the API server says no", hint="Ask again.")}
    assert "the API server says no\nAsk again." in diff(cluster, code)


def test_what_can_not_be_applied_is_no_difference() -> None:
    refusal = 'The Formation "shop" is\x1b[2J invalid:\n* spec.image: Required value\n'
    assert diff(FakeCluster(), failures.MISTYPED, refusal=refusal).splitlines() == [
        "Error: shop.yaml can't be applied. kubectl says:",
        'The Formation "shop" is[2J invalid:',
        "* spec.image: Required value",
    ]


def test_where_no_server_answers_that_is_told_and_not_kubectls_words() -> None:
    cluster = FakeCluster()
    cluster.failing = {naming.KIND: failures.NoAccess("The cluster doesn't answer.")}
    refusal = 'error: error validating "shop.yaml": ... dial tcp 127.0.0.1:1: connection refused'
    assert diff(cluster, failures.NO_ACCESS, refusal=refusal) == "Error: The cluster doesn't answer.\n"
