"""Nothing is written when nothing changes: counted at the API server. One minute serves all tests."""

import json
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from formation_operator.foreground import check
from tests.builders import a_formation, a_process
from tests.client import Client, eventually
from tests.cluster import processes, record
from tests.cluster.cluster import Cluster
from tests.contract.counting import count, declared, managed_by
from tests.contract.keda import SCALED_OBJECT, install_keda, keda_scales
from tests.contract.quiet import HELD, Writes, held, looks, more, settle, versions, writes
from tests.namespaces import mutating
from tests.operator_process import OperatorProcess
from tests.scenarios import Played, Scenarios, Steps

pytestmark = pytest.mark.alone

QUIET_SECONDS = 60.0
MINUTE: list[tuple[Writes, Writes]] = []
"""What had been written before and after, once without and once with a restart in between."""
quiet = Scenarios()

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
            minReadySeconds=0,
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


# First, while nothing of the others is there.


@pytest.fixture
def only_the_api_server(daemons: record.Record) -> Iterator[Callable[[], None]]:
    """Stop Kubernetes' own controllers when called, so that all the writes are ours and the user's."""
    controllers = daemons.daemon("kube-controller-manager")
    yield lambda: processes.send(controllers, signal.SIGSTOP)
    processes.send(controllers, signal.SIGCONT)


def test_a_new_formation_and_a_change_of_a_count_cost_one_write_of_each_object_and_no_look(
    user: Client, only_the_api_server: Callable[[], None]
) -> None:
    user.apply(a_formation(podTemplate=HELD))
    held(user, "shop")
    settle(user)
    only_the_api_server()
    before, seen = writes(user), looks(user)

    user.merge("formation", "shop", {"spec": {"processes": {"worker": {"replicas": 3}}}})
    user.apply(a_formation("new", processes={"web": a_process(replicas=1, port=80), "worker": a_process()}))
    user.reported()
    user.reported("new")
    settle(user)

    assert more(before, writes(user)) == {
        ("PATCH", "formations", ""): 1,  # the user's own
        ("POST", "formations", ""): 1,  # and this one
        ("APPLY", "deployments", ""): 1 + 2,
        ("APPLY", "services", ""): 1,
        ("APPLY", "controllerrevisions", ""): 1,  # the new one's first
        ("PATCH", "formations", "status"): 1 + 1,
    }
    assert more(seen, looks(user)) == {}


@pytest.fixture(scope="module")
def played(operator: OperatorProcess, installed: Cluster) -> Iterator[Played]:
    """All of it, to ten seconds after a restart; the figures are what the API server answered in between."""
    with quiet.on(installed) as scenarios:
        users = tuple(scenarios.users.values())
        scenarios.advance()
        settle(*users)
        scenarios.advance()
        before = writes(users[0])
        time.sleep(QUIET_SECONDS)
        scenarios.advance()
        MINUTE.append((before, writes(users[0])))
        operator.restart()
        time.sleep(10)
        MINUTE.append((before, writes(users[0])))
        yield scenarios


def test_nothing_at_all_is_written_for_a_minute_and_over_a_restart(played: Played) -> None:
    (before, after_a_minute), (_, after_a_restart) = MINUTE
    assert after_a_minute == before
    assert after_a_restart == before


@quiet
def test_odd_values_settle_and_stay_quiet_for_a_minute_and_over_a_restart(user: Client) -> Steps:
    user.apply(ODD_VALUES)
    held(user, "odd")
    yield
    objects = versions(user, "odd")
    yield
    assert versions(user, "odd") == objects
    yield
    assert versions(user, "odd") == objects
    assert not user.events("DriftRepaired")


@quiet
def test_a_warning_is_given_once_and_causes_no_write_and_no_other_over_a_restart(user: Client) -> Steps:
    user.apply(a_formation(podTemplate=HELD, processes={"p0": a_process("nginx")}))
    held(user, "shop")
    yield
    before = versions(user, "shop")
    yield
    yield
    assert versions(user, "shop") == before
    assert user.events("CommandLeavesForeground") == [f"p0: {check.finding(['nginx'])}"]


@quiet
def test_when_keda_is_taken_away_declared_counts_apply_and_the_operator_runs_on(user: Client) -> Steps:
    install_keda(user.cluster)
    user.apply(a_formation(podTemplate=HELD, processes={"worker": a_process(replicas=4)}))
    user.reported()
    user.apply(SCALED_OBJECT)
    eventually(lambda: managed_by(user) == "ScaledObject/jobs")
    keda_scales(user, 7)
    user("delete", "crd", "scaledobjects.keda.sh")
    eventually(lambda: count(user) == 4)
    user("scale", "deployment/shop-worker", "--replicas=5")
    eventually(lambda: declared(user) == 5)
    held(user, "shop")
    process = OperatorProcess(user.cluster).pid
    assert process
    yield
    yield
    # Some time later the API server ends the watches of a kind that has gone.
    assert OperatorProcess(user.cluster).pid == process
    yield


POLICY = """
apiVersion: SERVED
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
apiVersion: SERVED
kind: MutatingAdmissionPolicyBinding
metadata: {name: NAMESPACE-POLICY}
spec: {policyName: NAMESPACE-POLICY}
"""


def install(user: Client, condition: str, expression: str) -> None:
    """Make a policy, and wait until it is in effect, which it is a moment after it is stored."""
    policy = POLICY.replace("NAMESPACE-POLICY", f"{user.namespace}-policy").replace(
        "NAMESPACE", user.namespace
    )
    policy = policy.replace("CONDITION", condition).replace("EXPRESSION", expression)
    policy = policy.replace("SERVED", mutating(user.cluster))
    user("apply", "-f", "-", input=policy)
    probe = ("create", "deployment", "probe", "--image=probe:v1", "--dry-run=server", "-o", "json")

    def rewritten() -> bool:
        pod = json.loads(user(*probe).stdout)["spec"]["template"]["spec"]
        return [item["image"] for item in pod["containers"]] != ["probe:v1"]

    eventually(rewritten)


def remove(user: Client) -> None:
    """Remove the policy that a test made, so that it concerns nobody else."""
    for kind in ("mutatingadmissionpolicybinding", "mutatingadmissionpolicy"):
        user("delete", kind, f"{user.namespace}-policy", "--ignore-not-found")


@quiet
def test_a_sidecar_that_a_policy_injects_stays_and_causes_no_write(user: Client) -> Steps:
    install(
        user,
        "!object.spec.template.spec.containers.exists(c, c.name == 'mesh')",
        '[JSONPatch{op: "add", path: "/spec/template/spec/containers/-", '
        'value: Object.spec.template.spec.containers{name: "mesh", image: "mesh:v1"}}]',
    )
    user.apply(a_formation(podTemplate=HELD))
    held(user, "shop")
    yield
    before = versions(user, "shop")
    yield
    assert versions(user, "shop") == before
    yield
    remove(user)
    containers = user.get("deployment", "shop-worker")["spec"]["template"]["spec"]["containers"]
    assert [container["name"] for container in containers] == ["worker", "mesh"]


@quiet
def test_a_policy_that_rewrites_our_image_starts_no_loop_and_a_condition_says_so(user: Client) -> Steps:
    install(
        user,
        "!object.spec.template.spec.containers[0].image.startsWith('mirror.')",
        '[JSONPatch{op: "replace", path: "/spec/template/spec/containers/0/image", '
        'value: "mirror." + object.spec.template.spec.containers[0].image}]',
    )
    user.apply(a_formation(podTemplate=HELD))
    held(user, "shop")
    yield
    before = versions(user, "shop")
    yield
    assert versions(user, "shop") == before
    yield
    remove(user)
    overridden = user.condition("Overridden")
    assert overridden is not None
    assert "mirror.registry.example.com/shop:v1" in overridden["message"]
