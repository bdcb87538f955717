"""What `kubectl apply -k manifests/` installs: least privilege, a restricted Pod, names that agree."""

import pathlib
from typing import Any

import pytest
import yaml

import formation_operator
from formation_operator.api import naming
from formation_operator.kube.objects.kinds import BY_NAME
from hack.cluster import paths
from hack.images import operator_image, system_image
from hack.kustomization import built, load
from tests.shared.builders import a_formation, a_process
from tests.unit.facts import intents, parsed

MANIFESTS = pathlib.Path(__file__).resolve().parents[3] / "manifests"
LEASE = "formation-operator-lease"
NAMESPACE = "formation-system"
NAME = "formation-operator"
METRICS = "formation-operator-metrics"
LEASES = ("coordination.k8s.io", "leases")

SEEN = {"list", "watch"}
READ = SEEN | {"get"}
CHILDREN = READ | {"create", "patch", "delete"}
# Every verb of the operator in the whole cluster. A new one needs a reason, here and in its manifest.
CLUSTER_VERBS = {
    ("formations.dev", "formations"): READ | {"patch"},
    ("formations.dev", "formations/status"): {"patch"},
    ("apps", "deployments"): CHILDREN,
    ("", "services"): CHILDREN,
    ("policy", "poddisruptionbudgets"): CHILDREN,
    ("apps", "controllerrevisions"): CHILDREN - {"watch"},
    ("batch", "cronjobs"): CHILDREN,
    ("batch", "jobs"): CHILDREN,
    ("", "pods"): SEEN,
    ("autoscaling", "horizontalpodautoscalers"): CHILDREN,
    ("keda.sh", "scaledobjects"): SEEN,
    ("apps", "replicasets"): {"list"},
    ("events.k8s.io", "events"): {"list", "create", "patch"},
}


INSTALLED = built(MANIFESTS)


def only(kind: str, name: str = NAME) -> dict[str, Any]:
    found = [item for item in INSTALLED if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1
    return found[0]


def verbs(role: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    granted: dict[tuple[str, str], set[str]] = {}
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                granted.setdefault((group, resource), set()).update(rule["verbs"])
    return granted


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = only("Deployment")["spec"]["template"]["spec"]
    return spec


def container() -> dict[str, Any]:
    containers: list[dict[str, Any]] = pod()["containers"]
    assert len(containers) == 1
    return containers[0]


def test_in_the_cluster_the_operator_has_the_verbs_listed_here_and_no_others() -> None:
    assert verbs(only("ClusterRole")) == CLUSTER_VERBS


def test_the_operator_knows_no_kind_but_those_that_its_roles_name_and_so_reads_no_secret() -> None:
    granted = {key for key in CLUSTER_VERBS if "/" not in key[1]}
    assert {(kind.group, kind.plural) for kind in BY_NAME.values()} == granted | {LEASES}
    assert ("", "secrets") not in granted


@pytest.mark.parametrize("role", [item for item in INSTALLED if item["kind"].endswith("Role")])
def test_no_role_has_a_wildcard(role: dict[str, Any]) -> None:
    assert "*" not in yaml.safe_dump(role["rules"])


def test_the_role_of_the_operator_is_bound_to_its_account_and_there_is_no_other() -> None:
    binding = only("ClusterRoleBinding")
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME}
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    assert (binding["roleRef"], binding["subjects"]) == (role, [account])
    assert [item["metadata"]["name"] for item in INSTALLED if item["kind"] == "Role"] == [LEASE]


def test_in_its_own_namespace_the_operator_may_hold_its_one_lease_and_nothing_else() -> None:
    role, binding = only("Role", LEASE), only("RoleBinding", LEASE)
    assert {item["metadata"]["namespace"] for item in (role, binding)} == {NAMESPACE}
    (lease,) = role["rules"]
    assert (lease["apiGroups"], lease["resources"]) == (["coordination.k8s.io"], ["leases"])
    assert lease["resourceNames"] == [naming.FIELD_MANAGER]
    assert lease["verbs"] == ["get", "create", "patch"]
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == ("Role", LEASE)
    assert binding["subjects"] == only("ClusterRoleBinding")["subjects"]


ALL = CHILDREN | {"update", "deletecollection"}


@pytest.mark.parametrize(
    ("name", "roles", "granted", "scale"),
    [
        ("formation-view", {"view", "edit", "admin"}, READ, {"get"}),
        ("formation-edit", {"edit", "admin"}, ALL, {"get", "update", "patch"}),
    ],
)
def test_users_may_do_what_their_role_lets_them_do_and_none_may_write_a_status(
    name: str, roles: set[str], granted: set[str], scale: set[str]
) -> None:
    role = only("ClusterRole", name)
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    labels = {key for key in role["metadata"]["labels"] if key.startswith(prefix)}
    assert labels == {prefix + target for target in roles}
    parts = {part: verbs(role)[naming.GROUP, naming.PLURAL + part] for part in ("", "/scale", "/status")}
    assert parts == {"": granted, "/scale": scale, "/status": {"get"}}


def test_the_operator_meets_the_restricted_pod_security_standard() -> None:
    security = pod()["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "volumes"} & set(pod())


def test_the_operator_runs_as_the_user_of_its_image() -> None:
    dockerfile = (MANIFESTS.parent / "Dockerfile").read_text()
    security = pod()["securityContext"]
    assert f"\nUSER {security['runAsUser']}:{security['runAsGroup']}\n" in dockerfile


def test_the_image_is_this_version_and_the_one_that_the_tests_build() -> None:
    (image,) = load(paths.ROOT / operator_image.NAMED_IN)[0]["images"]
    assert image["name"] == container()["image"]
    assert image["newTag"] == formation_operator.__version__
    assert f"{image['newName']}:{image['newTag']}" == operator_image.reference()


@pytest.mark.parametrize("folder", ["", "namespaced"])
def test_whatever_is_installed_has_the_image_from_the_one_place_that_names_it(folder: str) -> None:
    (kustomization,) = load(MANIFESTS / folder / "kustomization.yaml")
    (component,) = kustomization["components"]
    assert (MANIFESTS / folder / component).resolve() == (paths.ROOT / operator_image.NAMED_IN).parent
    assert "images" not in kustomization


def test_no_image_is_named_that_somebody_else_may_publish() -> None:
    assert operator_image.reference().partition("/")[0].endswith(".invalid")


def test_the_service_and_the_monitor_lead_to_the_port_of_the_metrics() -> None:
    service = only("Service", METRICS)
    (port,) = service["spec"]["ports"]
    ports = {each["name"]: each["containerPort"] for each in container()["ports"]}
    assert (port["name"], ports[port["targetPort"]]) == ("metrics", port["port"])
    assert [each["port"] for each in monitor()["spec"]["endpoints"]] == ["metrics"]


def monitor() -> dict[str, Any]:
    (found,) = [each for each in built(MANIFESTS / "monitoring") if each["kind"] == "ServiceMonitor"]
    return found


NAMESAKE = a_formation(NAME, processes={"web": a_process(port=8080)})
NAMESAKES = [each.manifest for each in intents(parsed(NAMESAKE))]
PODS = [each["spec"]["template"]["metadata"]["labels"] for each in (only("Deployment"), NAMESAKES[0])]
SERVICES = [each["metadata"]["labels"] for each in (only("Service", METRICS), NAMESAKES[1])]
SELECTORS: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "the budget": (only("PodDisruptionBudget")["spec"]["selector"]["matchLabels"], *PODS),
    "the policy": (only("NetworkPolicy")["spec"]["podSelector"]["matchLabels"], *PODS),
    "the spread": (pod()["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"], *PODS),
    "the Service": (only("Service", METRICS)["spec"]["selector"], *PODS),
    "the monitor": (monitor()["spec"]["selector"]["matchLabels"], *SERVICES),
}


@pytest.mark.parametrize(("selector", "ours", "theirs"), SELECTORS.values(), ids=SELECTORS)
def test_what_is_for_the_operator_selects_nothing_of_a_formation_of_its_name(
    selector: dict[str, str], ours: dict[str, str], theirs: dict[str, str]
) -> None:
    assert selector.items() <= ours.items()
    assert not selector.items() <= theirs.items()
    reserved = {key for key in selector if key.startswith(f"{naming.GROUP}/")}
    assert reserved - theirs.keys(), "labels of other keys are a Formation's own to choose"


def test_no_manifest_is_forgotten_by_its_kustomization() -> None:
    samples = MANIFESTS / "samples"
    for folder in (
        *(MANIFESTS / name for name in ("rbac", "rbac/rights", "operator", "policies", "monitoring")),
        samples,
        samples / "busybox",
        samples / "systems",
    ):
        listed = load(folder / "kustomization.yaml")[0]["resources"]
        present = {file.name for file in folder.glob("*.yaml")} - {"kustomization.yaml"}
        assert {name for name in listed if name.endswith(".yaml")} == present


def test_the_samples_for_flux_and_argo_cd_name_what_is_here() -> None:
    flux = load(MANIFESTS / "gitops" / "flux-operator.yaml")
    folders = [item["spec"]["path"] for item in flux if item["kind"] == "Kustomization"]
    (image,) = flux[-1]["spec"]["images"]
    (argo,) = load(MANIFESTS / "gitops" / "argocd-operator.yaml")
    values = load(MANIFESTS / "chart" / "values.yaml")[0]

    assert folders == ["./crds", "./manifests"]
    assert image["name"] == operator_image.reference().rpartition(":")[0]
    assert argo["spec"]["source"]["path"] == "manifests/chart"
    chosen = argo["spec"]["source"]["helm"]["valuesObject"]
    assert all(set(chosen[name]) <= set(values[name]) for name in chosen)
    assert argo["spec"]["destination"]["namespace"] == NAMESPACE


def test_there_is_a_sample_of_every_system_and_none_needs_a_probe() -> None:
    found = {item["metadata"]["name"]: item["spec"] for item in built(MANIFESTS / "samples" / "systems")}
    assert {name: spec["image"] for name, spec in found.items()} == {
        name: system.image.name for name, system in system_image.SYSTEMS.items()
    }
    declared = {key for spec in found.values() for process in spec["processes"].values() for key in process}
    assert not [key for key in declared if key.endswith("Probe")]
