"""Helm, on a cluster on which nothing of ours is installed."""

import pathlib
from collections.abc import Iterator

import pytest

from hack.cluster import build, paths
from hack.cluster.cluster import Cluster
from hack.images import operator_image, shop_image
from tests.distribution import packages as releases
from tests.distribution.helm import VERSIONS, Helm, binary
from tests.live import once
from tests.live.client import Client, eventually
from tests.live.namespaces import fresh_namespace
from tests.live.registry import serving

OURS = ("crds", "manifests")


@pytest.fixture(scope="session")
def kubectl_binary() -> pathlib.Path:
    """Kubectl, for what needs no cluster."""
    return build.ensure((build.KUBECTL,))["kubectl"]


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda module: module.name)
def ready_helm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Each version of Helm that is in the cache."""
    if build.missing(request.param):
        pytest.skip("it isn't built: `make distribution` builds it")
    return Helm(binary(request.param), tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def newest_helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """The newer version of Helm, for what each version does alike."""
    return Helm(binary(build.HELM4), tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def registry() -> Iterator[str]:
    """A registry on this machine alone, which forgets everything at its end."""
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def first(registry: str, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A release whose image is for that registry."""
    folder = tmp_path_factory.mktemp("first") / "dist"
    releases.make(folder, registry)
    return folder


@pytest.fixture(scope="session")
def bare(administrator: Cluster) -> Cluster:
    """A cluster with a real node, with the images of operator and sample, and without anything of ours."""
    if administrator.node != "real":
        pytest.skip("nothing runs on this node: it isn't real")
    once.load(administrator, operator_image.build())
    for version in ("v1", "v2"):
        once.load(administrator, shop_image.build(version))
    remove(administrator)
    return administrator


@pytest.fixture
def empty(bare: Cluster) -> Iterator[Cluster]:
    """The same, cleaned up after the test."""
    yield bare
    remove(bare)


@pytest.fixture
def app(empty: Cluster) -> Iterator[Client]:
    """Kubectl in a namespace for an app."""
    with fresh_namespace(empty) as name:
        yield Client(empty, name)


def remove(cluster: Cluster) -> None:
    """Delete all that an installation leaves."""
    everywhere = ("--all", "--all-namespaces", "--ignore-not-found")
    client = Client(cluster, "default")
    client("delete", "formations", *everywhere, check=False)  # a kind that may be unknown
    for folder in reversed(OURS):
        cluster.run_kubectl("delete", "-k", str(paths.ROOT / folder), "--ignore-not-found")
    eventually(lambda: client("get", "namespace", "formation-system", check=False).returncode != 0)
