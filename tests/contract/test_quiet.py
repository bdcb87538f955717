"""Nothing is written when nothing changes: counted at the API server."""

import json
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.cluster import processes, record
from tests.contract.quiet import HELD, held, settle, versions, writes
from tests.operator_process import OperatorProcess

QUIET_SECONDS = 60.0

ODD_VALUES = a_formation(
    "odd",
    labels={"empty": ""},
    annotations={"note": ""},
    env=[{"name": "EMPTY", "value": ""}, {"name": "UNSET"}],
    envFrom=[],
    podTemplate=HELD,
    processes={
        "web": a_process(
            "/shop",
            "web",
            replicas=2,
            port=8080,
            args=[],
            resources={"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": {"cpu": "2.0"}},
            rollingUpdate={"maxSurge": "25%", "maxUnavailable": 1},
        ),
        "worker": a_process(
            replicas=0,
            resources={"limits": {"cpu": "0.5", "memory": "1e9"}, "requests": {}},
            podTemplate={
                "metadata": {"annotations": {}},
                "spec": {
                    "nodeSelector": {},
                    "tolerations": [],
                    "volumes": [{"name": "scratch", "emptyDir": {}}],
                    "containers": [
                        {"name": "process", "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]}
                    ],
                },
            },
        ),
    },
)


def test_odd_values_settle_and_stay_quiet_for_a_minute_and_over_a_restart(
    user: Client, operator: OperatorProcess
) -> None:
    user.apply(ODD_VALUES)
    held(user, "odd")
    settle(user, "odd")
    before, objects = writes(user), versions(user, "odd")

    time.sleep(QUIET_SECONDS)
    assert writes(user) == before
    operator.restart()
    time.sleep(10)

    assert writes(user) == before
    assert versions(user, "odd") == objects
    assert not user.events("DriftRepaired")


@pytest.fixture
def only_the_api_server(operator: OperatorProcess) -> Iterator[Callable[[], None]]:
    """Stop Kubernetes' own controllers when called, so that all the writes are ours and the user's."""
    known = record.load()
    assert known is not None
    controllers = known.daemon("kube-controller-manager")
    yield lambda: processes.send(controllers, signal.SIGSTOP)
    processes.send(controllers, signal.SIGCONT)


def test_where_pods_do_not_run_one_change_of_a_count_costs_one_deployment_write_and_one_status_write(
    user: Client, only_the_api_server: Callable[[], None]
) -> None:
    user.apply(a_formation(podTemplate=HELD))
    held(user, "shop")
    settle(user, "shop")
    only_the_api_server()
    before = writes(user)

    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 3}}}})
    settle(user, "shop")

    after = writes(user)
    assert {key: after[key] - before.get(key, 0) for key in after if after[key] != before.get(key, 0)} == {
        ("PATCH", "formations", ""): 1,  # the user's own
        ("APPLY", "deployments", ""): 1,
        ("APPLY", "formations", "status"): 1,
    }


POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: NAMESPACE-POLICY}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  matchConditions: [{name: once, expression: "CONDITION"}]
  failurePolicy: Fail
  reinvocationPolicy: Never
  mutations:
  - patchType: JSONPatch
    jsonPatch: {expression: 'EXPRESSION'}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: NAMESPACE-POLICY}
spec: {policyName: NAMESPACE-POLICY}
"""


@pytest.fixture
def policies(kubectl: Client) -> Iterator[None]:
    """Remove the policies that a test made, so that they concern nobody else."""
    yield
    for kind in ("mutatingadmissionpolicybinding", "mutatingadmissionpolicy"):
        kubectl("delete", kind, f"{kubectl.namespace}-policy", "--ignore-not-found")


def install(user: Client, condition: str, expression: str) -> None:
    """Make a policy, and wait until it is in effect, which it is a moment after it is stored."""
    policy = POLICY.replace("NAMESPACE-POLICY", f"{user.namespace}-policy").replace(
        "NAMESPACE", user.namespace
    )
    policy = policy.replace("CONDITION", condition).replace("EXPRESSION", expression)
    user("apply", "-f", "-", input=policy)
    probe = ("create", "deployment", "probe", "--image=probe:v1", "--dry-run=server", "-o", "json")

    def rewritten() -> bool:
        pod = json.loads(user(*probe).stdout)["spec"]["template"]["spec"]
        return [item["image"] for item in pod["containers"]] != ["probe:v1"]

    eventually(rewritten)


def test_a_sidecar_that_a_policy_injects_stays_and_causes_no_write(user: Client, policies: None) -> None:
    install(
        user,
        "!object.spec.template.spec.containers.exists(c, c.name == 'mesh')",
        '[JSONPatch{op: "add", path: "/spec/template/spec/containers/-", '
        'value: Object.spec.template.spec.containers{name: "mesh", image: "mesh:v1"}}]',
    )
    user.apply(a_formation(podTemplate=HELD))
    held(user, "shop")
    settle(user, "shop")
    before = versions(user, "shop")

    time.sleep(10)

    assert versions(user, "shop") == before
    containers = user.get("deployment", "shop-worker")["spec"]["template"]["spec"]["containers"]
    assert [container["name"] for container in containers] == ["worker", "mesh"]


def test_a_policy_that_rewrites_our_image_starts_no_loop_and_a_condition_says_so(
    user: Client, policies: None
) -> None:
    install(
        user,
        "!object.spec.template.spec.containers[0].image.startsWith('mirror.')",
        '[JSONPatch{op: "replace", path: "/spec/template/spec/containers/0/image", '
        'value: "mirror." + object.spec.template.spec.containers[0].image}]',
    )
    user.apply(a_formation(podTemplate=HELD))
    held(user, "shop")
    settle(user, "shop")
    before = versions(user, "shop")

    time.sleep(10)

    assert versions(user, "shop") == before
    overridden = user.condition("Overridden")
    assert overridden is not None
    assert "mirror.registry.example.com/shop:v1" in overridden["message"]
