"""A write carries the version that it was decided from: what the API server makes of that."""

from collections.abc import AsyncIterator

import pytest
from kubernetes.aio.config import kube_config

from formation_operator.api import naming
from formation_operator.kube import api_server, errors
from formation_operator.kube.port import Object
from formation_operator.kube.session import connection
from hack.cluster.cluster import Cluster
from tests.live.client import Client
from tests.shared.builders import a_formation

KINDS = pytest.mark.parametrize("kind", ["Deployment", "Service"])
SPECS: dict[str, Object] = {
    "Deployment": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "shop:v1"}]},
        },
    },
    "Service": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
}
OURS = {"manager": naming.FIELD_MANAGER}


def child(user: Client, kind: str, **metadata: object) -> Object:
    """Return an object that no operator knows."""
    about = {"name": "web", "namespace": user.namespace, "labels": {"team": "shop"}, **metadata}
    version = "apps/v1" if kind == "Deployment" else "v1"
    return {"apiVersion": version, "kind": kind, "metadata": about, "spec": SPECS[kind]}


@pytest.fixture
async def cluster(installed: Cluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[api_server.Kube]:
    # The client reads $KUBECONFIG when it is imported.
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(installed.kubeconfig))
    cluster = api_server.Kube(await connection.login(connections=2), timeout=30)
    yield cluster
    await cluster.close()


@KINDS
async def test_an_object_that_is_not_there_is_created_as_ours_and_one_that_is_stays(
    kind: str, kubectl: Client, cluster: api_server.Kube
) -> None:
    made = await cluster.create(child(kubectl, kind), **OURS)
    (entry,) = made["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == (naming.FIELD_MANAGER, "Apply")
    with pytest.raises(errors.ConflictError):
        await cluster.create(child(kubectl, kind, labels={"second": "try"}), **OURS)
    assert kubectl.get(kind, "web")["metadata"]["labels"] == {"team": "shop"}


@pytest.mark.parametrize("other", [{}, {"uid": "another"}], ids=["same", "another"])
@KINDS
async def test_another_version_or_object_is_neither_written_nor_deleted(
    kind: str, other: dict[str, str], kubectl: Client, cluster: api_server.Kube
) -> None:
    made = await cluster.create(child(kubectl, kind), **OURS)
    given = {"uid": made["metadata"]["uid"], "resourceVersion": "2", **other}
    with pytest.raises(errors.ConflictError):
        await cluster.apply(child(kubectl, kind, **given, labels={}), **OURS)
    with pytest.raises(errors.ConflictError):
        await cluster.delete(kind, kubectl.namespace, "web", given["uid"], given["resourceVersion"])
    after = kubectl.get(kind, "web")["metadata"]
    assert (after["uid"], after["labels"]) == (made["metadata"]["uid"], {"team": "shop"})


async def test_a_status_is_not_written_to_another_version_of_a_formation(
    kubectl: Client, cluster: api_server.Kube
) -> None:
    kubectl.apply(a_formation(paused=True))  # an operator that runs beside this leaves it alone
    raw = kubectl.get("formation", "shop")
    kubectl("label", "formation", "shop", "changed=since")
    manifest = {**raw, "status": {"observedGeneration": 1, "summary": "too late"}}
    with pytest.raises(errors.ConflictError):
        await cluster.replace_status(manifest)
    assert kubectl.get("formation", "shop")["status"].get("summary") != "too late"
