"""Every Pod that a page or a sample shows is admitted where Pod Security enforces `restricted`."""

import contextlib
from collections.abc import Iterator

import pytest

from hack.cluster import paths
from hack.cluster.cluster import Cluster
from hack.kustomization import load
from tests.live import server
from tests.live.client import Client
from tests.live.namespaces import RESTRICTED, fresh_namespace
from tests.shared import builders, documents
from tests.shared.builders import Manifest

ONE = {"worker": builders.a_process("/worker")}
SAMPLES = [
    (documents.name_of(file), each)
    for file in sorted((paths.ROOT / "manifests").rglob("*.yaml"))
    if "\nkind: Formation\n" in file.read_text()
    for each in load(file)
]
PODS = [
    pytest.param(pod, id=f"{place}-{each['kind']}-{each['metadata']['name']}-{number}")
    for place, shown in (*documents.objects(), *SAMPLES)
    for each in documents.made(shown)
    for number, pod in enumerate(documents.pods(each))
]


@pytest.fixture(scope="module")
def restricted(installed: Cluster) -> Iterator[Client]:
    """A user in a namespace that enforces the standard."""
    with fresh_namespace(installed, RESTRICTED) as name:
        yield Client(installed, name)


def create(user: Client, spec: Manifest) -> None:
    """Have the API server decide about a Pod, which isn't stored; what it names is there."""
    api = user.server
    account = spec.get("serviceAccountName", "default")
    with contextlib.suppress(server.ServerError):  # it is there already
        api.create("serviceaccount", user.namespace, {"metadata": {"name": account}})
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shown"}, "spec": spec}
    api.request("POST", f"{api.path('pod', user.namespace)}?dryRun=All&fieldValidation=Strict", pod)


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_that_a_page_or_a_sample_shows_is_admitted_as_restricted(
    restricted: Client, pod: Manifest
) -> None:
    create(restricted, pod)


def test_a_pod_without_our_defaults_is_refused_there(restricted: Client) -> None:
    (made,) = documents.made(builders.a_formation(securityDefaults="none", processes=ONE))
    with pytest.raises(server.ServerError, match='violates PodSecurity "restricted'):
        create(restricted, *documents.pods(made))


def test_pages_show_pods_of_types_schedules_and_releases() -> None:
    ids = " ".join(str(each.id) for each in PODS)
    assert all(f"-{kind}-" in ids for kind in ("Deployment", "CronJob", "Job"))
