import json

import pytest

from formation_cli import failures
from formation_cli.cluster import answers
from formation_cli.cluster.answers import Request
from formation_cli.cluster.port import ConflictFailure
from formation_operator.kube import errors

SHOP = Request("PATCH", "Formation", "prod", "shop")


def failure(status: int, message: str = "", request: Request = SHOP, **more: object) -> failures.Failure:
    return answers.failure(request, status, json.dumps({"message": message, **more}).encode())


def test_who_may_not_is_told_what_they_may_not() -> None:
    refused = failure(403, 'formations.formations.dev "shop" is forbidden: User "eve" cannot patch resource')
    assert refused.message == "You may not change Formation shop in namespace prod."
    assert 'User "eve"' in refused.hint
    assert refused.exit_code == failures.NO_ACCESS


def test_who_is_not_known_is_told_to_log_in() -> None:
    assert failure(401).exit_code == failures.NO_ACCESS


def test_a_cluster_without_the_crd_is_told_apart_from_a_name_that_is_wrong() -> None:
    unknown_kind = failure(404, "the server could not find the requested resource", details={})
    unknown_name = failure(404, 'formations.formations.dev "shop" not found', details={"name": "shop"})
    assert unknown_kind.message == "This cluster doesn't know Formations."
    assert "kubectl apply -k crds/" in unknown_kind.hint
    assert unknown_name.message == "There is no Formation shop in namespace prod."
    assert {unknown_kind.exit_code, unknown_name.exit_code} == {failures.NOT_FOUND}


def test_a_field_that_an_old_crd_lacks_is_named() -> None:
    refused = failure(400, 'strict decoding error: unknown field "spec.suspend"')
    assert refused.message == "The cluster doesn't know the field spec.suspend."
    assert "older" in refused.hint


def test_a_write_that_came_too_late_can_be_tried_again() -> None:
    assert isinstance(failure(422, errors.TEST_FAILED), ConflictFailure)
    assert isinstance(failure(409, "the object has been modified"), ConflictFailure)


def test_what_the_schema_refuses_is_told_in_the_servers_words() -> None:
    refused = failure(422, "spec.processes[clock]: a singleton has one process at most")
    assert "a singleton has one process at most" in refused.message
    assert refused.exit_code == failures.FAILED


@pytest.mark.parametrize(("status", "refused"), [(403, True), (422, True), (500, False), (504, False)])
def test_what_failed_within_the_server_may_have_been_done(status: int, *, refused: bool) -> None:
    assert failure(status, "x").refused is refused


@pytest.mark.parametrize("text", [b"", b"<html>", b"[]", b"\xff"])
def test_an_answer_that_is_no_json_is_told_by_its_status(text: bytes) -> None:
    assert "HTTP 502" in answers.failure(SHOP, 502, text).message


def test_a_cluster_that_does_not_answer_is_named() -> None:
    away = answers.unreachable("https://10.0.0.1:6443", ConnectionRefusedError(111, "Connection refused"))
    assert away.message == "The cluster at 10.0.0.1:6443 doesn't answer: Connection refused."
    assert "--context" in away.hint
    assert away.exit_code == failures.NO_ACCESS


def test_the_time_of_an_answer_is_the_servers_and_this_machines_only_where_it_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.time", lambda: 7.0)
    assert answers.time_of({"Date": "Thu, 01 Jan 1970 00:01:00 GMT"}) == 60
    assert [answers.time_of(each) for each in ({}, {"Date": "soon"})] == [7, 7]
