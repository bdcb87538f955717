"""The page of workers that mark themselves: what a Pod may do with its token, and what its policy forbids."""

import dataclasses
from collections.abc import Iterator

import pytest

from hack.cluster import kubeconfigs, paths
from hack.cluster.cluster import Cluster
from tests.contract.policies import in_effect
from tests.live import namespaces
from tests.live.client import Client, eventually
from tests.live.server import ServerError
from tests.shared import documents
from tests.shared.builders import Manifest

(SHOWN,) = (shown for place, shown in documents.objects() if place.startswith("docs/how-to/workers.md"))
FOLDER = paths.ROOT / "manifests" / "workers"
RIGHTS, POLICY = FOLDER / "marks-itself.yaml", FOLDER / "policy.yaml"
MARK = "controller.kubernetes.io/pod-deletion-cost"
MARKED: Manifest = {"metadata": {"annotations": {MARK: "1"}}}
CHANGES: dict[str, Manifest] = {
    "a label": {"metadata": {"labels": {"app": "other"}}},
    "the label by which its Deployment knows it": {
        "metadata": {"labels": {"formations.dev/process-type": "web"}}
    },
    "another annotation": {"metadata": {"annotations": {"other": "1"}}},
    "a finalizer": {"metadata": {"finalizers": ["example.com/stays"]}},
    "its address": {"status": {"podIP": "10.9.9.9", "podIPs": [{"ip": "10.9.9.9"}]}},
}
"""What else the right to a Pod's status can change."""
NAMESPACE = namespaces.RESTRICTED


@pytest.fixture
def workers(user: Client) -> Client:
    """What the page has everybody apply, with two workers."""
    user("apply", "-f", str(RIGHTS))
    user.apply(SHOWN)
    eventually(lambda: user.find("deployment", "shop-worker"))
    user("scale", "deployment/shop-worker", "--replicas=2")
    eventually(lambda: len(pods(user)) == 2)
    return user


@pytest.fixture
def policy(administrator: Cluster, workers: Client) -> Iterator[Client]:
    """The same, where an administrator has applied the policy: no other test has its account."""
    first, other = (pod["metadata"]["name"] for pod in pods(workers))
    worker = token_of(workers, first)
    with in_effect(
        administrator, POLICY.read_text(), lambda: "only mark itself" in refusal(worker, other, MARKED)
    ):
        yield workers


def pods(user: Client) -> list[Manifest]:
    return user.list_all("pod")


def token_of(user: Client, pod: str) -> Client:
    """Return what has the token that is mounted into a Pod."""
    account = user.get("pod", pod)["spec"]["serviceAccountName"]
    bound = ("--bound-object-kind=Pod", f"--bound-object-name={pod}")
    token = user("create", "token", account, *bound).stdout.strip()
    file = user.cluster.state / "kubeconfigs" / f"{user.namespace}.{pod}.kubeconfig"
    written = kubeconfigs.write(file, user.cluster.known_by, {"token": token}, user.namespace)
    return Client(dataclasses.replace(user.cluster, account=written), user.namespace)


def patch(user: Client, pod: str, change: Manifest, subresource: str = "/status") -> None:
    """Patch a Pod as the page's program does."""
    path = f"/api/v1/namespaces/{user.namespace}/pods/{pod}{subresource}"
    user.server.request("PATCH", path, change, {"Content-Type": "application/merge-patch+json"})


def refusal(user: Client, pod: str, change: Manifest, subresource: str = "/status") -> str:
    """Return why a change is refused, or nothing."""
    try:
        patch(user, pod, change, subresource)
    except ServerError as refused:
        return str(refused)
    return ""


def another_image(user: Client, pod: str) -> Manifest:
    (container,) = user.get("pod", pod)["spec"]["containers"]
    return {"spec": {"containers": [{**container, "image": "registry.example.com/other:v1"}]}}


def test_a_worker_may_mark_itself_and_nothing_else(policy: Client) -> None:
    first, other = (pod["metadata"]["name"] for pod in pods(policy))
    worker = token_of(policy, first)
    for cost in ("1", "0"):
        patch(worker, first, {"metadata": {"annotations": {MARK: cost}}})
        assert policy.get("pod", first)["metadata"]["annotations"][MARK] == cost
    refused = {name: refusal(worker, first, change) for name, change in CHANGES.items()}
    assert [name for name, words in refused.items() if "the mark is all that may change" not in words] == []
    assert "may only mark itself" in refusal(worker, other, MARKED)
    assert "cannot patch resource" in refusal(worker, first, another_image(policy, first), "")
