"""What the operator called is compared with what it may call: a right too few is found, and one too many."""

import json
from typing import Any

import pytest

from hack.audit import __main__ as audit
from hack.audit import calls, comparison, grants
from hack.audit.calls import Call, Record


def a_rule(group: str, resource: str, *verbs: str, **more: list[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": [resource], "verbs": [*verbs], **more}


OF_A_LEASE = a_rule("coordination.k8s.io", "leases", "get", "patch", resourceNames=["formation-operator"])
LEASES = {"metadata": {"name": "lease", "namespace": "formation-system"}, "rules": [OF_A_LEASE]}
EVERYWHERE = {
    "metadata": {"name": "everywhere"},
    "rules": [a_rule("", "pods", "list", "watch"), a_rule("formations.dev", "formations/status", "patch")],
}
GRANTS = grants.of([LEASES, EVERYWHERE])
PODS = Call("list", "", "pods", "t-1")
LEASE = Call("get", "coordination.k8s.io", "leases", "formation-system", "formation-operator")


def event(verb: str, code: int, message: str, **about: str) -> str:
    """Return a line as the API server writes it."""
    when = {"requestReceivedTimestamp": "2026-01-01T00:00:00Z"}
    status = {"code": code, "message": message}
    return json.dumps({"verb": verb, "responseStatus": status, "objectRef": about, **when})


def called(*lines: str) -> list[Call]:
    return [record.call for record in calls.read(lines)]


def records(*made: Call, code: int = 200) -> list[Record]:
    return [Record(call, code, "") for call in made]


@pytest.mark.parametrize(
    ("code", "message", "verbs"),
    [
        (200, "", ["patch"]),
        (201, "", ["patch", "create"]),
        (403, 'services is forbidden: User "op" cannot create resource "services"', ["patch", "create"]),
        (403, 'services "shop-web" is forbidden: exceeded quota: none', ["patch"]),
    ],
)
def test_server_side_apply_needs_the_right_to_create_where_it_creates(
    code: int, message: str, verbs: list[str]
) -> None:
    made = called(event("patch", code, message, resource="services", namespace="t-1", name="shop-web"))
    assert [call.verb for call in made] == verbs
    assert {call.resource for call in made} == {"services"}


@pytest.mark.parametrize(
    "call",
    [
        PODS._replace(verb="get"),
        PODS._replace(group="metrics.k8s.io"),
        PODS._replace(resource="pods/log"),
        LEASE._replace(namespace="t-1"),
        LEASE._replace(name=""),
        LEASE._replace(verb="delete"),
        Call("patch", "formations.dev", "formations", "t-1"),
    ],
    ids=str,
)
def test_what_is_not_granted_is_missing_even_if_it_was_answered(call: Call) -> None:
    assert comparison.missing(records(PODS, call), GRANTS) == [call]


def test_a_granted_call_that_was_refused_is_not_missing_since_a_test_took_the_right_away() -> None:
    refused = records(PODS, code=403)
    assert comparison.missing(refused, GRANTS) == []
    assert comparison.forbidden(refused) == refused
    assert comparison.forbidden(records(PODS)) == []


def test_what_is_never_called_is_spare() -> None:
    assert [str(grant) for grant in comparison.spare(records(PODS, LEASE), GRANTS)] == [
        "lease: patch leases.coordination.k8s.io",
        "everywhere: watch pods",
        "everywhere: patch formations/status.formations.dev",
    ]


def test_the_roles_that_are_compared_are_all_that_the_operator_has() -> None:
    shipped = audit.roles()
    assert {(each["kind"], each["metadata"]["name"]) for each in shipped} == {
        ("ClusterRole", "formation-operator"),
        ("Role", "formation-operator-lease"),
    }
