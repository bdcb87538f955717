"""The chart makes the same objects as the manifests.

Without a cluster. What Helm made of it is kept in golden.yaml, which `tests/unit/manifests/test_chart.py`
compares with the manifests where there is no Helm. After a change: `pytest --update-golden` on this file.
"""

import pathlib

import pytest
import yaml

from hack.cluster import paths
from hack.kustomization import Manifest, by_key, load, rendered
from tests.distribution import helm
from tests.distribution.helm import GOLDEN, HEADING, Helm


def kustomized(kubectl: pathlib.Path, folder: str) -> list[Manifest]:
    """Return what kustomize makes of a folder, but for the namespace: Helm makes that itself."""
    return [item for item in rendered(kubectl, paths.ROOT / folder) if item["kind"] != "Namespace"]


def test_kustomize_makes_what_the_golden_file_holds(kubectl_binary: pathlib.Path) -> None:
    assert by_key(kustomized(kubectl_binary, "manifests")) == by_key(load(GOLDEN))


def test_for_some_namespaces_there_are_the_same_rights_in_these_and_none_in_the_cluster(
    kubectl_binary: pathlib.Path,
) -> None:
    everywhere = by_key(kustomized(kubectl_binary, "manifests"))
    made = by_key(kustomized(kubectl_binary, "manifests/namespaced"))

    assert "ClusterRoleBinding" not in {kind for kind, _, _ in made}
    assert ("ClusterRole", "", helm.NAME) not in made
    assert made["Role", "shop", helm.NAME]["rules"] == everywhere["ClusterRole", "", helm.NAME]["rules"]
    binding = made["RoleBinding", "shop", helm.NAME]
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == ("Role", helm.NAME)
    assert binding["subjects"] == everywhere["ClusterRoleBinding", "", helm.NAME]["subjects"]
    (container,) = made["Deployment", helm.NAMESPACE, helm.NAME]["spec"]["template"]["spec"]["containers"]
    assert "--namespace=shop" in container["args"]


def test_the_chart_makes_what_its_golden_file_holds(ready_helm: Helm, pytestconfig: pytest.Config) -> None:
    made = by_key(ready_helm.render(*helm.WITHOUT_CRD))

    if pytestconfig.getoption("update_golden"):
        text = yaml.safe_dump_all(made[key] for key in sorted(made))
        GOLDEN.write_text(f"{HEADING}{helm.digest()}\n{text}")
    assert made == by_key(load(GOLDEN))


def test_for_some_namespaces_too_it_makes_what_kustomize_makes(
    ready_helm: Helm, kubectl_binary: pathlib.Path
) -> None:
    made = by_key(ready_helm.render(*helm.WITHOUT_CRD, "--set", "namespaces={shop}"))

    assert made == by_key(kustomized(kubectl_binary, "manifests/namespaced"))
    assert ("ClusterRole", "", "formation-operator") not in made
