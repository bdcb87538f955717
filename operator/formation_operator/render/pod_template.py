"""What a process looks like as a Pod: the pod template of one process type.

**Every change here restarts users' processes** when the operator is upgraded.  The templates are
held by golden files (``tests/unit/render/golden``); changing one needs "rolls pods: yes" in the
changelog.  Nothing that changes with a count may appear here.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, ProcessType
from formation_operator.kube.objects import lenient
from formation_operator.render import environment, merge

# How long a Service's clients may still send requests to a Pod that is going away. Measured on a
# real node: without the pause 29 of 10,086 requests failed over a rollout, with 5 s none.
DRAIN_SECONDS = 5
PROBE_PERIOD_SECONDS = 5
# Servers such as gunicorn listen before they load the app, which may fail seconds later. The delay counts
# anew each time a container starts, and costs nothing when a process comes back from a pause.
PROBE_DELAY_SECONDS = 5
# Kubernetes' own default.
GRACE_SECONDS = 30

DEFAULT_CHECK = {
    "tcpSocket": {"port": naming.PORT_NAME},
    "initialDelaySeconds": PROBE_DELAY_SECONDS,
    "periodSeconds": PROBE_PERIOD_SECONDS,
}
RESTRICTED_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
RESTRICTED_CONTAINER = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}

# What a container may ask for beside huge pages and what a device plugin brings, as domain/name.
RESOURCES = ("cpu", "memory", "ephemeral-storage")

Manifest = dict[str, Any]


class InvalidTypeError(ValueError):
    """This type can't be rendered; the text names the field and the way out."""


def pod_template(
    formation: str, name: str, spec: FormationSpec, process: ProcessType, *, whose: str = "the process type"
) -> Manifest:
    """Return the pod template of process type ``name``, or of a command that ends, which ``whose`` says.

    Raises InvalidTypeError where a podTemplate takes what belongs to the process's own container, and
    where the type asks for a resource that there isn't.
    """
    _check_resources(process.resources or {})
    overlay = merge.merge(spec.pod_template or {}, process.pod_template or {})
    overlay = _named_after_type(name, process, overlay, whose)
    template = merge.merge(_template(formation, name, spec, process, overlay), overlay)
    pod = _aliased(with_containers(template["spec"], _outspoken))
    is_restricted = (process.security_defaults or spec.security_defaults) != "none"
    return {**template, "spec": _restricted(pod) if is_restricted else pod}


def has_own_check(spec: FormationSpec, process: ProcessType) -> bool:
    """Return whether the user has said how to find out that a process is ready; times alone don't."""
    containers = (
        item
        for template in filter(None, (spec.pod_template, process.pod_template))
        for item in lenient.items(lenient.mapping(template, "spec"), "containers")
        if item["name"] == naming.PROCESS_CONTAINER
    )
    probes = [process.readiness_probe, *(item.get("readinessProbe") for item in containers)]
    return any(not merge.HANDLERS.isdisjoint(probe or ()) for probe in probes)


def _template(
    formation: str, name: str, spec: FormationSpec, process: ProcessType, overlay: Manifest
) -> Manifest:
    """Return the template as we mean it, before the user's podTemplate goes over it."""
    container = _container(formation, name, spec, process)
    # Else each Service of the namespace would be in the environment, such as REDIS_PORT=tcp://10.0.0.7:6379.
    pod: Manifest = {"enableServiceLinks": False, "containers": [container]}
    sleep = _sleep(name, process, overlay)
    fixed = (overlay.get("spec") or {}).get("terminationGracePeriodSeconds")
    if fitting := sleep if fixed is None else min(sleep, fixed):
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": fitting}}}
    grace = process.termination_grace_period_seconds
    if sleep and grace is None:
        grace = GRACE_SECONDS
    if grace is not None:
        pod["terminationGracePeriodSeconds"] = grace + sleep
    return {"metadata": {"labels": _labels(formation, name)}, "spec": pod}


def labels(formation: str, name: str, spec: FormationSpec, process: ProcessType) -> dict[str, str]:
    """Return the labels of a type's pod template; this takes no more than looking at these."""
    own = (lenient.mapping(each, "metadata", "labels") for each in (spec.pod_template, process.pod_template))
    return functools.reduce(operator.or_, own, _labels(formation, name))


def _labels(formation: str, name: str) -> dict[str, str]:
    return {**naming.recommended(formation, name), **naming.selector(formation, name)}


def _sleep(name: str, process: ProcessType, overlay: Manifest) -> int:
    """Return for how many seconds a process that has to go runs on before SIGTERM."""
    containers = (overlay.get("spec") or {}).get("containers") or []
    action: Manifest = next((item for item in containers if item["name"] == name), {})
    for step in ("lifecycle", "preStop", "sleep"):
        action = action.get(step) or {}
    return int(action.get("seconds", 0 if process.port is None else DRAIN_SECONDS))


def _container(formation: str, name: str, spec: FormationSpec, process: ProcessType) -> Manifest:
    given = {
        "image": process.image or spec.image,
        "command": process.command,
        "args": process.args,
        "env": _environment(formation, name, spec, process),
        "envFrom": [*(spec.env_from or []), *(process.env_from or [])],
        "resources": process.resources,
        "livenessProbe": process.liveness_probe,
        "readinessProbe": process.readiness_probe,
        "startupProbe": process.startup_probe,
    }
    container: Manifest = {"name": name, **{key: value for key, value in given.items() if value}}
    if process.port is not None:
        container["ports"] = [{"name": naming.PORT_NAME, "containerPort": process.port, "protocol": "TCP"}]
        container.setdefault("readinessProbe", DEFAULT_CHECK)
    return container


def _environment(formation: str, name: str, spec: FormationSpec, process: ProcessType) -> list[Manifest]:
    """Return the variables of a process: ours, the app's over them, and the type's over those."""
    injected: list[Manifest] = [
        {"name": "FORMATION", "value": formation},
        {"name": "PROCESS_TYPE", "value": name},
        {"name": "PROCESS_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]
    if process.port is not None:
        injected.insert(0, {"name": "PORT", "value": str(process.port)})
    for declared in filter(None, (spec.env, process.env)):
        injected = environment.combined(injected, declared)
    return injected


def _named_after_type(name: str, process: ProcessType, overlay: Manifest, whose: str) -> Manifest:
    """Return the overlay with the container ``process`` under the type's own name."""
    pod = overlay.get("spec") or {}
    containers = pod.get("containers") or []
    own = naming.PROCESS_CONTAINER
    others = [*(pod.get("initContainers") or []), *containers]
    if name != own and any(item["name"] == name for item in others):
        raise InvalidTypeError(
            f"podTemplate: a container is named {name}, like {whose}: to change the process's own "
            f"container, use the name {own}, or give the sidecar another name"
        )
    for item in containers:
        if item["name"] == own:
            _check_own_container(process, item)
    renamed = [{**item, "name": name} if item["name"] == own else item for item in containers]
    return {**overlay, "spec": {**pod, "containers": renamed}} if renamed else overlay


def _check_own_container(process: ProcessType, container: Manifest) -> None:
    taken = [field for field in ("image", "command", "args") if field in container]
    if taken:
        raise InvalidTypeError(
            f"podTemplate: the container {naming.PROCESS_CONTAINER} sets {', '.join(taken)}: "
            "set it on the process type instead"
        )
    for port in container.get("ports") or []:
        # The same number of another protocol is another port: HTTP/3 listens on both.
        same = port["containerPort"] == process.port and (port.get("protocol") or "TCP") == "TCP"
        if same or port.get("name") == naming.PORT_NAME:
            raise InvalidTypeError(
                f"podTemplate: the container {naming.PROCESS_CONTAINER} sets the port {naming.PORT_NAME} "
                f"({port['containerPort']}): use the process type's port, or another name and number"
            )


def _check_resources(resources: Manifest) -> None:
    """Refuse what the API server would refuse in its own words; the CRD's rules can't see these keys."""
    for kind in ("requests", "limits"):
        for key in resources.get(kind) or {}:
            if key not in RESOURCES and "/" not in key and not key.startswith("hugepages-"):
                raise InvalidTypeError(
                    f"resources.{kind}.{key}: there is no such resource: use {', '.join(RESOURCES)}, "
                    "hugepages-<size>, or the full name of an extended resource, such as example.com/gpu"
                )


def _outspoken(container: Manifest) -> Manifest:
    """Return a container that leaves the end of its log in its Pod's status when it crashes."""
    return {"terminationMessagePolicy": "FallbackToLogsOnError", **container}


def with_containers(pod: Manifest, changed: Callable[[Manifest], Manifest]) -> Manifest:
    """Return the pod with each of its containers changed."""
    found = {**pod}
    for kind in {"initContainers", "containers"} & pod.keys():
        found[kind] = [*map(changed, pod[kind])]
    return found


def _aliased(pod: Manifest) -> Manifest:
    """Return the pod with its service account under the field's old name as well.

    The server keeps both the same.  An alias that it had filled in itself would have no owner, and so
    bring back an account that is taken away.
    """
    account = pod.get("serviceAccountName")
    return {**pod, "serviceAccount": account} if account else pod


def _restricted(pod: Manifest) -> Manifest:
    """Return the pod with what the restricted Pod Security Standard asks for, where it says nothing.

    Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    if (pod.get("os") or {}).get("name") == "windows":
        return pod  # none of these fields is allowed there
    context = merge.merge(RESTRICTED_POD, pod.get("securityContext") or {})
    return {**with_containers(pod, _restricted_container), "securityContext": context}


def _restricted_container(container: Manifest) -> Manifest:
    own = container.get("securityContext") or {}
    defaults = RESTRICTED_CONTAINER
    added = (own.get("capabilities") or {}).get("add") or []
    if own.get("privileged") or "SYS_ADMIN" in added or "CAP_SYS_ADMIN" in added:
        defaults = {}  # the API refuses allowPrivilegeEscalation: false beside these
    return {**container, "securityContext": merge.merge(defaults, own)}
