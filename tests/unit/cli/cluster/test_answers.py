import json

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_cli import failures
from formation_cli.cluster import answers
from formation_cli.cluster.answers import Request
from formation_cli.cluster.port import ConflictFailure
from formation_operator.kube import errors

SHOP = Request("PATCH", "Formation", "prod", "shop")


def failure(status: int, message: str = "", request: Request = SHOP, **more: object) -> failures.Failure:
    return answers.failure(request, status, json.dumps({"message": message, **more}).encode())


REFUSALS = {
    "no right": (403, 'formations.formations.dev "shop" is forbidden: User "eve" cannot patch resource', {}),
    "not known": (401, "", {}),
    "no CRD": (404, "the server could not find the requested resource", {}),
    "no such object": (404, 'formations.formations.dev "shop" not found', {"name": "shop"}),
    "an older CRD": (400, 'strict decoding error: unknown field "spec.suspend"', {}),
    "the schema": (422, "spec.processes[clock]: a singleton has one process at most", {}),
    "a value": (
        422,
        'Formation.formations.dev "shop" is invalid: spec.canary.seconds: Invalid value: -1: too small',
        {"causes": [{"field": "spec.canary.seconds", "message": "Invalid value: -1: too small"}]},
    ),
    "a policy": (403, 'formations "shop" is forbidden: ValidatingAdmissionPolicy needs a note', {}),
}


@pytest.mark.parametrize(("status", "message", "details"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_said_with_the_way_out(
    status: int, message: str, details: dict[str, object], snapshot: SnapshotAssertion
) -> None:
    found = failure(status, message, details=details)
    assert (found.exit_code, found.message, found.hint) == snapshot


def test_a_refusal_names_what_was_to_be_done() -> None:
    refused = failure(403, 'shop is forbidden: User "eve" may not', SHOP._replace(method="DELETE"))
    assert refused.message == "You may not delete Formation shop in namespace prod."


def test_a_write_that_came_too_late_can_be_tried_again() -> None:
    assert isinstance(failure(422, errors.TEST_FAILED), ConflictFailure)
    assert isinstance(failure(409, "the object has been modified"), ConflictFailure)


@pytest.mark.parametrize(("status", "refused"), [(403, True), (422, True), (500, False), (504, False)])
def test_what_failed_within_the_server_may_have_been_done(status: int, *, refused: bool) -> None:
    assert failure(status, "x").refused is refused


@pytest.mark.parametrize("text", [b"", b"<html>", b"[]", b"\xff"])
def test_an_answer_that_is_no_json_is_told_by_its_status(text: bytes) -> None:
    assert "HTTP 502" in answers.failure(SHOP, 502, text).message


def test_a_cluster_that_does_not_answer_is_named(snapshot: SnapshotAssertion) -> None:
    away = answers.unreachable("https://10.0.0.1:6443", ConnectionRefusedError(111, "Connection refused"))
    assert (away.exit_code, away.message, away.hint) == snapshot


def test_the_time_of_an_answer_is_the_servers_and_this_machines_only_where_it_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.time", lambda: 7.0)
    assert answers.time_of({"Date": "Thu, 01 Jan 1970 00:01:00 GMT"}) == 60
    assert [answers.time_of(each) for each in ({}, {"Date": "soon"})] == [7, 7]
