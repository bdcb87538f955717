"""A content is what a deploy changes, and the same content has the same digest."""

from typing import Any

import pytest

from formation_operator.api import content

SPEC: dict[str, Any] = {
    "image": "shop:v1",
    "env": [{"name": "LOG_LEVEL", "value": "info"}],
    "processes": {"web": {"command": ["/shop", "web"], "replicas": 2}, "worker": {"command": ["/shop"]}},
}


def changed(**fields: Any) -> dict[str, Any]:
    return {**SPEC, **fields}


def of_web(**fields: Any) -> dict[str, Any]:
    processes = SPEC["processes"]
    return changed(processes={**processes, "web": {**processes["web"], **fields}})


def digest(spec: dict[str, Any]) -> str:
    return content.digest_of(content.content_of(spec))


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(changed(suspend=True), id="suspend"),
        pytest.param(changed(paused=True), id="paused"),
        pytest.param(changed(revisionHistoryLimit=3), id="revisionHistoryLimit"),
        pytest.param(of_web(replicas=7), id="replicas"),
        pytest.param({key: SPEC[key] for key in reversed(SPEC)}, id="another order"),
    ],
)
def test_what_rolls_out_nothing_is_no_content(spec: dict[str, Any]) -> None:
    assert digest(spec) == digest(SPEC)


@pytest.mark.parametrize(
    "spec",
    [changed(image="shop:v2"), changed(env=[]), of_web(port=80), of_web(command=["/shop", "api"])],
    ids=["image", "env", "port", "command"],
)
def test_what_a_deploy_changes_is_another_content(spec: dict[str, Any]) -> None:
    assert digest(spec) != digest(SPEC)


def test_a_spec_is_left_as_it_is() -> None:
    before = repr(SPEC)
    content.content_of(SPEC)
    assert repr(SPEC) == before


def test_a_digest_is_the_same_for_ever() -> None:
    assert digest(SPEC) == "1ff0c4a3335bd4cdfdd83256720193ab"


def test_contents_whose_hashes_begin_alike_have_different_names() -> None:
    # Found in two seconds: the hashes of both begin with the same 40 bits.
    alike = [("good:1", 1066903), ("evil:1", 229356)]
    specs = [
        {"image": image, "env": [{"name": "N", "value": str(salt)}], "processes": {"web": {}}}
        for image, salt in alike
    ]
    good, evil = map(digest, specs)
    assert good[:10] == evil[:10]
    assert content.revision_name("shop", good) != content.revision_name("shop", evil)
