"""Which Deployments are started anew for a changed ConfigMap or Secret."""

from typing import Any

import pytest

from formation_cli import failures
from tests.shared import builders
from tests.shared.builders import a_process
from tests.unit.cli.deployments import a_deployment
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import run

TYPES = {"web": a_process(), "worker": a_process(), "clock": a_process()}
CONFIG: dict[str, Any] = {"containers": [{"envFrom": [{"configMapRef": {"name": "settings"}}]}]}
KEYS: dict[str, Any] = {"volumes": [{"secret": {"secretName": "keys"}}]}


@pytest.fixture
def cluster() -> FakeCluster:
    """A cluster where shop's web and mail's worker use a ConfigMap, and shop's worker a Secret."""
    formations = [builders.stored(builders.a_formation(name, processes=TYPES)) for name in ("shop", "mail")]
    deployments = [
        a_deployment("shop", "web", pod=CONFIG),
        a_deployment("shop", "worker", pod=KEYS),
        a_deployment("shop", "clock"),
        a_deployment("mail", "worker", pod=CONFIG),
    ]
    return FakeCluster(Formation=formations, Deployment=deployments)


@pytest.mark.parametrize(
    ("words", "where"), [("", "in namespace default"), ("mail", "of mail"), ("shop clock", "of shop")]
)
def test_where_nothing_uses_it_that_is_said(cluster: FakeCluster, words: str, where: str) -> None:
    name = "secret/keys" if words else "secret/typo"
    stderr = run(f"restart {words} --using {name}", failures.NOT_FOUND).stderr
    assert f"No process {where} uses {name}." in stderr
    assert cluster.dry_runs == []


def test_without_it_a_formation_has_to_be_named(cluster: FakeCluster) -> None:
    assert "--using secret/NAME" in run("restart", failures.MISTYPED).stderr
