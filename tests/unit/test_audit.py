"""What the operator called is compared with what it may call: a right too few is found, and one too many."""

import json

import pytest

from tests.audit import __main__ as audit
from tests.audit import calls, comparison, grants
from tests.audit.calls import Call, Record

LEASES = {
    "metadata": {"name": "lease", "namespace": "formation-system"},
    "rules": [
        {
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "resourceNames": ["formation-operator"],
            "verbs": ["get", "patch"],
        }
    ],
}
EVERYWHERE = {
    "metadata": {"name": "everywhere"},
    "rules": [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
        {"nonResourceURLs": ["/apis", "/apis/*"], "verbs": ["get"]},
    ],
}
GRANTS = grants.of([LEASES, EVERYWHERE])
PODS = Call("list", "", "pods", "t-1")
LEASE = Call("get", "coordination.k8s.io", "leases", "formation-system", "formation-operator")


@pytest.mark.parametrize("code", [200, 403])
def test_what_is_granted_is_not_missing_even_where_a_test_took_the_right_away(code: int) -> None:
    made = (
        PODS,
        Call("watch", "", "pods"),
        LEASE,
        Call("get", path="/apis"),
        Call("get", path="/apis/apps/v1"),
    )
    assert comparison.missing([Record(call, code, "") for call in made], GRANTS) == []


@pytest.mark.parametrize(
    "call",
    [
        PODS._replace(verb="get"),
        PODS._replace(group="metrics.k8s.io"),
        PODS._replace(resource="pods/log"),
        LEASE._replace(namespace="t-1"),
        LEASE._replace(name=""),
        Call("get", path="/apisother"),
    ],
    ids=str,
)
def test_what_is_not_granted_is_missing_even_if_it_was_answered(call: Call) -> None:
    assert comparison.missing([Record(PODS, 200, ""), Record(call, 200, "")], GRANTS) == [call]


def test_server_side_apply_needs_the_right_to_create_where_it_creates() -> None:
    event = {
        "verb": "patch",
        "requestReceivedTimestamp": "2026-01-01T00:00:00Z",
        "responseStatus": {"code": 201},
        "objectRef": {"resource": "services", "namespace": "t-1", "name": "shop-web"},
    }
    assert [record.call.verb for record in calls.read([json.dumps(event)])] == ["patch", "create"]


def test_what_is_never_called_is_spare_unless_there_is_a_reason_to_keep_it() -> None:
    called = [Record(PODS, 200, ""), Record(LEASE, 200, "")]
    patch, watch, *paths = comparison.spare(called, GRANTS, {})
    assert [str(each) for each in (patch, watch)] == [
        "lease: patch leases.coordination.k8s.io",
        "everywhere: watch pods",
    ]
    assert comparison.spare(
        called, GRANTS, {comparison.right(each): "a reason" for each in (watch, *paths)}
    ) == [patch]


def test_the_roles_that_are_compared_are_all_that_the_operator_has() -> None:
    assert {each["metadata"]["name"] for each in audit.roles()} == audit.OPERATOR
    assert audit.KEPT.keys() <= {comparison.right(grant) for grant in grants.of(audit.roles())}
