"""What a Job of ours runs: the Pod that a process of the app would have, for a command that ends.

No Pod of it has a process type's label, so no Service, budget or autoscaler of ours counts it.
"""

from typing import Any

from formation_operator.api import naming
from formation_operator.api.commands import Command, Ending, Schedule
from formation_operator.api.formation import FormationSpec, ProcessType
from formation_operator.render import environment, merge, pod_template
from formation_operator.render.pod_template import InvalidTypeError, Manifest

OF_PROCESSES = {*merge.PROBES, "ports", "lifecycle", "restartPolicy", "restartPolicyRules"}
"""What the shared podTemplate says of the container ``process`` for processes that go on.

Only ``backoffLimit`` says whether the command may run again.
"""
# A drain or a preemption is no failure of the command, so it uses up no try.
DISRUPTED = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


def job_spec(
    formation: str, name: str, content: FormationSpec, command: Ending, labels: dict[str, str]
) -> Manifest:
    """Return the spec of a Job that runs a command, whose container has a name and whose Pods have labels.

    Raises `InvalidTypeError` where it can't be rendered.
    """
    if not command.command and not command.args:
        raise InvalidTypeError("there is nothing to run: set command or args")
    return {
        "backoffLimit": command.backoff_limit or 0,
        "podReplacementPolicy": "Failed",  # never two Pods at once
        "podFailurePolicy": {"rules": [DISRUPTED]},
        "template": _template(formation, name, content, command, labels),
    }


def labelled(metadata: Manifest, labels: dict[str, str]) -> Manifest:
    """Return metadata with some labels in place of a process type's."""
    others = {key: value for key, value in metadata["labels"].items() if key != naming.PROCESS_TYPE_LABEL}
    return {**metadata, "labels": {**others, **labels}}


def _template(
    formation: str, name: str, content: FormationSpec, command: Ending, labels: dict[str, str]
) -> Manifest:
    given = {field: getattr(command, field) for field in Command.model_fields}
    process = ProcessType(**given, image=command.image if isinstance(command, Schedule) else None)
    shared = content.model_copy(update={"pod_template": _shared(content.pod_template or {}, command)})
    whose = "the schedule" if isinstance(command, Schedule) else "that of the release command"
    template = pod_template.pod_template(formation, name, shared, process, whose=whose)
    pod = {**pod_template.with_containers(template["spec"], _never_resized), "restartPolicy": "Never"}
    return {**template, "metadata": labelled(template["metadata"], labels), "spec": pod}


def _shared(template: Manifest, command: Ending) -> Manifest:
    """Return the shared podTemplate as it is for a command, which has none of its own to go over it."""
    pod = template.get("spec") or {}
    containers = [
        _own_container(item, command) if item["name"] == naming.PROCESS_CONTAINER else item
        for item in pod.get("containers") or []
    ]
    account = command.service_account_name
    own: dict[str, Any] = {"serviceAccountName": account} if account else {}
    return {**template, "spec": {**pod, "containers": containers, **own}}


def _own_container(container: Manifest, command: Ending) -> Manifest:
    """Return what the shared podTemplate says of the container, with what the command says over it."""
    own = {key: value for key, value in container.items() if key not in OF_PROCESSES}
    if command.resources:
        own.pop("resources", None)
    if command.env:
        own["env"] = environment.combined(own.get("env") or [], command.env)
    if own.get("envFrom") and command.env_from:
        own["envFrom"] = [*own["envFrom"], *command.env_from]
    return own


def _never_resized(container: Manifest) -> Manifest:
    """Return a container as it may be in a Pod whose containers aren't started again, whatever is resized."""
    return {field: value for field, value in container.items() if field != "resizePolicy"}
