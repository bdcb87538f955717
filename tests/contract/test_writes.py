"""A write carries the version that it was decided from: what the API server makes of that."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes.aio.config import kube_config

from formation_operator.api import naming
from formation_operator.api.formation import Formation
from formation_operator.kube import api_server, errors
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.kube.port import Object
from formation_operator.kube.session import connection
from formation_operator.observe import children
from formation_operator.observe.children import Child
from formation_operator.render import desired
from formation_operator.render.desired import Intent
from formation_operator.replicas.count_owner import Replicas
from formation_operator.sync.executor import Executor
from formation_operator.sync.outcome import Outcome
from formation_operator.sync.planner import Action, PlanContext, Verb
from tests.builders import a_formation, a_process
from tests.client import Client
from tests.cluster.cluster import Cluster

PAUSED = a_formation(paused=True, processes={"web": a_process("/shop", "web", replicas=2, port=8080)})
"""An operator that runs beside this leaves its objects alone."""
WEB = ("deployment", "shop-web")
KINDS = pytest.mark.parametrize("kind", ["deployment", "service"])


class Counting(api_server.Kube):
    """Notes the verb of each request."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.asked: list[str] = []

    async def _request(self, verb: str, *more: Any, **named: Any) -> Object:
        self.asked.append(verb)
        return await super()._request(verb, *more, **named)


@pytest.fixture
async def cluster(installed: Cluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counting]:
    # The client reads $KUBECONFIG when it is imported.
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(installed.kubeconfig))
    cluster = Counting(await connection.login(connections=2), timeout=30)
    yield cluster
    await cluster.close()


@dataclasses.dataclass(frozen=True)
class Shop:
    """A Formation, with what it is to have."""

    user: Client
    formation: Formation

    def intents(self, image: str = "shop:v1") -> dict[str, Intent]:
        """Return what it is to have with an image, by kind."""
        spec = self.formation.spec.model_copy(update={"image": image})
        count = Replicas(desired=2, rendered=2, remembered=2)
        return {
            each.kind.lower(): each for each in desired.children(self.formation.metadata, spec, "web", count)
        }

    def child(self) -> Child:
        """Return what is known of the Deployment now."""
        return children.child(self.user.get(*WEB), ChildKind.DEPLOYMENT)


@pytest.fixture
def shop(kubectl: Client) -> Shop:
    kubectl.apply(PAUSED)
    return Shop(kubectl, Formation.model_validate(kubectl.get("formation", "shop")))


async def carried_out(shop: Shop, cluster: api_server.Kube, action: Action) -> Outcome:
    uid = shop.formation.metadata.uid
    context = PlanContext(uid, {uid}, applied={}, restless={}, exhausted=())
    executor = Executor(cluster, shop.formation, context, lost=())
    return await executor.carry_out(action)


def image(user: Client) -> str:
    return str(user.container("shop-web")["image"])


@KINDS
async def test_an_object_that_is_not_there_is_created_as_ours_and_one_that_is_stays(
    kind: str, shop: Shop, cluster: Counting
) -> None:
    manifest = shop.intents()[kind].manifest
    made = await cluster.create(manifest, manager=naming.FIELD_MANAGER)
    assert [(each["manager"], each["operation"]) for each in made["metadata"]["managedFields"]] == [
        (naming.FIELD_MANAGER, "Apply")
    ]
    assert cluster.asked == ["apply"]
    manifest["metadata"]["labels"]["second"] = "try"
    with pytest.raises(errors.ConflictError):
        await cluster.create(manifest, manager=naming.FIELD_MANAGER)
    assert "second" not in shop.user.get(kind, "shop-web")["metadata"]["labels"]


FOREIGN = {
    "deployment": ("create", "deployment", "shop-web", "--image=mine:v1"),
    "service": ("create", "service", "clusterip", "shop-web", "--tcp=80"),
}


@KINDS
async def test_an_object_of_somebody_elses_is_looked_at_and_stays(
    kind: str, shop: Shop, cluster: Counting
) -> None:
    shop.user(*FOREIGN[kind])
    before = shop.user.get(kind, "shop-web")
    outcome = await carried_out(shop, cluster, Action(Verb.CREATE, "web", shop.intents()[kind]))
    assert "this operator didn't make" in str(outcome.problem)
    assert cluster.asked == ["apply", "get"]
    after = shop.user.get(kind, "shop-web")
    assert after["spec"] == before["spec"]
    # A controller may have said meanwhile how it is.
    assert {each["manager"] for each in after["metadata"]["managedFields"]} <= {
        "kubectl-create",
        "kube-controller-manager",
    }
    assert "labels" not in after["metadata"] or naming.FORMATION_LABEL not in after["metadata"]["labels"]


@pytest.mark.parametrize("other", [{}, {"uid": "another"}], ids=["same", "another"])
@KINDS
async def test_another_version_or_object_is_neither_written_nor_deleted(
    kind: str, other: dict[str, str], shop: Shop, cluster: Counting
) -> None:
    intent = shop.intents()[kind]
    made = await cluster.create(intent.manifest, manager=naming.FIELD_MANAGER)
    given = {"uid": made["metadata"]["uid"], "resourceVersion": "2", **other}
    labelled = {**intent.manifest["metadata"], **given, "labels": {}}
    with pytest.raises(errors.ConflictError):
        await cluster.apply({**intent.manifest, "metadata": labelled}, manager=naming.FIELD_MANAGER)
    with pytest.raises(errors.ConflictError):
        await cluster.delete(
            intent.kind, shop.user.namespace, "shop-web", given["uid"], given["resourceVersion"]
        )
    after = shop.user.get(kind, "shop-web")
    assert after["metadata"]["uid"] == made["metadata"]["uid"]
    assert naming.FORMATION_LABEL in after["metadata"]["labels"]


async def test_a_status_is_not_written_to_another_version_of_a_formation(
    shop: Shop, cluster: Counting
) -> None:
    raw = shop.user.get("formation", "shop")
    shop.user("label", "formation", "shop", "changed=since")
    manifest = {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": {key: raw["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion")},
        "status": {"observedGeneration": 1, "summary": "too late"},
    }
    with pytest.raises(errors.ConflictError):
        await cluster.replace_status(manifest)
    assert shop.user.get("formation", "shop")["status"].get("summary") != "too late"
