"""A partial pod template over another one: what joins, and what takes the other's place."""

from typing import Any

import pytest

from formation_operator.render import merge

HTTP = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5}
LOCALHOST = {"type": "Localhost", "localhostProfile": "shop"}
RUNTIME = {"type": "RuntimeDefault"}


@pytest.mark.parametrize(
    ("key", "base", "overlay", "expected"),
    [
        pytest.param("nodeSelector", {"a": "1"}, {"b": "2"}, {"a": "1", "b": "2"}, id="maps join"),
        pytest.param("tolerations", [{"key": "a"}], [{"key": "b"}], [{"key": "b"}], id="plain lists don't"),
        pytest.param("seccompProfile", LOCALHOST, RUNTIME, RUNTIME, id="nor unions"),
        pytest.param("appArmorProfile", LOCALHOST, RUNTIME, RUNTIME, id="nor unions of another name"),
        pytest.param("preStop", {"sleep": {"seconds": 5}}, {"exec": {}}, {"exec": {}}, id="nor handlers"),
        pytest.param("livenessProbe", HTTP, {"exec": {}}, {"exec": {}}, id="nor probes"),
        pytest.param(
            "livenessProbe", HTTP, {"periodSeconds": 1}, {**HTTP, "periodSeconds": 1}, id="but their times do"
        ),
        pytest.param(
            "containers",
            [{"name": "a", "image": "a"}, {"name": "b"}],
            [{"name": "c"}, {"name": "a", "tty": True}],
            [{"name": "a", "image": "a", "tty": True}, {"name": "b"}, {"name": "c"}],
            id="named items join, where they are",
        ),
        pytest.param(
            "evictionResponders",
            [{"name": "a", "priority": 1}],
            [{"name": "a", "priority": 2}, {"name": "b"}],
            [{"name": "a", "priority": 2}, {"name": "b"}],
            id="responders to evictions are named items, too",
        ),
        pytest.param(
            "ports",
            [{"containerPort": 443}],
            [{"containerPort": 443, "protocol": "UDP"}, {"containerPort": 443, "protocol": "TCP"}],
            [{"containerPort": 443, "protocol": "TCP"}, {"containerPort": 443, "protocol": "UDP"}],
            id="a port is known by number and protocol",
        ),
        pytest.param(
            "volumes",
            [{"name": "a", "emptyDir": {}}],
            [{"name": "a", "secret": {}}],
            [{"name": "a", "secret": {}}],
            id="a volume is one thing",
        ),
        pytest.param(
            "resourceClaims",
            [{"name": "gpu", "resourceClaimName": "a"}],
            [{"name": "gpu", "resourceClaimTemplateName": "b"}],
            [{"name": "gpu", "resourceClaimTemplateName": "b"}],
            id="so is a claim",
        ),
    ],
)
def test_what_is_laid_over_the_other(key: str, base: Any, overlay: Any, expected: Any) -> None:
    assert merge.merge({key: base}, {key: overlay}) == {key: expected}


def test_neither_is_changed() -> None:
    base = {"containers": [{"name": "a", "env": [{"name": "A", "value": "1"}]}]}
    overlay = {"containers": [{"name": "a", "env": [{"name": "A", "value": "2"}]}]}
    merge.merge(base, overlay)
    assert base["containers"][0]["env"] == [{"name": "A", "value": "1"}]
    assert overlay["containers"][0]["env"] == [{"name": "A", "value": "2"}]
