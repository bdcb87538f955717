"""Which versions work together."""

import json
import subprocess

import pytest

from formation_cli.cluster import kinds, kubectl
from formation_cli.failures import NoAccess
from formation_operator import __version__
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.typed import on

SAID = {"clientVersion": {"gitVersion": "v1.35.1"}, "serverVersion": {"gitVersion": "v1.34.2"}}
OPERATOR = {
    "metadata": {"name": "formation-operator", "namespace": "formation-system"},
    "spec": {"template": {"spec": {"containers": [{"image": "formation-operator:0.1.0"}]}}},
}


CLOSED = FakeCluster()
CLOSED.failing = {kinds.DEPLOYMENT: NoAccess("You may not read Deployments in all namespaces.")}


@pytest.mark.parametrize(
    ("cluster", "operator"),
    [
        (FakeCluster(Deployment=[OPERATOR]), "formation-operator:0.1.0 in formation-system"),
        (FakeCluster(), "unknown: no Deployment has the label app.kubernetes.io/name=formation-operator"),
        (CLOSED, "unknown: You may not read Deployments in all namespaces."),
    ],
)
def test_each_part_is_shown_as_far_as_it_can_be_read(
    monkeypatch: pytest.MonkeyPatch, cluster: FakeCluster, operator: str
) -> None:
    done = subprocess.CompletedProcess[str]([], 0, json.dumps(SAID), "")
    monkeypatch.setattr(kubectl, "run", lambda *_: done)
    assert on(cluster, "version").stdout.splitlines() == [
        f"plugin: {__version__}",
        "kubectl: v1.35.1",
        "server: v1.34.2",
        f"operator: {operator}",
    ]
    said = {"plugin": __version__, "kubectl": "v1.35.1", "server": "v1.34.2", "operator": operator}
    assert json.loads(on(cluster, "version -o json").stdout) == said
