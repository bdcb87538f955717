"""The chart's values do what they say; a wrong one is refused. Without a cluster.

What Helm makes of the chart's defaults is in golden.yaml; here it is what each value changes of that.
"""

import difflib
import json
import pathlib
import shutil

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from hack import kustomization
from hack.cluster import paths
from hack.kustomization import Key, Manifest, by_key, load, rendered
from hack.packaging import archives
from tests.distribution.helm import CHART, WITHOUT_CRD, Helm, HelmError

pytestmark = pytest.mark.long

MONITORED = ("serviceMonitor", "operatorAlerts", "appAlerts")
ALERTS = "monitoring.operatorAlerts.enabled=true,monitoring.appAlerts.enabled=true"
FROM = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
PROXY = [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}]
SECURITY = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
REPOSITORY = "image.repository=registry.example.com:5000/operator"
CHANGES: dict[str, tuple[str, ...]] = {
    "each of several namespaces gets the rights": ("--set=namespaces={shop,blog}",),
    "a tag is pulled by a policy": (f"--set={REPOSITORY},image.pullPolicy=Always,image.tag=v7",),
    "a digest outweighs a tag": (f"--set={REPOSITORY},image.digest=sha256:{'a' * 64},image.tag=v7",),
    "the image is pulled with a secret": ("--set=imagePullSecrets[0].name=ours",),
    "flags become arguments": (
        "--set=flags.workers=40,flags.no-write-through=true,flags.verbose=false,flags.metrics=",
        "--set=flags.honour={argocd-server,me}",
    ),
    "how many run where and with what": (
        "--set=replicas=3",
        "--set=resources.limits.memory=1Gi",
        "--set=nodeSelector.pool=system",
        "--set=tolerations[0].operator=Exists",
        "--set=priorityClassName=system-cluster-critical",
        "--set-string=podAnnotations.team=platform,podLabels.team=platform",
    ),
    "the user that the manifests name is taken away": (
        f"--set-json=podSecurityContext={json.dumps(SECURITY)}",
    ),
    "alerts are for the Prometheus that their labels say": (
        "--set=monitoring.operatorAlerts.enabled=true,monitoring.operatorAlerts.labels.release=stack",
    ),
    "common labels are on every object and Pod and replace none": (
        '--set-json=commonLabels={"team": "platform", "app.kubernetes.io/name": "another"}',
    ),
    "a cloud finds annotations on the service account": (
        '--set-json=serviceAccount.annotations={"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}',
    ),
    "the operator has further variables": (f"--set-json=env={json.dumps(PROXY)}",),
    "budget and spread can be turned off": (
        "--set=disruptionBudget.enabled=false,topologySpread.enabled=false",
    ),
    "the policy and the roles can be turned off": ("--set=networkPolicy.enabled=false,aggregateRoles=false",),
    "the network policy lets out to the API server": ("--set=networkPolicy.apiServerPorts={16443}",),
    "the network policy lets in who may read the metrics": (
        f"--set-json=networkPolicy.metricsFrom={json.dumps(FROM)}",
    ),
}


def difference(before: dict[Key, Manifest], after: dict[Key, Manifest]) -> dict[str, list[str]]:
    """Return the lines that each object has lost and won; of one that is new or gone, its metadata."""
    found = {}
    for key in sorted({*before, *after}):
        old, new = before.get(key, {}), after.get(key, {})
        if not (old and new):
            old, new = old.get("metadata", {}), new.get("metadata", {})
        lines = difflib.ndiff(yaml.safe_dump(old).splitlines(), yaml.safe_dump(new).splitlines())
        found["/".join(key)] = [line for line in lines if line[0] in "+-"]
    return {key: lines for key, lines in found.items() if lines}


@pytest.mark.parametrize("flags", CHANGES.values(), ids=CHANGES)
def test_a_value_changes_what_it_says_and_nothing_else(
    newest_helm: Helm, flags: tuple[str, ...], snapshot: SnapshotAssertion
) -> None:
    plain, made = (by_key(newest_helm.render(*WITHOUT_CRD, *each)) for each in ((), flags))
    assert difference(plain, made) == snapshot


def test_the_chart_brings_the_crd_which_stays_unless_that_is_turned_off(newest_helm: Helm) -> None:
    (crd,) = load(paths.ROOT / "crds" / "formations.yaml")

    def made(*flags: str) -> Manifest:
        return by_key(newest_helm.render(*flags))["CustomResourceDefinition", "", "formations.formations.dev"]

    assert made() == crd
    unprotected = made("--set=crds.keep=false")
    assert "annotations" not in unprotected["metadata"]
    assert unprotected["spec"] == crd["spec"]
    nothing = made("--set=crds.keep=null", "--skip-schema-validation")
    assert nothing["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    labelled = made("--set=commonLabels.team=platform")
    assert labelled["metadata"].pop("labels") == {"team": "platform"}
    assert labelled == crd


def test_the_pod_of_helm_test_is_pulled_and_placed_as_the_operator_is(
    newest_helm: Helm, snapshot: SnapshotAssertion
) -> None:
    chosen = ("--set=image.pullPolicy=Never", "--set=imagePullSecrets[0].name=ours")
    placed = ("--set=nodeSelector.pool=system", "--set=tolerations[0].operator=Exists")
    shown = "--show-only=templates/tests/smoke.yaml"
    plain, made = (by_key(newest_helm.template(shown, *each)) for each in ((), (*chosen, *placed)))
    assert difference(plain, made) == snapshot


def test_the_optional_parts_are_there_if_they_are_asked_for(
    newest_helm: Helm, kubectl_binary: pathlib.Path
) -> None:
    plain = by_key(newest_helm.render(*WITHOUT_CRD))
    asked = (*(f"monitoring.{each}.enabled" for each in MONITORED), "policies.foreground")

    made = by_key(newest_helm.render(*WITHOUT_CRD, *(f"--set={each}=true" for each in asked)))

    extra = {key: item for key, item in made.items() if key not in plain}
    folders = ("policies", "monitoring")
    wanted = [item for each in folders for item in rendered(kubectl_binary, paths.ROOT / "manifests" / each)]
    assert extra == by_key(wanted)


def test_each_alert_leads_to_its_section_of_a_page_of_runbooks_that_is_published(newest_helm: Helm) -> None:
    page = "https://git.example.com/docs/runbooks.md"
    made = newest_helm.render(*WITHOUT_CRD, "--set", f"{ALERTS},monitoring.runbookUrl={page}")

    rules = [item for item in made if item["kind"] == "PrometheusRule"]
    alerts = [alert for rule in rules for group in rule["spec"]["groups"] for alert in group["rules"]]
    assert len(alerts) >= 10
    for alert in alerts:
        assert alert["annotations"]["runbook_url"] == f"{page}#{alert['alert'].lower()}"


@pytest.mark.parametrize(
    "value",
    [
        "flags.wokers=40",
        "flags.lease=ours/other",
        "flags.metrics=0.0.0.0:9091",
        "replicas=-1",
        "namespaces={Shop}",
        "image.tag=a b",
        "image.repository=registry.example.com:5000/operator:v7",
        "image.repository=operator:v7",
        "image.repository=registry.example.com/operator@sha256:0",
        "crd.keep=false",
        "monitoring.runbookUrl=git.example.com",
        "monitoring.rules.enabled=true",
        "env[0].value=nameless",
        "image.digest=latest",
        "networkPolicy.metricsFrom[0].namespace=monitoring",
        "networkPolicy.metricsFrom[0].ipBlock.except={10.0.0.0/8}",
        "image.repository=Registry.example.com/Ops",
        "image.repository=example.com//operator",
        "flags.honour={formation-operator}",
        "resources.limits.memory=null",
    ],
)
def test_a_wrong_value_is_refused(newest_helm: Helm, value: str) -> None:
    with pytest.raises(HelmError, match="values don't meet the specifications of the schema"):
        newest_helm.render("--set", value)


@pytest.mark.parametrize(
    "value",
    ["crds.keep", "networkPolicy.apiServerPorts", "networkPolicy.enabled", "image.pullPolicy", "resources"],
)
def test_null_is_refused_because_nobody_says_what_it_stands_for(newest_helm: Helm, value: str) -> None:
    missing = value.rpartition(".")[2]
    with pytest.raises(HelmError, match=f"missing propert.*{missing}|{missing} is required"):
        newest_helm.render("--set", f"{value}=null")


def test_nothing_is_scraped_of_an_operator_without_metrics(newest_helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"flags\.metrics is empty"):
        newest_helm.render("--set", "flags.metrics=,monitoring.appAlerts.enabled=true")


def notes(helm: Helm, folder: pathlib.Path, *flags: str) -> str:
    """Return what Helm says after an install; without a cluster it takes Kubernetes to be too old."""
    chart = folder / "chart"
    shutil.copytree(CHART, chart)
    about = chart / "Chart.yaml"
    kept = [
        line for line in about.read_text().splitlines(keepends=True) if not line.startswith("kubeVersion")
    ]
    about.write_text("".join(kept))
    return helm("install", "ours", str(chart), "--dry-run=client", *flags).partition("\nNOTES:\n")[2]


@pytest.mark.parametrize(
    ("flags", "namespace", "made"),
    [((), "hello", True), (("--set", "namespaces={blog,shop}"), "blog", False)],
    ids=["everywhere", "in some namespaces"],
)
def test_the_notes_end_with_a_formation_to_paste(
    newest_helm: Helm, tmp_path: pathlib.Path, flags: tuple[str, ...], namespace: str, made: bool
) -> None:
    _, _, shown = notes(newest_helm, tmp_path, *flags).partition("Your first Formation:\n\n")
    apply = f"kubectl -n {namespace} apply -f - <<'END'\n"
    before, _, rest = shown.partition(apply)
    formation, _, after = rest.partition("\nEND\n")

    assert before == (f"kubectl create namespace {namespace}\n" if made else "")
    assert [*kustomization.parse(formation)] == load(CHART / "files" / "hello.yaml")
    assert after.strip() == f"kubectl -n {namespace} get formation hello --watch"


def test_an_archive_of_the_chart_is_valid_and_makes_the_same(
    newest_helm: Helm, tmp_path: pathlib.Path
) -> None:
    archive = tmp_path / "formation-operator-0.1.0.tgz"
    shutil.copytree(CHART, tmp_path / "chart")  # as in a release: a link becomes what it leads to
    archives.tgz(archive, tmp_path / "chart", 0, "formation-operator/")

    assert "0 chart(s) failed" in newest_helm("lint", "--strict", str(archive))
    assert by_key(newest_helm.render(chart=archive)) == by_key(newest_helm.render())
