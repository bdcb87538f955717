"""How the resource presents itself: ``kubectl explain``, its names, its columns, and to kustomize."""

import json
import pathlib
import shutil

import pytest

from tests.builders import a_formation, a_process, text
from tests.client import Client
from tests.cluster import paths

KUSTOMIZATION = """
configurations: [kustomizeconfig.yaml]
namePrefix: eu-
labels: [{pairs: {team: shop}, includeSelectors: true}]
images: [{name: registry.example.com/shop, newTag: v9}]
replicas: [{name: shop, count: 7}]
secretGenerator: [{name: shop, literals: [url=x]}]
generatorOptions: {disableNameSuffixHash: true}
resources: [formation.json]
"""


def explained(kubectl: Client, path: str) -> str:
    """Return what ``kubectl explain`` says, without its line breaks."""
    return " ".join(kubectl("explain", path).stdout.split())


@pytest.mark.parametrize(
    ("path", "sentences"),
    [
        ("formation", ["A twelve-factor app's formation: its process types, and how many of each run."]),
        ("formation.spec", ["The process types of one app", "processes <map[string]Object> -required-"]),
        (
            "formation.spec.processes",
            [
                "The process types, keyed by name: web, worker, clock",
                "command <[]string> The program and its arguments",
                "replicas <integer> The count: how many processes of this type run.",
                "podTemplate <Object> Anything else that a Pod can have",
            ],
        ),
        ("formation.spec.processes.replicas", ["FIELD: replicas <integer>", "0 keeps the type, idle."]),
        ("formation.spec.processes.resources", ["limits <map[string]Object> Limits describes the maximum"]),
        ("formation.spec.processes.livenessProbe.httpGet", ["Path to access on the HTTP server."]),
        ("formation.spec.env.valueFrom.secretKeyRef", ["The key of the secret to select from."]),
        ("formation.status", ["summary <string> Ready and wanted processes of each type."]),
        ("formation.status.conditions", ["reason <string> -required- A word for programs."]),
    ],
)
def test_explain_reads_well(kubectl: Client, path: str, sentences: list[str]) -> None:
    shown = explained(kubectl, path)
    missing = [sentence for sentence in sentences if sentence not in shown]
    assert not missing, shown


@pytest.mark.parametrize("owner", ["formation.spec", "formation.spec.processes"])
def test_explain_knows_the_pod_template_down_to_its_fields_but_describes_none(
    kubectl: Client, owner: str
) -> None:
    inside = explained(kubectl, f"{owner}.podTemplate.spec.containers")
    assert "volumeMounts <[]Object> <no description>" in inside
    assert "Anything else that a Pod can have" in explained(kubectl, f"{owner}.podTemplate")


def test_the_short_name_works_and_no_category_reaches_it(kubectl: Client) -> None:
    kubectl.apply(a_formation())
    assert kubectl("get", "fm", "-o", "name").stdout.split() == ["formation.formations.dev/shop"]
    assert "formation" not in kubectl("get", "all", "-o", "name").stdout


def test_the_columns_are_those_that_a_user_looks_for(kubectl: Client) -> None:
    kubectl.apply(a_formation())
    narrow = kubectl("get", "formations").stdout.splitlines()[0].split()
    wide = kubectl("get", "formations", "-o", "wide").stdout.splitlines()[0].split()
    assert narrow == ["NAME", "READY", "SUMMARY", "IMAGE", "AGE"]
    assert wide == [*narrow, "REASON", "MESSAGE"]


def test_a_fresh_formation_never_looks_ready(kubectl: Client) -> None:
    created = kubectl("create", "-f", "-", "-o", "json", input=text(a_formation())).stdout
    assert json.loads(created)["status"] == {"observedGeneration": -1}


def test_scale_reads_and_writes_the_count_of_web(kubectl: Client) -> None:
    kubectl.apply(a_formation(processes={"web": a_process(replicas=1), "worker": a_process(replicas=3)}))
    kubectl("scale", "formation/shop", "--replicas=5", "--current-replicas=1")
    types = kubectl.get("formation", "shop")["spec"]["processes"]
    assert {name: process["replicas"] for name, process in types.items()} == {"web": 5, "worker": 3}
    scale = json.loads(kubectl("get", "formation", "shop", "--subresource=scale", "-o", "json").stdout)
    assert scale["spec"]["replicas"] == 5


def test_kustomize_follows_what_all_types_share(kubectl: Client, tmp_path: pathlib.Path) -> None:
    secret = {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "url"}}}
    processes = {"web": a_process(replicas=1), "worker": a_process(replicas=3)}
    shutil.copy(paths.ROOT / "crds" / "kustomizeconfig.yaml", tmp_path)
    (tmp_path / "formation.json").write_text(text(a_formation(env=[secret], processes=processes)))
    (tmp_path / "kustomization.yaml").write_text(KUSTOMIZATION)
    kubectl("apply", "-k", str(tmp_path))
    built = kubectl.get("formation", "eu-shop")
    assert built["metadata"]["labels"] == {"team": "shop"}
    assert built["spec"]["image"] == "registry.example.com/shop:v9"
    assert built["spec"]["env"][0]["valueFrom"]["secretKeyRef"]["name"] == "eu-shop"
    assert built["spec"]["processes"]["web"]["replicas"] == 7
    assert built["spec"]["processes"]["worker"] == processes["worker"]
