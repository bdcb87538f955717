import copy
from typing import Any

import pytest

from formation_operator.api.content_changes import LONGEST, describe_change

SECRET = "hunter2"
CONTENT: dict[str, Any] = {
    "image": "registry.example.com/shop:v2",
    "env": [{"name": "MODE", "value": "fast"}],
    "processes": {"web": {"command": ["/shop", "web"], "port": 8080}, "worker": {"command": ["/shop"]}},
}


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(CONTENT), **fields}


def web(**fields: Any) -> dict[str, Any]:
    after = copy.deepcopy(CONTENT)
    after["processes"]["web"] |= fields
    return after


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (changed(), ""),
        (changed(image="registry.example.com/shop:v3"), "image shop:v2 -> shop:v3"),
        (changed(image="mirror/shop:v2"), "image registry.example.com/shop:v2 -> mirror/shop:v2"),
        (changed(image=None), "image registry.example.com/shop:v2 -> none"),
        (
            changed(image="registry.example.com/shop@sha256:" + "0123456789abcdef" * 4),
            "image shop:v2 -> shop@sha256:0123456789ab",
        ),
        (changed(env=[{"name": "MODE", "value": SECRET}]), "env MODE"),
        (changed(env=[{"name": "B", "value": SECRET}, {"name": "A"}]), "env A, B, MODE"),
        (changed(envFrom=[{"secretRef": {"name": "x"}}], podTemplate={}), "envFrom; podTemplate"),
        (web(env=[{"name": "LOG_LEVEL", "value": SECRET}], port=80), "web: port, env LOG_LEVEL"),
        (web(image="shop:v3"), "web: image none -> shop:v3"),
        (changed(processes={"web": CONTENT["processes"]["web"], "clock": {}}), "clock: new; worker: gone"),
    ],
)
def test_a_line_names_what_has_changed_and_no_value_of_a_variable(after: dict[str, Any], line: str) -> None:
    assert describe_change(CONTENT, after) == line


def test_variables_in_another_order_are_a_change_without_a_name() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert describe_change(changed(env=env), changed(env=env[::-1])) == "env"


def test_of_many_variables_some_are_named() -> None:
    env = [{"name": f"V{number:02}"} for number in range(20)]
    assert describe_change(changed(env=[]), changed(env=env)).endswith("V06, V07 and 12 more")


def test_a_line_has_a_bounded_length() -> None:
    types = {f"type-{number:02}": {} for number in range(32)}
    line = describe_change(changed(processes={}), changed(processes=types, image="x" * 1024))
    assert len(line) == LONGEST
    assert line.endswith("...")


@pytest.mark.parametrize("bad", [{}, {"processes": []}, {"env": {}, "processes": {"web": 1}}, {"env": [1]}])
def test_what_is_no_content_is_described_all_the_same(bad: dict[str, Any]) -> None:
    assert describe_change(bad, CONTENT).startswith("image none -> registry.example.com/shop:v2; env MODE; ")
