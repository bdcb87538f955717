"""What a deploy changed, in a line that never has the value of a variable."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.api import content_changes
from formation_operator.api.content_changes import describe_change


def content(image: str = "shop:v1", **spec: Any) -> dict[str, Any]:
    return {"image": image, "processes": {"web": {"command": ["/web"]}}, **spec}


def web(**fields: Any) -> dict[str, Any]:
    return content(processes={"web": {"command": ["/web"], **fields}})


def env(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


CASES: dict[str, tuple[Any, Any, str]] = {
    "nothing": (content(), content(), ""),
    "an image": (content(), content("shop:v2"), "image shop:v1 -> shop:v2"),
    "an image that is new": (web(), web(image="w:v1"), "web: image none -> w:v1"),
    "a variable": (web(env=env(A="1")), web(env=env(A="2")), "web: env A"),
    "one more and one less": (content(env=env(B="1")), content(env=env(A="1")), "env A, B"),
    "a secret of the same variable": (
        content(env=env(A="1")),
        content(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
        "env A",
    ),
    "the order of variables": (content(env=env(A="1", B="2")), content(env=env(B="2", A="1")), "env"),
    "a field": (web(), web(command=["/web", "-v"]), "web: command"),
    "a type": (content(), content(processes={"job": {}}), "job is new; web is gone"),
    "several": (
        content(env=env(A="1")),
        {**web(env=env(LOG_LEVEL="debug")), "image": "shop:v3"},
        "image shop:v1 -> shop:v3; env A; web: env LOG_LEVEL",
    ),
    "what no Formation says": (
        {"processes": 5, "env": 7, "image": [1]},
        {"processes": []},
        "image none -> none; env; ",
    ),
    "no content at all": (None, content(), "image none -> shop:v1; web is new"),
}


@pytest.mark.parametrize(("before", "after", "words"), CASES.values(), ids=CASES)
def test_a_change_is_described(before: Any, after: Any, words: str) -> None:
    assert describe_change(before, after) == words.removesuffix("; ")


def test_a_line_is_bounded_whatever_has_changed() -> None:
    many = {f"type-{number}-{'x' * 90}": {"env": env(A="1")} for number in range(32)}
    other = {name: {"env": env(**{f"V{each}{'y' * 99}": "2" for each in range(256)})} for name in many}
    said = describe_change(content(processes=many), content(processes=other))
    assert said.endswith("; 26 more")
    assert said.count("252 more") == content_changes.MOST_CHANGES
    assert len(said) < 4096
    said = describe_change(content("a" * 1024), content("b" * 1024))
    assert len(said) < 300


def test_what_moves_a_cursor_is_left_out() -> None:
    assert describe_change(content(), content("\x1b[2Jevil\n")) == "image shop:v1 -> ?[2Jevil?"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["image", "env", "processes", "name", "web"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_whatever_a_revision_holds_it_is_one_line(before: Any, after: Any) -> None:
    said = describe_change(before, after)
    assert said.isprintable()


@given(st.text(min_size=8, alphabet="0123456789abcdef"))
def test_no_value_of_a_variable_is_said(value: str) -> None:
    secret = f"s3cr3t-{value}"
    said = describe_change(web(env=env(TOKEN=secret)), web(env=env(TOKEN=f"{secret}x", NEW=secret)))
    assert said == "web: env NEW, TOKEN"
    assert secret not in json.dumps(said)


def test_a_change_of_a_schedule_is_told_apart_from_that_of_a_type() -> None:
    before = content(schedules={"web": {"schedule": "@daily"}, "old": {}})
    after = content(schedules={"web": {"schedule": "@hourly"}, "new": {}})
    words = "schedule new is new; schedule old is gone; schedule web: schedule"
    assert describe_change(before, after) == words
