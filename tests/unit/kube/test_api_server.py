"""What is made of the API server's answers, and what it is sent."""

import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube import api_server, errors, notices
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Object
from formation_operator.kube.session import connection
from tests.shared import builders
from tests.shared.builders import a_formation
from tests.unit.fakes.loopback import answering
from tests.unit.kube.calls import asking


class Answering(api_server.Kube):
    """Answers every request by a function of its verb, path, query and body."""

    def __init__(self, answer: Callable[[str, str, Any, Any], Object]) -> None:
        super().__init__(connection.Connection(client.Configuration()), timeout=1)
        self._answer = answer

    async def _send(self, verb: str, resource: str, *parts: Any) -> bytes:
        query, body, _accept = parts
        return json.dumps(self._answer(verb, resource, query, body)).encode()


KNOWN = {"namespace": "a", "uid": "5e-0f", "resourceVersion": "7"}


def a_list(version: str, *names: str, following: str = "") -> Object:
    items = [{"metadata": {**KNOWN, "name": name}} for name in names]
    metadata = {"resourceVersion": version, "continue": following}
    return {"kind": "FormationList", "metadata": metadata, "items": items or None}


async def test_a_list_of_one_namespace_or_of_all_comes_page_by_page_and_each_is_let_go() -> None:
    def answer(verb: str, path: str, query: Any, _: Any) -> Object:
        assert verb == "list"
        scope = "a" if "/namespaces/a/" in path else "all"
        more = query.get("continue", "")
        return a_list("9", f"{scope}{more}", following="" if more else "-2")

    cluster, kind = Answering(answer), kinds.BY_NAME[naming.KIND]
    for namespace, expected in ((None, ["all", "all-2"]), ("a", ["a", "a-2"])):
        pages, held = list[tuple[str, str]](), list[list[Object]]()
        async for items, version in cluster.pages(kind, namespace):
            assert held == [[]] * len(held), "each page is let go before the next one is read"
            pages.append((items[0]["metadata"]["name"], version))
            held.append(items)
        assert pages == [(name, "9") for name in expected]
    await cluster.close()


async def test_a_list_may_say_that_there_are_none_by_null() -> None:
    cluster = Answering(lambda *_: a_list("9"))
    names = kinds.BY_NAME[naming.KIND]._replace(metadata_only=True)
    assert [[*page] async for page in cluster.select(kinds.CONTROLLER_REVISION, "a")] == [[]]
    assert [[*page] async for page, _ in cluster.pages(names, "a")] == [[]]
    await cluster.close()


async def test_the_schema_of_a_kind_is_found_among_those_of_its_version() -> None:
    identity = {"group": "formations.dev", "version": "v1", "kind": "Formation"}
    formation = {"x-kubernetes-group-version-kind": [identity]}
    schemas = {"dev.formations.v1.FormationList": {}, "dev.formations.v1.Formation": formation}
    answers = {"/openapi/v3/apis/formations.dev/v1": {"components": {"schemas": schemas}}}
    cluster = Answering(lambda _, path, *__: answers[path])
    assert await cluster.schema(naming.KIND) == formation
    await cluster.close()


PLACE = "/apis/apps/v1/namespaces/default/deployments/shop-web"
MANIFEST: Object = {"kind": "Deployment", "metadata": {"name": "shop-web", "namespace": "default"}}
UNMET = {**MANIFEST, "metadata": {**MANIFEST["metadata"], "resourceVersion": "1"}}
CURRENT = {"uid": "its uid", "resourceVersion": "7"}
WRITES: dict[str, tuple[Callable[[api_server.Kube], Awaitable[object]], tuple[str, str, Object]]] = {
    "an object is created by one request that meets no other": (
        lambda cluster: cluster.create(MANIFEST, manager="us"),
        ("apply", PLACE, UNMET),
    ),
    "a deletion is of one object at one version": (
        lambda cluster: cluster.delete("Deployment", "default", "shop-web", "its uid", "7"),
        ("delete", PLACE, {"preconditions": CURRENT, "propagationPolicy": "Background"}),
    ),
    "it may wait for what the object owns": (
        lambda cluster: cluster.delete("Deployment", "default", "shop-web", "its uid", "7", foreground=True),
        ("delete", PLACE, {"preconditions": CURRENT, "propagationPolicy": "Foreground"}),
    ),
}


@pytest.mark.parametrize(("write", "sent"), WRITES.values(), ids=WRITES)
async def test_what_is_sent(
    write: Callable[[api_server.Kube], Awaitable[object]], sent: tuple[str, str, Object]
) -> None:
    asked: list[tuple[str, str, Object]] = []

    def answer(verb: str, path: str, _: Any, body: Any) -> Object:
        asked.append((verb, path, body))
        return {}

    cluster = Answering(answer)
    await write(cluster)
    await cluster.close()
    assert asked == [sent]


class Events(Answering):
    """Keeps the Events that were posted, by name, with how often each was seen."""

    def __init__(self) -> None:
        super().__init__(self._keep)
        self.counts: dict[str, int] = {}

    def _keep(self, verb: str, path: str, _: Any, body: Any) -> Object:
        if verb == "create":
            self.counts[body["metadata"]["name"]] = body.get("series", {"count": 1})["count"]
        elif (name := path.rpartition("/")[2]) in self.counts:
            self.counts[name] = body[0]["value"]["count"]
        else:
            raise errors.NotFoundError(name)
        return {}


async def test_an_event_that_somebody_deleted_is_posted_anew_the_next_time() -> None:
    cluster, formation = Events(), builders.stored(a_formation())
    for times, expected in ((3, 3), (2, 5)):
        for _ in range(times):
            await cluster.notify(formation, Notice("Scaled", "Scale", "to 3"))
        assert [*cluster.counts.values()] == [expected]
        cluster.counts.clear()
    await cluster.close()


async def test_events_of_one_namespace_make_none_of_another_forgotten() -> None:
    cluster, formation = Events(), builders.stored(a_formation())
    await cluster.notify(formation, Notice("Scaled", "Scale", "to 3"))
    noisy = builders.stored(a_formation(), namespace="noisy")
    for number in range(notices.REMEMBERED + 1):
        await cluster.notify(noisy, Notice("Scaled", "Scale", f"to {number}"))
    cluster.counts = dict.fromkeys(list(cluster.counts)[:1], 1)
    await cluster.notify(formation, Notice("Scaled", "Scale", "to 3"))
    assert [*cluster.counts.values()] == [2]
    await cluster.close()


# What an answer means for whoever asked

TERMINATING = "x is forbidden: unable to create new content in namespace shop because it is being terminated"
UNTYPED = "failed to create typed patch object (shop/shop; formations.dev/v1, Kind=Formation)"
UNDECLARED = f"{UNTYPED}: .status.processes.web.lastExit: field not declared in schema"
OUTGROWN = "failed to create typed live object (shop/shop): .spec.processes: expected map, got &{[]}"
MEANINGS = {
    "a right that is missing": (403, "deployments.apps is forbidden: User may not", errors.ForbiddenError),
    "a full quota": (403, "x is forbidden: exceeded quota: q", errors.UnavailableError),
    "a quota that is new": (403, "x is forbidden: status unknown for quota: q", errors.UnavailableError),
    "a namespace that goes": (403, TERMINATING, errors.UnavailableError),
    "a field that is wrong": (422, "spec: exceeded quota", errors.InvalidError),
    "a conflict": (409, "the object has been modified", errors.ConflictError),
    "a field that the schema lacks": (500, UNDECLARED, errors.InvalidError),
    "an item that is there twice": (500, f"{UNTYPED}: .spec.ports: duplicate entries", errors.InvalidError),
    "what was stored under another schema": (500, OUTGROWN, errors.InvalidError),
    "an error of the server's own": (500, "etcdserver: request timed out", errors.UnavailableError),
    "overload": (429, "too many requests", errors.UnavailableError),
}


@pytest.mark.parametrize(("code", "message", "kind"), MEANINGS.values(), ids=MEANINGS)
def test_an_error_is_what_the_caller_can_do_about_it(code: int, message: str, kind: type) -> None:
    error = errors.error_of(code, json.dumps({"message": message}).encode())
    assert type(error) is kind
    assert str(error) == message


@pytest.mark.parametrize("text", [b"<html>Not Found</html>", b'{"message": "no"}', b"", b"404"])
def test_only_the_api_server_is_believed_that_a_kind_is_not_installed(text: bytes) -> None:
    assert isinstance(errors.error_of(404, text), errors.UnavailableError)
    assert isinstance(errors.error_of(404, b"404 page not found\n"), errors.NotFoundError)


async def test_watches_end_at_different_moments_after_five_to_ten_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(int(request.query["timeoutSeconds"]))
        return web.Response()

    chances = iter([0.0, 0.5, 0.999])
    monkeypatch.setattr(random, "uniform", lambda low, high: low + (high - low) * next(chances))
    async with answering(answer) as url, asking(url) as cluster:
        for _ in range(3):
            async with cluster.watch(kinds.BY_NAME[kinds.POD], None, 5):
                pass
    assert asked == [300, 450, 600]
