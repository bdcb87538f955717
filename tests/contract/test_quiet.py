"""Nothing is written when nothing changes: counted by what the API server has recorded of the operator."""

import json
import time
from collections.abc import Iterator

import pytest

from formation_operator.foreground import check
from hack.cluster.cluster import Cluster
from tests.contract.odd import ODD_VALUES
from tests.contract.policies import in_effect
from tests.contract.quiet import asked, held, versions
from tests.live.client import Client, eventually
from tests.live.namespaces import mutating
from tests.shared.builders import a_formation, a_process

QUIET_SECONDS = 40.0
"""In which the operator looks for KEDA's objects at least once."""
POLICY = """
apiVersion: SERVED
kind: MutatingAdmissionPolicy
metadata: {name: NAME}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  matchConditions:
  - {name: once, expression: "object.metadata.name.startsWith('WHOSE') && CONDITION"}
  failurePolicy: Fail
  reinvocationPolicy: Never
  mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: |
        EXPRESSION
---
apiVersion: SERVED
kind: MutatingAdmissionPolicyBinding
metadata: {name: NAME}
spec: {policyName: NAME}
"""
POLICIES = {
    "meshed": (
        "!object.spec.template.spec.containers.exists(c, c.name == 'mesh')",
        """[JSONPatch{op: "add", path: "/spec/template/spec/containers/-",
        value: Object.spec.template.spec.containers{name: "mesh", image: "mesh:v1"}}]""",
    ),
    "mirrored": (
        "!object.spec.template.spec.containers[0].image.startsWith('mirror.')",
        """[JSONPatch{op: "replace", path: "/spec/template/spec/containers/0/image",
        value: "mirror." + object.spec.template.spec.containers[0].image}]""",
    ),
}
"""By the Formation whose Deployments it changes, when a policy does so, and how."""


def containers(user: Client, name: str) -> list[tuple[str, str]]:
    spec = user.get("deployment", f"{name}-worker")["spec"]["template"]["spec"]
    return [(each["name"], each["image"]) for each in spec["containers"]]


@pytest.fixture
def policies(administrator: Cluster, user: Client) -> Iterator[None]:
    """Policies that change Deployments in this namespace, once they are in effect."""
    made = []
    for whose, (condition, expression) in POLICIES.items():
        policy = POLICY.replace("NAMESPACE", user.namespace).replace("NAME", f"{user.namespace}-{whose}")
        policy = policy.replace("WHOSE", whose).replace("CONDITION", condition)
        made.append(policy.replace("EXPRESSION", expression).replace("SERVED", mutating(administrator)))
    with in_effect(
        administrator, "---".join(made), lambda: all(is_rewritten(user, each) for each in POLICIES)
    ):
        yield


def is_rewritten(user: Client, whose: str) -> bool:
    """Tell whether a policy is in effect, which it is a moment after it is stored."""
    probe = ("create", "deployment", f"{whose}-probe", "--image=probe:v1", "--dry-run=server", "-o", "json")
    pod = json.loads(user(*probe).stdout)["spec"]["template"]["spec"]
    return [item["image"] for item in pod["containers"]] != ["probe:v1"]


def test_odd_values_warnings_and_what_policies_change_settle_and_nothing_at_all_is_written_after_that(
    user: Client, policies: None
) -> None:
    names = ("odd", "daemon", *POLICIES)
    user.apply(ODD_VALUES)
    user.apply(a_formation("daemon", processes={"p0": a_process("nginx")}))
    for each in POLICIES:
        user.apply(a_formation(each))
    held(user, *names)
    time.sleep(2)  # a report is gathered for one
    before, objects = asked(user), versions(user)

    time.sleep(QUIET_SECONDS)

    assert asked(user) == before
    assert versions(user) == objects
    assert not user.events("DriftRepaired")
    eventually(lambda: user.events("CommandLeavesForeground") == [f"p0: {check.finding(['nginx'])}"])
    assert [name for name, _ in containers(user, "meshed")] == ["worker", "mesh"]
    overridden = user.condition("Overridden", "mirrored")
    assert overridden is not None
    assert "mirror.registry.example.com/shop:v1" in overridden["message"]
