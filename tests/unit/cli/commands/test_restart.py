"""Which Deployments are started anew for a changed ConfigMap or Secret."""

import json
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


def test_all_types_of_the_namespace_that_use_it_are_restarted_and_no_others(cluster: FakeCluster) -> None:
    done = run("restart --using configmap/settings")
    assert done.stderr == ""
    assert done.stdout == "mail worker: restarting\nshop web: restarting\n"


def test_several_may_be_named(cluster: FakeCluster) -> None:
    done = run("restart --using cm/settings --using secret/keys -o json")
    names = [each["metadata"]["name"] for each in json.loads(done.stdout)]
    assert names == ["mail-worker", "shop-web", "shop-worker"]


def test_of_one_formation_only_its_own_types_are_restarted(cluster: FakeCluster) -> None:
    assert run("restart shop --using cm/settings").stdout == "web: restarting\n"


def test_of_the_types_that_are_named_only_those_that_use_it_are_restarted(cluster: FakeCluster) -> None:
    done = run("restart shop web clock --using cm/settings --using secret/keys")
    assert done.stdout == "web: restarting\n"


@pytest.mark.parametrize(
    ("words", "where"), [("", "in namespace default"), ("mail", "of mail"), ("shop clock", "of shop")]
)
def test_where_nothing_uses_it_that_is_said(cluster: FakeCluster, words: str, where: str) -> None:
    name = "secret/keys" if words else "secret/typo"
    stderr = run(f"restart {words} --using {name}", failures.NOT_FOUND).stderr
    assert f"No process {where} uses {name}." in stderr
    assert cluster.dry_runs == []


def test_a_dry_run_says_what_would_be_restarted(cluster: FakeCluster) -> None:
    assert run("restart --using secret/keys --dry-run").stdout == "shop worker: restarting (dry run)\n"
    assert cluster.dry_runs == [True]


def test_without_it_a_formation_has_to_be_named(cluster: FakeCluster) -> None:
    assert "--using secret/NAME" in run("restart", failures.MISTYPED).stderr
