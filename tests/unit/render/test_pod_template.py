"""What a podTemplate may change, and what it may not."""

from typing import Any

import pytest

from formation_operator.render import pod_template
from tests import builders
from tests.builders import a_formation, a_process
from tests.unit.facts import parsed


def template(formation: builders.Manifest, name: str = "web") -> dict[str, Any]:
    spec = parsed(formation).spec
    return pod_template.pod_template("shop", name, spec, spec.processes[name])


def with_container(**fields: Any) -> builders.Manifest:
    pod_template = {"spec": {"containers": [fields]}}
    return a_formation(processes={"web": a_process("/web", port=80, podTemplate=pod_template)})


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
        template(with_container(name="process", **fields))


def test_a_port_of_another_protocol_may_have_the_number_of_the_types_own() -> None:
    quic = {"name": "quic", "containerPort": 80, "protocol": "UDP"}
    pod = template(with_container(name="process", ports=[quic]))["spec"]
    http = {"name": "http", "containerPort": 80, "protocol": "TCP"}
    assert pod["containers"][0]["ports"] == [http, quic]


def test_a_sidecar_named_like_the_type_is_refused() -> None:
    with pytest.raises(pod_template.InvalidTypeError, match="give the sidecar another name"):
        template(with_container(name="web", image="mesh"))


@pytest.mark.parametrize("kind", ["requests", "limits"])
def test_a_resource_that_there_is_not_is_refused_with_the_way_out(kind: str) -> None:
    process = a_process("/web", resources={kind: {"cpu": 1, "mem": "1Gi"}})
    with pytest.raises(pod_template.InvalidTypeError, match=rf"resources\.{kind}\.mem: .* memory"):
        template(a_formation(processes={"web": process}))


def test_huge_pages_and_extended_resources_are_resources() -> None:
    limits = {"cpu": 1, "memory": 1, "ephemeral-storage": 1, "hugepages-2Mi": 1, "example.com/gpu": 1}
    process = a_process("/web", resources={"limits": limits})
    pod = template(a_formation(processes={"web": process}))["spec"]
    assert pod["containers"][0]["resources"] == {"limits": limits}


def test_a_handler_of_the_pod_template_replaces_ours_whole() -> None:
    probe = {"exec": {"command": ["/ready"]}}
    pod = template(with_container(name="process", readinessProbe=probe))["spec"]
    assert pod["containers"][0]["readinessProbe"] == probe


def test_a_probe_of_the_pod_template_without_a_handler_changes_the_times_of_ours() -> None:
    pod = template(with_container(name="process", readinessProbe={"periodSeconds": 1}))["spec"]
    probe = {"tcpSocket": {"port": "http"}, "initialDelaySeconds": 5, "periodSeconds": 1}
    assert pod["containers"][0]["readinessProbe"] == probe


def test_a_pod_template_may_have_the_check_begin_at_once() -> None:
    pod = template(with_container(name="process", readinessProbe={"initialDelaySeconds": 0}))["spec"]
    assert pod["containers"][0]["readinessProbe"]["initialDelaySeconds"] == 0


@pytest.mark.parametrize(("grace", "pause"), [(0, None), (1, 1), (5, 5), (60, 5)])
def test_the_pause_before_sigterm_fits_into_a_grace_period_that_the_pod_template_fixes(
    grace: int, pause: int | None
) -> None:
    formation = a_formation(
        podTemplate={"spec": {"terminationGracePeriodSeconds": grace}},
        processes={"web": a_process("/web", port=80)},
    )
    pod = template(formation)["spec"]
    lifecycle = pod["containers"][0].get("lifecycle", {"preStop": {"sleep": {"seconds": None}}})
    assert pod["terminationGracePeriodSeconds"] == grace
    assert lifecycle["preStop"]["sleep"]["seconds"] == pause


def test_a_process_keeps_its_whole_grace_period_after_the_pause() -> None:
    formation = a_formation(processes={"web": a_process("/web", port=80, terminationGracePeriodSeconds=20)})
    assert template(formation)["spec"]["terminationGracePeriodSeconds"] == 25


@pytest.mark.parametrize(
    ("fields", "pause", "period"),
    [
        ({}, 40, 70),
        ({"port": 80}, 40, 70),
        ({"port": 80, "terminationGracePeriodSeconds": 20}, 40, 60),
        ({"terminationGracePeriodSeconds": 20}, 40, 60),
        ({"port": 80, "terminationGracePeriodSeconds": 20}, 0, 20),
    ],
)
def test_a_pause_of_the_pod_template_comes_on_top_of_the_grace_period_too(
    fields: dict[str, Any], pause: int, period: int
) -> None:
    lifecycle = {"preStop": {"sleep": {"seconds": pause}}}
    own = {"spec": {"containers": [{"name": "process", "lifecycle": lifecycle}]}}
    pod = template(a_formation(processes={"web": a_process("/web", podTemplate=own, **fields)}))["spec"]
    assert pod["containers"][0]["lifecycle"] == lifecycle
    assert pod["terminationGracePeriodSeconds"] == period


@pytest.mark.parametrize("account", ["shop", ""])
def test_a_service_account_has_its_old_name_too_so_that_it_can_be_taken_away(account: str) -> None:
    shared = {"spec": {"serviceAccountName": account}}
    pod = template(a_formation(podTemplate=shared, processes={"web": a_process("/web")}))["spec"]
    assert pod.get("serviceAccount", "") == account


def test_windows_pods_get_no_linux_security_fields() -> None:
    formation = a_formation(
        podTemplate={"spec": {"os": {"name": "windows"}}}, processes={"web": a_process("/w")}
    )
    assert "securityContext" not in template(formation)["spec"]


def test_nothing_that_changes_with_a_count_reaches_the_pod_template() -> None:
    few = a_formation(processes={"web": a_process("/web", replicas=1)})
    many = a_formation(processes={"web": a_process("/web", replicas=9)}, suspend=True)
    assert template(few) == template(many)
