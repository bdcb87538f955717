"""Install, upgrade across a change of the CRD, go back and uninstall: nobody's process notices."""

import dataclasses
import functools
import json
import pathlib
import re
import shutil
from typing import Any

import pytest
import yaml

from hack.cluster import build, paths
from hack.cluster.cluster import Cluster
from tests.contract.counting import count
from tests.distribution.helm import CHART, NAME, NAMESPACE, VERSIONS, Helm, HelmError, binary
from tests.e2e.workers import READY
from tests.live.client import Client, eventually, throughout

pytestmark = [pytest.mark.alone, pytest.mark.node, pytest.mark.long]

OPERATOR = (f"--namespace={NAMESPACE}", f"deployment/{NAME}")
SAMPLES = paths.ROOT / "manifests" / "samples"
CRD = "formations.formations.dev"
# A field that an operator of before didn't have, in its CRD and anywhere else.
NEW = "paused"
(TYPED,) = re.findall(
    r"helm upgrade .* manifests/chart (.*crds.enabled=false)",
    (paths.ROOT / "docs" / "how-to" / "upgrade.md").read_text(),
)
"""What follows the older chart where somebody goes back to it."""


@dataclasses.dataclass(frozen=True)
class Release:
    """The chart, installed by a version of Helm under a name."""

    helm: Helm

    def __call__(self, verb: str, *arguments: str) -> str:
        """Do something with the release, and wait until it is done."""
        return self.helm(verb, NAME, *arguments, f"--namespace={NAMESPACE}", "--timeout=5m")

    def install(self, chart: pathlib.Path, *flags: str) -> None:
        """Install a chart, in a namespace that is made for it."""
        self("install", str(chart), "--create-namespace", "--wait", *flags)


@pytest.fixture(params=VERSIONS, ids=lambda module: module.name)
def release(request: pytest.FixtureRequest, empty: Cluster, tmp_path: pathlib.Path) -> Release:
    """Each version of Helm, on a cluster without anything of ours."""
    module: build.Module = request.param
    return Release(Helm(binary(module), tmp_path / "helm", empty.kubeconfig))


@pytest.fixture
def older(tmp_path: pathlib.Path) -> pathlib.Path:
    """The chart as it was before the CRD had a field."""
    chart = tmp_path / "older"
    shutil.copytree(CHART, chart)
    description = chart / "Chart.yaml"
    description.write_text(description.read_text().replace("\nversion: 0.1.0\n", "\nversion: 0.0.9\n"))
    file = chart / "files" / "crd.yaml"
    crd = yaml.safe_load(file.read_text())
    del spec_of(crd)[NEW]
    file.write_text(yaml.safe_dump(crd))
    return chart


def spec_of(crd: dict[str, Any]) -> dict[str, Any]:
    (version,) = crd["spec"]["versions"]
    fields: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    return fields


def has_the_new_field(client: Client) -> bool:
    return NEW in spec_of(json.loads(client("get", "crd", CRD, "-o", "json").stdout))


def start(app: Client) -> None:
    """Have the sample app run."""
    eventually(lambda: app.find("serviceaccount", "default"))
    app("apply", "-k", str(SAMPLES))
    app(*READY)
    # Its first Pods may be of before the last change of a count.
    eventually(lambda: len(app.list_all("pod")) == 5)


def untouched(app: Client) -> dict[str, tuple[int, ...]]:
    """Return what no process keeps: by uid, the restarts of Pods and the generations of children."""
    pods = {
        item["metadata"]["uid"]: tuple(each["restartCount"] for each in item["status"]["containerStatuses"])
        for item in app.list_all("pod")
    }
    children = {
        item["metadata"]["uid"]: (item["metadata"]["generation"],) for item in app.list_all("deployment")
    }
    return {**pods, **children}


def works(app: Client) -> None:
    """Fail unless a change of the Formation is acted on, and taken back."""
    for replicas in (3, 2):
        app.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": replicas}}}})
        eventually(lambda: count(app) == replicas)  # noqa: B023  # used at once
        app(*READY)


def test_helm_installs_upgrades_goes_back_with_the_newer_crd_and_uninstalls_and_no_process_notices(
    release: Release, older: pathlib.Path, app: Client
) -> None:
    release.install(older)
    assert not has_the_new_field(app)
    start(app)
    before = untouched(app)

    release("upgrade", str(CHART), "--wait")
    assert has_the_new_field(app)
    assert "Succeeded" in release("test")
    app(*READY)
    assert untouched(app) == before

    release("upgrade", str(older), "--wait", *TYPED.split())
    assert has_the_new_field(app)
    app(*READY)
    assert untouched(app) == before

    release("upgrade", str(CHART), "--wait", "--reset-then-reuse-values", "--set", "crds.enabled=true")
    app(*READY)
    assert untouched(app) == before

    release("uninstall", "--wait")
    assert app.find("deployment", "shop-web")
    eventually(lambda: app("get", "-n", NAMESPACE, "pods", "-o", "name").stdout == "")
    assert throughout(5, lambda: untouched(app)) == before

    release.install(CHART)
    app(*READY)
    assert untouched(app) == before


def test_helm_takes_the_crd_and_all_that_runs_with_it_only_if_it_was_told_to(
    release: Release, app: Client
) -> None:
    release.install(CHART, "--set", "crds.keep=false")
    start(app)

    release("uninstall", "--wait")

    eventually(lambda: app("get", "crd", CRD, check=False).returncode != 0, patience=120)
    eventually(lambda: not app.list_all("deployment"), patience=240)


def test_helm_leaves_alone_what_kubectl_has_installed(release: Release, app: Client) -> None:
    app("apply", "-k", str(paths.ROOT / "crds"))

    with pytest.raises(HelmError, match=r"cannot be imported into the current release|conflict"):
        release.install(CHART)

    app("get", "crd", CRD)


def apply(cluster: Cluster, folder: str) -> None:
    cluster.run_kubectl("apply", "-k", str(paths.ROOT / folder))


def test_kubectl_installs_and_uninstalls_and_no_process_notices(empty: Cluster, app: Client) -> None:
    for folder in ("crds", "manifests"):
        apply(empty, folder)
    empty.run_kubectl("rollout", "status", *OPERATOR, "--timeout=300s")
    start(app)
    before = untouched(app)

    empty.run_kubectl("delete", "-k", str(paths.ROOT / "manifests"))

    assert app.find("formation", "shop")
    assert throughout(5, lambda: untouched(app)) == before
    apply(empty, "manifests")
    empty.run_kubectl("rollout", "status", *OPERATOR, "--timeout=300s")
    app(*READY)
    assert untouched(app) == before


@pytest.mark.parametrize("way", ["kustomize", "helm"])
def test_an_operator_for_one_namespace_serves_that_and_may_do_nothing_in_another(
    empty: Cluster, app: Client, way: str, tmp_path: pathlib.Path
) -> None:
    shop = Client(empty, "shop")
    app("create", "namespace", "shop")
    try:
        if way == "kustomize":
            apply(empty, "crds")
            apply(empty, "manifests/namespaced")
        else:
            newest = Helm(binary(build.HELM4), tmp_path / "helm", empty.kubeconfig)
            Release(newest).install(CHART, "--set", "namespaces={shop}")
        empty.run_kubectl("rollout", "status", *OPERATOR, "--timeout=300s")
        for client in (app, shop):
            eventually(functools.partial(client.find, "serviceaccount", "default"))
            client("apply", "-k", str(SAMPLES))
        shop(*READY)
        works(shop)

        assert app.list_all("deployment") == []
        assert app.get("formation", "shop")["status"] == {"observedGeneration": -1}
        assert may(shop) == {"formations": True, "deployments": True, "services": True, "pods": True}
        assert not any(may(app).values())
        assert not any(may(app, "--all-namespaces").values())
        restarts = [
            each["restartCount"] for pod in running(empty) for each in pod["status"]["containerStatuses"]
        ]
        assert set(restarts) == {0}
    finally:
        app("delete", "namespace", "shop")


def may(client: Client, *where: str) -> dict[str, bool]:
    """Return which kinds the operator's account may list."""
    ask = ("auth", "can-i", "list")
    as_operator = (f"--as=system:serviceaccount:{NAMESPACE}:{NAME}", *where)
    kinds = ("formations", "deployments", "services", "pods")
    return {kind: client(*ask, kind, *as_operator, check=False).stdout.strip() == "yes" for kind in kinds}


def running(cluster: Cluster) -> list[dict[str, Any]]:
    """Return the operator's Pods that are not about to end."""
    found = json.loads(cluster.run_kubectl("get", "pods", OPERATOR[0], "-o", "json"))["items"]
    return [item for item in found if "deletionTimestamp" not in item["metadata"]]
