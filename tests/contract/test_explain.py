"""How the resource presents itself: ``kubectl explain``, its names, its columns, and to kustomize."""

import json
import pathlib
import re
import shutil

import pytest

from hack.cluster import paths
from tests.live.client import Client, eventually
from tests.shared.builders import IMAGE, a_formation, a_process, text

KUSTOMIZATION = """
configurations: [kustomizeconfig.yaml]
namePrefix: eu-
labels: [{pairs: {team: shop}, includeSelectors: true}]
images: [{name: registry.example.com/shop, newTag: v9}]
replicas: [{name: shop, count: 7}]
secretGenerator: [{name: shop, literals: [url=x]}]
configMapGenerator: [{name: settings, literals: [LOG_LEVEL=info]}]
resources: [formation.json]
"""
EXPLAINED = {
    "formation": "A twelve-factor app's formation: its process types, and how many of each run.",
    "formation.spec": "processes <map[string]Object> -required-",
    "formation.spec.processes": "replicas <integer> The count: how many processes of this type run.",
    "formation.spec.processes.replicas": "FIELD: replicas <integer>",
    "formation.spec.processes.livenessProbe.httpGet": "Path to access on the HTTP server.",
    "formation.spec.podTemplate.spec.containers": "volumeMounts <[]Object> <no description>",
    "formation.status.conditions": "reason <string> -required- A word for programs.",
}
"""By the path, a part of what kubectl says of it."""


@pytest.mark.parametrize(("path", "sentence"), EXPLAINED.items(), ids=EXPLAINED)
def test_explain_reads_well(refusing: Client, path: str, sentence: str) -> None:
    assert sentence in " ".join(refusing("explain", path).stdout.split())


def test_it_has_a_short_name_no_category_and_the_columns_that_a_user_looks_for(kubectl: Client) -> None:
    created = kubectl("create", "-f", "-", "-o", "json", input=text(a_formation())).stdout
    assert json.loads(created)["status"] == {"observedGeneration": -1}, "a fresh one never looks ready"
    assert kubectl("get", "fm", "-o", "name").stdout.split() == ["formation.formations.dev/shop"]
    assert "formation" not in kubectl("get", "all", "-o", "name").stdout
    narrow = kubectl("get", "formations").stdout.splitlines()[0].split()
    wide = kubectl("get", "formations", "-o", "wide").stdout.splitlines()[0].split()
    assert narrow == ["NAME", "READY", "SUMMARY", "IMAGE", "AGE"]
    assert wide == [*narrow, "REASON", "MESSAGE"]


def test_the_image_column_says_that_a_type_has_its_own(user: Client) -> None:
    def shown() -> list[str]:
        output = user("get", "fm", "shop", "-o", "wide").stdout
        return re.split(r" {2,}", output.splitlines()[1])

    own = {"processes": {"worker": {"image": "registry.example.com/worker:v7"}}}
    user.apply(a_formation(processes={"web": a_process(), "worker": a_process()}))
    eventually(lambda: IMAGE in shown())
    user.merge("formation", "shop", {"spec": own})
    eventually(lambda: f"{IMAGE} and 1 more" in shown())


def test_kustomize_follows_what_all_types_share(kubectl: Client, tmp_path: pathlib.Path) -> None:
    secret = {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "url"}}}
    processes = {"web": a_process(replicas=1), "worker": a_process(replicas=3)}
    shutil.copy(paths.ROOT / "crds" / "kustomizeconfig.yaml", tmp_path)
    shop = a_formation(env=[secret], envFrom=[{"configMapRef": {"name": "settings"}}], processes=processes)
    (tmp_path / "formation.json").write_text(text(shop))
    (tmp_path / "kustomization.yaml").write_text(KUSTOMIZATION)
    kubectl("apply", "-k", str(tmp_path))
    built = kubectl.get("formation", "eu-shop")
    assert built["metadata"]["labels"] == {"team": "shop"}
    assert built["spec"]["image"] == "registry.example.com/shop:v9"
    generated = kubectl.list_all("secret") + kubectl.list_all("configmap")
    assert {
        built["spec"]["env"][0]["valueFrom"]["secretKeyRef"]["name"],
        built["spec"]["envFrom"][0]["configMapRef"]["name"],
    } == {each["metadata"]["name"] for each in generated if each["metadata"]["name"].startswith("eu-")}
    assert built["spec"]["processes"]["web"]["replicas"] == 7
    assert built["spec"]["processes"]["worker"] == processes["worker"]
