"""What is made of the API server's answers."""

import json
from typing import Any

import pytest
from kubernetes.aio import client

from formation_operator import errors, kube, naming
from formation_operator.cluster import Object


class Answering(kube.Kube):
    """Answers every request from a table of paths."""

    def __init__(self, namespaces: tuple[str, ...], answers: dict[str, Object]) -> None:
        super().__init__(client.ApiClient(client.Configuration()), timeout=1, namespaces=namespaces)
        self.answers = answers

    async def _request(self, method: str, resource: str, *_: Any, **__: Any) -> Object:
        return self.answers[resource]


def a_list(version: str, *names: str) -> Object:
    items = [{"metadata": {"name": name}} for name in names]
    return {"metadata": {"resourceVersion": version}, "items": items}


@pytest.mark.parametrize(("first", "second"), [("9", "10"), ("10", "9")])
async def test_lists_of_several_namespaces_are_as_old_as_the_oldest(first: str, second: str) -> None:
    paths = [kube.path(naming.KIND, namespace) for namespace in ("a", "b")]
    cluster = Answering(("a", "b"), dict(zip(paths, (a_list(first, "x"), a_list(second, "y")), strict=True)))
    items, version = await cluster.list_all(naming.KIND)
    await cluster.close()
    assert [item["metadata"]["name"] for item in items] == ["x", "y"]
    assert version == "9"


# What an answer means for whoever asked

TERMINATING = (
    'deployments.apps "shop-web" is forbidden: unable to create new content in namespace shop '
    "because it is being terminated"
)
MEANINGS = {
    "a right that is missing": (403, "deployments.apps is forbidden: User may not", errors.RefusedError),
    "a full quota": (
        403,
        'deployments.apps "shop-web" is forbidden: exceeded quota: q',
        errors.UnavailableError,
    ),
    "a quota that is new": (403, "x is forbidden: status unknown for quota: q", errors.UnavailableError),
    "a namespace that goes": (403, TERMINATING, errors.UnavailableError),
    "a field that is wrong": (422, "spec: exceeded quota", errors.RefusedError),
    "a conflict": (409, "the object has been modified", errors.ConflictError),
    "overload": (429, "too many requests", errors.UnavailableError),
}


@pytest.mark.parametrize(("code", "message", "kind"), MEANINGS.values(), ids=MEANINGS)
def test_an_error_is_what_the_caller_can_do_about_it(code: int, message: str, kind: type) -> None:
    error = kube.error_of(code, json.dumps({"message": message}).encode())
    assert type(error) is kind
    assert str(error) == message


def test_an_answer_without_a_message_is_told_as_it_is() -> None:
    assert str(kube.error_of(502, b"<html>")) == "HTTP 502: b'<html>'"
