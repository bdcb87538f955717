"""Which Deployments are started anew for a changed ConfigMap or Secret."""

from typing import Any

import pytest

from formation_cli import failures
from tests.unit.cli.deployments import a_deployment
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import run

KEYS: dict[str, Any] = {"volumes": [{"secret": {"secretName": "keys"}}]}


@pytest.mark.parametrize(
    ("words", "name", "where"), [("", "typo", "in namespace default"), ("shop web", "keys", "of shop")]
)
def test_where_nothing_uses_it_that_is_said(cluster: FakeCluster, words: str, name: str, where: str) -> None:
    cluster.objects["Deployment"] += [a_deployment(pod=KEYS), a_deployment("mail", "web", pod=KEYS)]
    stderr = run(f"restart {words} --using secret/{name}", failures.NOT_FOUND).stderr
    assert f"No process {where} uses secret/{name}." in stderr
    assert cluster.dry_runs == []


def test_without_it_a_formation_has_to_be_named(cluster: FakeCluster) -> None:
    assert "--using secret/NAME" in run("restart", failures.MISTYPED).stderr
