"""What is made of the API server's answers."""

import json
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio import client

from formation_operator.api import naming
from formation_operator.kube import api_server, errors, status_codes
from formation_operator.kube.events import recorder
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Object
from formation_operator.kube.session import connection
from tests import builders
from tests.builders import a_formation
from tests.unit.fakes.loopback import answering


class Answering(api_server.Kube):
    """Answers every request from a table of paths."""

    def __init__(self, answers: dict[str, Object]) -> None:
        super().__init__(connection.Connection(client.Configuration()), timeout=1)
        self.answers = answers

    async def _send(self, verb: str, resource: str, *_: Any) -> bytes:
        return json.dumps(self.answers[resource]).encode()


KNOWN = {"namespace": "a", "uid": "5e-0f", "resourceVersion": "7"}


def a_list(version: str, *names: str) -> Object:
    items = [{"metadata": {**KNOWN, "name": name}} for name in names]
    return {"kind": "FormationList", "metadata": {"resourceVersion": version}, "items": items}


@pytest.mark.parametrize("namespace", [None, "a"])
async def test_one_namespace_is_listed_or_all_are(namespace: str | None) -> None:
    lists = {None: a_list("9", "x"), "a": a_list("10", "y")}
    cluster = Answering({api_server.path(naming.KIND, scope): listed for scope, listed in lists.items()})
    [(items, version)] = [
        ([*page], version) async for page, version in cluster.pages(kinds.BY_NAME[naming.KIND], namespace)
    ]
    await cluster.close()
    assert version == lists[namespace]["metadata"]["resourceVersion"]
    assert items == lists[namespace]["items"]


async def test_a_list_of_nothing_but_metadata_may_say_that_there_are_none_by_null() -> None:
    nothing = {"kind": "PartialObjectMetadataList", "metadata": {"resourceVersion": "9"}, "items": None}
    kind = kinds.BY_NAME[kinds.CONTROLLER_REVISION]
    names = kinds.BY_NAME[naming.KIND]._replace(metadata_only=True)
    places = [api_server.path(kind.name, "a"), api_server.path(naming.KIND, "a")]
    cluster = Answering(dict.fromkeys(places, nothing))
    assert [[*page] async for page in cluster.select(kind.name, "a")] == [[]]
    assert [[*page] async for page, _ in cluster.pages(names, "a")] == [[]]
    await cluster.close()


async def test_a_long_list_comes_page_by_page() -> None:
    class Paging(api_server.Kube):
        """Answers with two pages."""

        async def _send(self, verb: str, resource: str, query: Any = None, *_: Any) -> bytes:
            page = a_list("9", "second" if query.get("continue") else "first")
            page["metadata"]["continue"] = "" if query.get("continue") else "more"
            return json.dumps(page).encode()

    cluster = Paging(connection.Connection(client.Configuration()), timeout=1)
    pages = [
        [item["metadata"]["name"] for item in items]
        async for items, _ in cluster.pages(kinds.BY_NAME[naming.KIND])
    ]
    await cluster.close()
    assert pages == [["first"], ["second"]]
    held = [items async for items, _ in cluster.pages(kinds.BY_NAME[naming.KIND])]
    assert held == [[], []], "each page is let go before the next one is read"


async def test_the_schema_of_a_kind_is_found_among_those_of_its_version() -> None:
    formation = {
        "x-kubernetes-group-version-kind": [{"group": "formations.dev", "version": "v1", "kind": "Formation"}]
    }
    schemas = {"dev.formations.v1.FormationList": {}, "dev.formations.v1.Formation": formation}
    answers = {"/openapi/v3/apis/formations.dev/v1": {"components": {"schemas": schemas}}}
    cluster = Answering(answers)
    assert await cluster.schema(naming.KIND) == formation
    await cluster.close()


# Creating


class Creating(api_server.Kube):
    """Answers with what was made, and keeps the version that was sent."""

    sent: str | None = None

    async def _request(self, *parts: Any, **_: Any) -> Object:
        self.sent = parts[3]["metadata"].get("resourceVersion")
        return MADE


MADE = {"kind": "Deployment", "metadata": {**KNOWN, "namespace": "default", "name": "shop-web"}}
MANIFEST = {"kind": "Deployment", "metadata": {"name": "shop-web", "namespace": "default"}}


async def test_an_object_is_created_by_one_request_that_meets_no_other() -> None:
    cluster = Creating(connection.Connection(client.Configuration()), timeout=1)
    assert await cluster.create(MANIFEST, manager="us") == MADE
    assert cluster.sent == "1"
    assert "resourceVersion" not in MANIFEST["metadata"]
    await cluster.close()


# Deleting


async def test_a_deletion_is_of_one_object_at_one_version() -> None:
    asked: list[Object] = []

    class Deleting(api_server.Kube):
        """Keeps what is to hold of what is deleted."""

        async def _request(self, *parts: Any, **_: Any) -> Object:
            verb, _resource, _query, body = parts
            asked.append({verb: body})
            return {"kind": "Status", "status": "Success"}

    cluster = Deleting(connection.Connection(client.Configuration()), timeout=1)
    assert await cluster.delete("Deployment", "default", "shop-web", "its uid", "7")
    assert await cluster.delete("Job", "default", "shop-release-1", "its uid", "7", foreground=True)
    preconditions = {"uid": "its uid", "resourceVersion": "7"}
    assert asked == [
        {"delete": {"preconditions": preconditions, "propagationPolicy": policy}}
        for policy in ("Background", "Foreground")
    ]
    await cluster.close()


@pytest.mark.parametrize("text", [b"<html>Not Found</html>", b'{"message": "no"}', b"", b"404"])
def test_only_the_api_server_is_believed_that_a_kind_is_not_installed(text: bytes) -> None:
    assert isinstance(status_codes.error_of(404, text), errors.UnavailableError)
    assert isinstance(status_codes.error_of(404, b"404 page not found\n"), errors.NotFoundError)


# Events


class Events(api_server.Kube):
    """Keeps the Events that were posted, by name, with how often each was seen."""

    def __init__(self) -> None:
        super().__init__(connection.Connection(client.Configuration()), timeout=1)
        self.counts: dict[str, int] = {}

    async def _request(self, *parts: Any, **_: Any) -> Object:
        verb, resource, _query, body = parts
        if verb == "create":
            self.counts[body["metadata"]["name"]] = body.get("series", {"count": 1})["count"]
        elif (name := resource.rpartition("/")[2]) in self.counts:
            self.counts[name] = body[0]["value"]["count"]
        else:
            raise errors.NotFoundError(name)
        return {}


async def test_an_event_that_somebody_deleted_is_posted_anew_the_next_time() -> None:
    cluster, formation = Events(), builders.stored(a_formation())
    for _ in range(3):
        await cluster.notify(formation, Notice("Scaled", "Scale", "to 3"))
    assert [*cluster.counts.values()] == [3]
    cluster.counts.clear()
    for _ in range(2):
        await cluster.notify(formation, Notice("Scaled", "Scale", "to 3"))
    assert [*cluster.counts.values()] == [5]
    await cluster.close()


async def test_events_of_one_namespace_make_none_of_another_forgotten() -> None:
    cluster, formation = Events(), builders.stored(a_formation())
    await cluster.notify(formation, Notice("Scaled", "Scale", "to 3"))
    noisy = builders.stored(a_formation(), namespace="noisy")
    for number in range(recorder.REMEMBERED + 1):
        await cluster.notify(noisy, Notice("Scaled", "Scale", f"to {number}"))
    cluster.counts = dict.fromkeys(list(cluster.counts)[:1], 1)
    await cluster.notify(formation, Notice("Scaled", "Scale", "to 3"))
    assert [*cluster.counts.values()] == [2]
    await cluster.close()


# What an answer means for whoever asked

TERMINATING = (
    'deployments.apps "shop-web" is forbidden: unable to create new content in namespace shop '
    "because it is being terminated"
)
UNTYPED = "failed to create typed patch object (shop/shop; formations.dev/v1, Kind=Formation)"
UNDECLARED = f"{UNTYPED}: .status.processes.web.lastExit: field not declared in schema"
OUTGROWN = "failed to create typed live object (shop/shop): .spec.processes: expected map, got &{[]}"
MEANINGS = {
    "a right that is missing": (403, "deployments.apps is forbidden: User may not", errors.ForbiddenError),
    "a full quota": (
        403,
        'deployments.apps "shop-web" is forbidden: exceeded quota: q',
        errors.UnavailableError,
    ),
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
    error = status_codes.error_of(code, json.dumps({"message": message}).encode())
    assert type(error) is kind
    assert str(error) == message


def test_an_answer_without_a_message_is_told_as_it_is() -> None:
    assert str(status_codes.error_of(502, b"<html>")) == "HTTP 502: b'<html>'"


async def test_watches_end_at_different_moments_after_five_to_ten_minutes() -> None:
    asked: list[int] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(int(request.query["timeoutSeconds"]))
        return web.Response()

    chances = iter([0.0, 0.5, 0.999])
    async with answering(answer) as url:
        opened = connection.Connection(client.Configuration(host=url))
        cluster = api_server.Kube(opened, timeout=5, chance=lambda: next(chances))
        for _ in range(3):
            async with cluster.watch(kinds.BY_NAME[kinds.POD], None, 5):
                pass
        await cluster.close()
    assert asked == [300, 450, 600]
