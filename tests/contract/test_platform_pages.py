"""What the pages on accounts and on production show, applied where the restricted standard is enforced."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from tests.contract.policies import in_effect
from tests.e2e import pages
from tests.live import namespaces, releases
from tests.live.client import Client, eventually, throughout
from tests.live.plugin import Plugin
from tests.shared.builders import Manifest, a_formation, a_process, text
from tests.unit.facts import intents, parsed

NAMESPACE = namespaces.RESTRICTED
WITHOUT_RESOURCES = a_formation(processes={"worker": a_process(replicas=1)})
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


def shown(page: str) -> list[list[Manifest]]:
    """Return the objects of each block of a page."""
    blocks = pages.blocks((paths.ROOT / "docs" / "how-to" / f"{page}.md").read_text())
    return [[*yaml.safe_load_all(block)] for kind, block in blocks if kind == "yaml"]


ACCOUNTS, *_ = shown("service-accounts")
(LIMITS, QUOTA), (POLICY,), (EGRESS, INGRESS) = shown("before-production")


def pods(user: Client) -> dict[str, Manifest]:
    """Return the Pods, each by its type, or by what it is of."""
    return {whose(pod["metadata"]["labels"]): pod for pod in user.list_all("pod")}


def whose(labels: dict[str, str]) -> str:
    kinds = ("release", "schedule", "run", "process-type")
    kind = next(kind for kind in kinds if f"formations.dev/{kind}" in labels)
    return labels["formations.dev/process-type"] if kind == "process-type" else kind


def every_kind(user: Client, formation: Plugin) -> dict[str, Manifest]:
    """Have a Pod of each kind: of the release, then of the types, of a schedule and of a one-off process."""
    found = {"release": eventually(lambda: pods(user).get("release"))}
    releases.succeeded(user)
    formation.within("run", "shop", "--detach", "--", "/shop", "migrate")
    formation.within("run", "shop", "--schedule", "nightly-report", "--detach")
    eventually(lambda: {"web", "worker", "schedule", "run"} <= pods(user).keys())
    return found | pods(user)


def accounts(found: dict[str, Manifest]) -> dict[str, str]:
    return {name: pod["spec"]["serviceAccountName"] for name, pod in found.items()}


def has_token(pod: Manifest) -> bool:
    mounts = [mount["mountPath"] for each in pod["spec"]["containers"] for mount in each["volumeMounts"]]
    return TOKEN in mounts


def test_each_pod_has_the_account_that_the_page_says_and_the_network_policies_select_those_that_they_should(
    user: Client, formation: Plugin
) -> None:
    for each in (EGRESS, INGRESS, *ACCOUNTS):
        user.apply(each)
    found = every_kind(user, formation)
    shop = dict.fromkeys(("web", "schedule", "run"), "shop")
    assert accounts(found) == {**shop, "release": "shop-owner", "worker": "shop-worker"}
    tokens = {name for name, pod in found.items() if "volumeMounts" in pod["spec"]["containers"][0]}
    assert tokens == {"worker"}
    assert has_token(found["worker"])

    def selected(policy: Manifest) -> set[str]:
        wanted = user.get("networkpolicy", policy["metadata"]["name"])["spec"]["podSelector"]["matchLabels"]
        return {name for name, pod in found.items() if wanted.items() <= pod["metadata"]["labels"].items()}

    assert selected(EGRESS) == {"web", "worker", "release", "schedule", "run"}
    assert selected(INGRESS) == {"web"}
    (port,) = INGRESS["spec"]["ingress"][0]["ports"]
    assert port["port"] in [each["name"] for each in found["web"]["spec"]["containers"][0]["ports"]]


def test_a_missing_account_is_named_and_pods_come_once_it_exists(user: Client) -> None:
    formation = ACCOUNTS[-1]
    user.apply({**formation, "spec": {**formation["spec"], "release": None, "schedules": None}})
    worker = eventually(lambda: said(user, "ReplicaFailure"))
    assert 'serviceaccount "shop-worker" not found' in worker
    for each in ACCOUNTS[:-1]:
        user.apply(each)
    eventually(lambda: {"web", "worker"} <= pods(user).keys(), patience=120)


def said(user: Client, reason: str, process_type: str = "worker") -> str | None:
    """Return the message of a type if that is its reason."""
    found = user.get("formation", "shop")["status"].get("processes", {}).get(process_type, {})
    return str(found["message"]) if found.get("reason") == reason else None


def test_a_quota_refuses_pods_without_requests_until_the_limit_range_fills_them_in(user: Client) -> None:
    user.apply(QUOTA)
    user.apply(WITHOUT_RESOURCES)
    assert "must specify" in eventually(lambda: said(user, "ReplicaFailure"))
    user.apply(LIMITS)
    pod = eventually(lambda: pods(user).get("worker"), patience=120)
    resources = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    assert pod["spec"]["containers"][0]["resources"] == resources
    assert "resources" not in user.container() or not user.container()["resources"]
    uid = pod["metadata"]["uid"]
    user.merge(
        "limitrange", "defaults", {"spec": {"limits": [{"type": "Container", "default": {"memory": "1Gi"}}]}}
    )
    assert throughout(3, lambda: [pod["metadata"]["uid"] for pod in user.list_all("pod")]) == [uid]
    assert user.events("DriftRepaired") == []


@pytest.fixture
def policy(administrator: Cluster, namespace: str) -> Iterator[None]:
    """The policy of the page, which refuses in this namespace only."""
    name = POLICY["metadata"]["name"]
    selector: Any = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    binding = {
        "apiVersion": POLICY["apiVersion"],
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": selector},
        },
    }
    (validation,), both = POLICY["spec"]["validations"], {"kind": "List", "items": [POLICY, binding]}
    user = Client(administrator, namespace)
    with in_effect(
        administrator, text({"apiVersion": "v1", **both}), lambda: validation["message"] in refusal(user)
    ):
        yield


def refusal(user: Client) -> str:
    """Return why a Pod isn't admitted that meets the restricted standard and has no requests."""
    template = intents(parsed(WITHOUT_RESOURCES))[0].manifest["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": template["spec"]}
    return user("apply", "--dry-run=server", "-f", "-", input=text(pod), check=False).stderr


def test_the_policy_refuses_pods_of_types_without_requests_and_none_of_releases(
    user: Client, policy: None
) -> None:
    user.apply({**WITHOUT_RESOURCES, "spec": {**WITHOUT_RESOURCES["spec"], "release": releases.RELEASE}})
    releases.succeeded(user)
    assert "each container needs requests" in eventually(lambda: said(user, "ReplicaFailure"))
    user.apply(LIMITS)
    eventually(lambda: pods(user).get("worker"), patience=120)
