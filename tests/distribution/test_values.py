"""The chart's values do what they say; a wrong one is refused. Without a cluster."""

import json
import pathlib
import shutil
from typing import Any

import pytest

from tests import kustomization
from tests.cluster import paths
from tests.distribution import helm
from tests.distribution.helm import CHART, WITHOUT_CRD, Helm, HelmError
from tests.kustomization import by_key, load, rendered
from tests.release import archives

pytestmark = pytest.mark.long


def deployment(helm: Helm, *flags: str) -> dict[str, Any]:
    (found,) = (item for item in helm.render(*WITHOUT_CRD, *flags) if item["kind"] == "Deployment")
    return dict(found["spec"])


def container(helm: Helm, *flags: str) -> dict[str, Any]:
    (found,) = deployment(helm, *flags)["template"]["spec"]["containers"]
    return dict(found)


def test_each_of_several_namespaces_gets_the_rights(ready_helm: Helm) -> None:
    made = by_key(ready_helm.render(*WITHOUT_CRD, "--set", "namespaces={shop,blog}"))

    roles = {
        key[1]: item["rules"] for key, item in made.items() if key[::2] == ("Role", "formation-operator")
    }
    bound = {key[1] for key in made if key[::2] == ("RoleBinding", "formation-operator")}
    assert {"shop", "blog"} <= bound
    assert roles["shop"] == roles["blog"] != []
    assert container(ready_helm, "--set", "namespaces={shop,blog}")["args"][-2:] == [
        "--namespace=shop",
        "--namespace=blog",
    ]


def test_the_chart_brings_the_crd_which_stays_unless_that_is_turned_off(ready_helm: Helm) -> None:
    (crd,) = load(paths.ROOT / "crds" / "formations.yaml")
    key = ("CustomResourceDefinition", "", "formations.formations.dev")

    assert by_key(ready_helm.render())[key] == crd
    unprotected = by_key(ready_helm.render("--set", "crds.keep=false"))[key]
    assert "annotations" not in unprotected["metadata"]
    assert unprotected["spec"] == crd["spec"]


def test_values_say_which_image_is_pulled_and_how(ready_helm: Helm) -> None:
    digest = f"sha256:{'a' * 64}"
    named = ("--set", "image.repository=registry.example.com:5000/operator,image.pullPolicy=Always")

    tagged = container(ready_helm, *named, "--set", "image.tag=v7")
    assert (tagged["image"], tagged["imagePullPolicy"]) == ("registry.example.com:5000/operator:v7", "Always")
    pinned = container(ready_helm, *named, "--set", f"image.digest={digest},image.tag=v7")
    assert pinned["image"] == f"registry.example.com:5000/operator@{digest}"
    pod = deployment(ready_helm, "--set", "imagePullSecrets[0].name=ours")["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "ours"}]


def test_flags_become_the_arguments_of_the_operator(ready_helm: Helm) -> None:
    before = container(ready_helm).get("args") or []
    flags = "flags.workers=40,flags.no-write-through=true,flags.verbose=false,flags.honour={argocd-server,me}"
    flags += ",flags.metrics="

    assert container(ready_helm, "--set", flags)["args"] == [
        *before,
        "--honour=argocd-server",
        "--honour=me",
        "--metrics=",
        "--no-write-through",
        "--workers=40",
    ]


def test_a_number_of_a_file_of_values_is_the_argument_that_it_says(
    ready_helm: Helm, tmp_path: pathlib.Path
) -> None:
    numbers = {"metrics-process-types": "1000000", "resync": "86399.5", "workers": "1000"}
    values = tmp_path / "values.yaml"
    values.write_text("flags:\n" + "".join(f"  {flag}: {number}\n" for flag, number in numbers.items()))

    assert container(ready_helm, f"--values={values}")["args"][-3:] == [
        f"--{flag}={number}" for flag, number in numbers.items()
    ]


def test_values_say_how_many_run_where_and_with_what(ready_helm: Helm) -> None:
    chosen = (
        "--set=replicas=3",
        "--set=resources.limits.memory=1Gi",
        "--set=nodeSelector.pool=system",
        "--set=tolerations[0].operator=Exists",
        "--set=priorityClassName=system-cluster-critical",
        "--set-string=podAnnotations.team=platform",
        "--set-string=podLabels.team=platform",
    )
    made = deployment(ready_helm, *chosen)
    pod = made["template"]["spec"]

    assert made["replicas"] == 3
    (resources,) = (each["resources"] for each in pod["containers"])
    assert resources["limits"]["memory"] == "1Gi"
    assert resources["requests"] == container(ready_helm)["resources"]["requests"]
    assert (pod["nodeSelector"], pod["tolerations"]) == ({"pool": "system"}, [{"operator": "Exists"}])
    assert pod["priorityClassName"] == "system-cluster-critical"
    for kind in ("annotations", "labels"):
        assert made["template"]["metadata"][kind]["team"] == "platform"


def test_a_value_takes_the_user_away_that_the_manifests_name(ready_helm: Helm) -> None:
    assert deployment(ready_helm)["template"]["spec"]["securityContext"]["runAsUser"] == 65532
    chosen = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    made = deployment(ready_helm, "--set-json", f"podSecurityContext={json.dumps(chosen)}")
    assert made["template"]["spec"]["securityContext"] == chosen


def test_the_pod_of_helm_test_is_pulled_and_placed_as_the_operator_is(ready_helm: Helm) -> None:
    chosen = (
        "--set=image.pullPolicy=Never",
        "--set=imagePullSecrets[0].name=ours",
        "--set=nodeSelector.pool=system",
        "--set=tolerations[0].operator=Exists",
    )
    made = by_key(ready_helm.template("--show-only=templates/tests/smoke.yaml", *chosen))
    pod = made["Pod", helm.NAMESPACE, f"{helm.NAME}-test"]["spec"]

    fields = ("imagePullSecrets", "nodeSelector", "tolerations")
    operator = deployment(ready_helm, *chosen)["template"]["spec"]
    assert {field: pod[field] for field in fields} == {field: operator[field] for field in fields}
    (test,), (run,) = pod["containers"], operator["containers"]
    assert test["imagePullPolicy"] == run["imagePullPolicy"] == "Never"
    assert test["image"] == run["image"]


def test_the_optional_parts_are_there_if_they_are_asked_for(
    ready_helm: Helm, kubectl_binary: pathlib.Path
) -> None:
    plain = by_key(ready_helm.render(*WITHOUT_CRD))
    monitoring = ("serviceMonitor", "operatorAlerts", "appAlerts")
    asked = (*(f"monitoring.{each}.enabled" for each in monitoring), "policies.foreground")

    made = by_key(ready_helm.render(*WITHOUT_CRD, *(f"--set={each}=true" for each in asked)))

    extra = {key: item for key, item in made.items() if key not in plain}
    wanted = [
        *rendered(kubectl_binary, paths.ROOT / "manifests/policies"),
        *rendered(kubectl_binary, paths.ROOT / "manifests/monitoring"),
    ]
    assert extra == by_key(wanted)


@pytest.mark.parametrize(
    ("asked", "name"), [("operatorAlerts", helm.NAME), ("appAlerts", "formation-operator-apps")]
)
def test_each_group_of_alerts_is_there_alone_for_the_prometheus_that_its_labels_say(
    ready_helm: Helm, asked: str, name: str
) -> None:
    chosen = (
        "--set-json",
        f"monitoring.{asked}={json.dumps({'enabled': True, 'labels': {'release': 'stack'}})}",
    )
    made = by_key(ready_helm.render(*WITHOUT_CRD, *chosen))

    assert [key for key in made if key[0] == "PrometheusRule"] == [("PrometheusRule", helm.NAMESPACE, name)]
    rule = made["PrometheusRule", helm.NAMESPACE, name]
    assert rule["metadata"]["labels"] == {"app.kubernetes.io/name": helm.NAME, "release": "stack"}
    alerts = [alert for group in rule["spec"]["groups"] for alert in group["rules"]]
    assert not any("runbook_url" in alert["annotations"] for alert in alerts)


def test_each_alert_leads_to_its_section_of_a_page_of_runbooks_that_is_published(ready_helm: Helm) -> None:
    page = "https://git.example.com/docs/runbooks.md"
    enabled = "monitoring.operatorAlerts.enabled=true,monitoring.appAlerts.enabled=true"
    made = ready_helm.render(*WITHOUT_CRD, "--set", f"{enabled},monitoring.runbookUrl={page}")

    rules = [item for item in made if item["kind"] == "PrometheusRule"]
    alerts = [alert for rule in rules for group in rule["spec"]["groups"] for alert in group["rules"]]
    assert len(alerts) >= 10
    for alert in alerts:
        assert alert["annotations"]["runbook_url"] == f"{page}#{alert['alert'].lower()}"


def test_common_labels_are_on_every_object_and_pod_and_replace_none(ready_helm: Helm) -> None:
    labels = {"team": "platform", "app.kubernetes.io/name": "another"}
    for item in ready_helm.template("--set-json", f"commonLabels={json.dumps(labels)}"):
        metadata = [item["metadata"]]
        if item["kind"] == "Deployment":
            metadata.append(item["spec"]["template"]["metadata"])
            assert item["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": helm.NAME}
            assert metadata[1]["labels"]["app.kubernetes.io/name"] == helm.NAME
        assert [each["labels"]["team"] for each in metadata] == ["platform"] * len(metadata)


def test_the_crd_with_common_labels_is_the_same_otherwise(ready_helm: Helm) -> None:
    (crd,) = load(paths.ROOT / "crds" / "formations.yaml")
    made = by_key(ready_helm.render("--set", "commonLabels.team=platform"))
    labelled = made["CustomResourceDefinition", "", "formations.formations.dev"]
    assert labelled["metadata"].pop("labels") == {"team": "platform"}
    assert labelled == crd


def test_the_service_account_has_the_annotations_that_a_cloud_needs(ready_helm: Helm) -> None:
    arn = "arn:aws:iam::1:role/operator"
    chosen = json.dumps({"eks.amazonaws.com/role-arn": arn})
    made = by_key(ready_helm.render(*WITHOUT_CRD, "--set-json", f"serviceAccount.annotations={chosen}"))
    account = made["ServiceAccount", helm.NAMESPACE, helm.NAME]
    assert account["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": arn}


def test_the_operator_has_further_variables(ready_helm: Helm) -> None:
    proxy = [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}]
    assert container(ready_helm, "--set-json", f"env={json.dumps(proxy)}")["env"] == proxy


def test_budget_and_spread_can_be_turned_off(ready_helm: Helm) -> None:
    off = ("--set", "disruptionBudget.enabled=false,topologySpread.enabled=false")
    kinds = {item["kind"] for item in ready_helm.render(*WITHOUT_CRD, *off)}
    assert "PodDisruptionBudget" not in kinds
    assert "topologySpreadConstraints" not in deployment(ready_helm, *off)["template"]["spec"]
    assert "topologySpreadConstraints" in deployment(ready_helm)["template"]["spec"]


def test_what_is_turned_off_is_not_there(ready_helm: Helm) -> None:
    off = ("--set", "networkPolicy.enabled=false,aggregateRoles=false")
    made = by_key(ready_helm.render(*WITHOUT_CRD, *off))

    assert "NetworkPolicy" not in {kind for kind, _, _ in made}
    assert ("ClusterRole", "", "formation-edit") not in made


def test_the_network_policy_lets_out_to_the_ports_of_the_api_server(ready_helm: Helm) -> None:
    made = by_key(ready_helm.render(*WITHOUT_CRD, "--set", "networkPolicy.apiServerPorts={16443}"))
    policy = made["NetworkPolicy", helm.NAMESPACE, helm.NAME]

    assert policy["spec"]["egress"][0] == {"ports": [{"port": 16443}]}
    assert len(policy["spec"]["egress"]) == 2


def test_the_network_policy_lets_in_who_may_read_the_metrics(ready_helm: Helm) -> None:
    wanted = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    chosen = ("--set-json", f"networkPolicy.metricsFrom={json.dumps([wanted])}")
    made = by_key(ready_helm.render(*WITHOUT_CRD, *chosen))
    (rule,) = made["NetworkPolicy", helm.NAMESPACE, helm.NAME]["spec"]["ingress"]

    assert rule == {"from": [wanted], "ports": [{"port": "metrics"}]}


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
def test_a_wrong_value_is_refused(ready_helm: Helm, value: str) -> None:
    with pytest.raises(HelmError, match="values don't meet the specifications of the schema"):
        ready_helm.render("--set", value)


@pytest.mark.parametrize(
    "value",
    ["crds.keep", "networkPolicy.apiServerPorts", "networkPolicy.enabled", "image.pullPolicy", "resources"],
)
def test_null_is_refused_because_nobody_says_what_it_stands_for(ready_helm: Helm, value: str) -> None:
    missing = value.rpartition(".")[2]
    with pytest.raises(HelmError, match=f"missing propert.*{missing}|{missing} is required"):
        ready_helm.render("--set", f"{value}=null")


def test_the_crd_is_protected_by_all_that_is_not_false(ready_helm: Helm) -> None:
    made = by_key(ready_helm.render("--set", "crds.keep=null", "--skip-schema-validation"))
    crd = made["CustomResourceDefinition", "", "formations.formations.dev"]
    assert crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_nothing_is_scraped_of_an_operator_without_metrics(ready_helm: Helm) -> None:
    with pytest.raises(HelmError, match=r"flags\.metrics is empty"):
        ready_helm.render("--set", "flags.metrics=,monitoring.appAlerts.enabled=true")


def test_the_objects_of_helm_test_are_in_a_namespace_that_is_named_like_a_number(ready_helm: Helm) -> None:
    shown = ready_helm.template("--show-only=templates/tests/smoke.yaml", "--set-string", "namespaces={123}")
    assert {item["metadata"]["namespace"] for item in shown} == {helm.NAMESPACE, "123"}


def test_another_chart_may_depend_on_it_or_not(ready_helm: Helm, tmp_path: pathlib.Path) -> None:
    shutil.copytree(CHART, tmp_path / "charts" / "formation-operator")
    needs = {"name": "formation-operator", "version": "*", "condition": "formation-operator.enabled"}
    about = {"apiVersion": "v2", "name": "platform", "version": "1.0.0", "dependencies": [needs]}
    (tmp_path / "Chart.yaml").write_text(json.dumps(about))

    def made(enabled: str) -> list[dict[str, Any]]:
        return ready_helm.render("--set", f"formation-operator.enabled={enabled}", chart=tmp_path)

    assert by_key(made("true")) == by_key(ready_helm.render())
    assert made("false") == []


def test_a_chart_that_has_lost_its_links_says_so(ready_helm: Helm, tmp_path: pathlib.Path) -> None:
    shutil.copytree(CHART, tmp_path / "chart", symlinks=True)
    for link in (tmp_path / "chart" / "files").iterdir():
        if link.is_symlink():
            link.unlink()
    with pytest.raises(HelmError, match="files/ leads nowhere"):
        ready_helm.render(chart=tmp_path / "chart")


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
    ready_helm: Helm, tmp_path: pathlib.Path, flags: tuple[str, ...], namespace: str, made: bool
) -> None:
    _, _, shown = notes(ready_helm, tmp_path, *flags).partition("Your first Formation:\n\n")
    apply = f"kubectl -n {namespace} apply -f - <<'END'\n"
    before, _, rest = shown.partition(apply)
    formation, _, after = rest.partition("\nEND\n")

    assert before == (f"kubectl create namespace {namespace}\n" if made else "")
    assert [*kustomization.parse(formation)] == load(CHART / "files" / "hello.yaml")
    assert after.strip() == f"kubectl -n {namespace} get formation hello --watch"


def test_an_archive_of_the_chart_is_valid_and_makes_the_same(
    ready_helm: Helm, tmp_path: pathlib.Path
) -> None:
    archive = tmp_path / "formation-operator-0.1.0.tgz"
    shutil.copytree(CHART, tmp_path / "chart")  # as in a release: a link becomes what it leads to
    archives.tgz(archive, tmp_path / "chart", 0, "formation-operator/")

    assert "0 chart(s) failed" in ready_helm("lint", "--strict", str(archive))
    assert by_key(ready_helm.render(chart=archive)) == by_key(ready_helm.render())
