"""What a podTemplate may change, and what it may not."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from formation_operator.render import pod_template
from tests.shared import builders
from tests.shared.builders import a_formation, a_process
from tests.unit.facts import of_process, parsed


def template(formation: builders.Manifest, name: str = "web") -> dict[str, Any]:
    spec = parsed(formation).spec
    return pod_template.pod_template("shop", name, spec, spec.processes[name])


def with_own(**said: Any) -> builders.Manifest:
    """Return a Formation whose web's podTemplate says something of the process's own container."""
    return a_formation(processes={"web": a_process("/web", port=80, podTemplate=of_process(**said))})


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"image": "mine"}, "image"),
        ({"command": ["/mine"]}, "command"),
        ({"args": ["mine"]}, "args"),
        ({"ports": [{"name": "http", "containerPort": 81}]}, "port"),
        ({"ports": [{"containerPort": 80}]}, "port"),
        ({"ports": [{"containerPort": 80, "protocol": ""}]}, "port"),
        ({"ports": [{"containerPort": 80, "protocol": "TCP"}]}, "port"),
    ],
)
def test_a_pod_template_that_sets_what_is_ours_is_refused(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(pod_template.InvalidTypeError, match=named):
        template(with_own(**fields))


def test_a_sidecar_named_like_the_type_is_refused() -> None:
    with pytest.raises(pod_template.InvalidTypeError, match="give the sidecar another name"):
        template(with_own(name="web", image="mesh"))


@pytest.mark.parametrize("kind", ["requests", "limits"])
def test_a_resource_that_there_is_not_is_refused_with_the_way_out(kind: str) -> None:
    process = a_process("/web", resources={kind: {"cpu": 1, "mem": "1Gi"}})
    with pytest.raises(pod_template.InvalidTypeError, match=rf"resources\.{kind}\.mem: .* memory"):
        template(a_formation(processes={"web": process}))


def web(shared: dict[str, Any] | None = None, /, **fields: Any) -> builders.Manifest:
    """Return a Formation whose web has some fields, and what a shared podTemplate says of all Pods."""
    return a_formation(podTemplate={"spec": shared or {}}, processes={"web": a_process("/web", **fields)})


def paused(seconds: int, **fields: Any) -> builders.Manifest:
    pause = of_process(lifecycle={"preStop": {"sleep": {"seconds": seconds}}})
    return web(podTemplate=pause, **fields)


RESOURCES = {"cpu": 1, "memory": 1, "ephemeral-storage": 1, "hugepages-2Mi": 1, "example.com/gpu": 1}
QUIC = {"name": "quic", "containerPort": 80, "protocol": "UDP"}
PODS = {
    "a port of another protocol may have the number of the type's own": with_own(ports=[QUIC]),
    "huge pages and extended resources are resources": web(resources={"limits": RESOURCES}),
    "a handler replaces ours whole": with_own(readinessProbe={"exec": {"command": ["/ready"]}}),
    "a probe without a handler changes the times of ours": with_own(readinessProbe={"periodSeconds": 1}),
    "the check may begin at once": with_own(readinessProbe={"initialDelaySeconds": 0}),
    "a service account has its old name, too": web({"serviceAccountName": "shop"}),
    "no service account": web({"serviceAccountName": ""}),
    "Windows has no Linux security fields": web({"os": {"name": "windows"}}),
}


@pytest.mark.parametrize("formation", PODS.values(), ids=PODS)
def test_a_pod_is_made_of_ours_and_of_the_pod_template(
    formation: builders.Manifest, snapshot: SnapshotAssertion
) -> None:
    assert template(formation)["spec"] == snapshot


GRACE = "terminationGracePeriodSeconds"


@pytest.mark.parametrize(
    ("formation", "pause", "grace"),
    [
        (web(port=80, **{GRACE: 20}), 5, 25),
        (web({GRACE: 0}, port=80), None, 0),
        (web({GRACE: 1}, port=80), 1, 1),
        (web({GRACE: 5}, port=80), 5, 5),
        (web({GRACE: 60}, port=80), 5, 60),
        (paused(40), 40, 70),
        (paused(40, port=80), 40, 70),
        (paused(40, port=80, **{GRACE: 20}), 40, 60),
        (paused(40, **{GRACE: 20}), 40, 60),
        (paused(0, port=80, **{GRACE: 20}), 0, 20),
    ],
)
def test_a_process_has_its_whole_grace_period_after_the_pause_but_where_the_pod_template_fixes_it(
    formation: builders.Manifest, pause: int | None, grace: int
) -> None:
    pod = template(formation)["spec"]
    lifecycle = pod["containers"][0].get("lifecycle", {"preStop": {"sleep": {"seconds": None}}})
    assert (lifecycle["preStop"]["sleep"]["seconds"], pod[GRACE]) == (pause, grace)


def test_nothing_that_changes_with_a_count_reaches_the_pod_template() -> None:
    few = a_formation(processes={"web": a_process("/web", replicas=1)})
    many = a_formation(processes={"web": a_process("/web", replicas=9)}, suspend=True)
    assert template(few) == template(many)
