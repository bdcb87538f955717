"""What a process has to show before a rollout ends an old one for it."""

from typing import Any

import pytest

from formation_operator.api.formation import PROOF_SECONDS
from formation_operator.kube.objects.kinds import ChildKind
from tests.shared.builders import a_formation, a_process
from tests.unit.facts import intents, parsed

HTTP = {"httpGet": {"path": "/healthz", "port": "http"}}
TIMES = {"periodSeconds": 1}


def deployment(fields: dict[str, Any], shared: dict[str, Any] | None = None) -> dict[str, Any]:
    formation = a_formation(processes={"web": a_process("/web", **fields)}, **(shared or {}))
    kinds = {intent.kind: intent.manifest for intent in intents(parsed(formation))}
    spec: dict[str, Any] = kinds[ChildKind.DEPLOYMENT]["spec"]
    return spec


def probing(probe: dict[str, Any], container: str = "process") -> dict[str, Any]:
    item: dict[str, Any] = {"name": container, "readinessProbe": probe}
    return {"podTemplate": {"spec": {"containers": [item]}}}


@pytest.mark.parametrize(
    ("fields", "shared"),
    [
        pytest.param({}, {}, id="that has no check"),
        pytest.param({"port": 80}, {}, id="that is ready when its port accepts a connection"),
        pytest.param({"port": 80, **probing(TIMES)}, {}, id="whose podTemplate sets times of that check"),
        pytest.param({"port": 80}, probing(HTTP, "proxy"), id="whose sidecar has a check"),
        pytest.param({"port": 80, "startupProbe": HTTP}, {}, id="that has a startup probe"),
        pytest.param({"port": 80, "singleton": True}, {}, id="that is a singleton"),
    ],
)
def test_a_process_of_a_type_must_stay_ready_before_it_replaces_another(
    fields: dict[str, Any], shared: dict[str, Any]
) -> None:
    assert deployment(fields, shared)["minReadySeconds"] == PROOF_SECONDS


@pytest.mark.parametrize(
    ("fields", "shared"),
    [
        pytest.param({"port": 80, "readinessProbe": HTTP}, {}, id="of the type"),
        pytest.param({"readinessProbe": {"exec": {"command": ["true"]}}}, {}, id="without a port"),
        pytest.param({"port": 80, "readinessProbe": {"tcpSocket": {"port": 80}}}, {}, id="by connecting"),
        pytest.param({"port": 80, **probing(HTTP)}, {}, id="of its podTemplate"),
        pytest.param({"port": 80}, probing(HTTP), id="of the shared podTemplate"),
        pytest.param({"port": 80, **probing(TIMES)}, probing(HTTP), id="of the shared one, at other times"),
    ],
)
def test_a_readiness_probe_of_the_users_own_is_believed_at_once(
    fields: dict[str, Any], shared: dict[str, Any]
) -> None:
    assert "minReadySeconds" not in deployment(fields, shared)


def test_the_deadline_of_a_rollout_is_kubernetes_own_unless_a_type_says_another() -> None:
    assert "progressDeadlineSeconds" not in deployment({})
    assert deployment({"progressDeadlineSeconds": 60})["progressDeadlineSeconds"] == 60


@pytest.mark.parametrize(
    ("shared", "own", "links"),
    [(None, None, False), (True, None, True), (None, True, True), (True, False, False)],
)
def test_no_service_of_the_namespace_is_in_the_environment_unless_a_pod_template_wants_it(
    shared: bool | None, own: bool | None, links: bool
) -> None:
    def saying(wanted: bool | None) -> dict[str, Any]:
        return {} if wanted is None else {"podTemplate": {"spec": {"enableServiceLinks": wanted}}}

    assert deployment(saying(own), saying(shared))["template"]["spec"]["enableServiceLinks"] is links
