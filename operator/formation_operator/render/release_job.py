"""The Job that runs a release command: the Pod that a process of the app would have, for a command that ends.

No Pod of it has a process type's label, so no Service, budget or autoscaler of ours counts it.
"""

from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import DEADLINE, FormationSpec, Metadata, ProcessType, Release
from formation_operator.kube.objects import kinds
from formation_operator.render import desired, environment, pod_template
from formation_operator.render.pod_template import InvalidTypeError, Manifest

OF_PROCESSES = frozenset(
    {
        *("livenessProbe", "readinessProbe", "startupProbe", "ports", "lifecycle"),
        *("restartPolicy", "restartPolicyRules"),  # only backoffLimit says whether the command may run again
    }
)
"""What the shared podTemplate says of the container ``process`` for processes that go on."""
# A drain or a preemption is no failure of the command, so it uses up no try.
DISRUPTED = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


def job(owner: Metadata, content: FormationSpec, digest: str, key: str) -> Manifest:
    """Return the Job that releases a content with a release command, given its digest and its release key.

    Raises `InvalidTypeError` where it can't be rendered.
    """
    release = content.release or Release()
    if not content.image:
        raise InvalidTypeError("the command runs with the app's image, and there is none: set spec.image")
    if not release.command and not release.args:
        raise InvalidTypeError("there is nothing to run: set command or args")
    about = desired.metadata(owner, content, naming.RELEASE, {naming.RELEASE_KEY_ANNOTATION: key})
    return {
        "apiVersion": kinds.BY_NAME[kinds.JOB].api_version,
        "kind": kinds.JOB,
        "metadata": {**_released(about, digest), "name": naming.release_job(owner.name, digest)},
        "spec": {
            "backoffLimit": release.backoff_limit or 0,
            "activeDeadlineSeconds": release.active_deadline_seconds or DEADLINE,
            "podReplacementPolicy": "Failed",  # never two Pods at once
            "podFailurePolicy": {"rules": [DISRUPTED]},
            "template": _template(owner.name, content, release, digest),
        },
    }


def _released(metadata: Manifest, digest: str) -> Manifest:
    """Return metadata with the label of a release in place of a process type's."""
    labels = {key: value for key, value in metadata["labels"].items() if key != naming.PROCESS_TYPE_LABEL}
    return {**metadata, "labels": {**labels, naming.RELEASE_LABEL: digest}}


def _template(formation: str, content: FormationSpec, release: Release, digest: str) -> Manifest:
    process = ProcessType(
        command=release.command,
        args=release.args,
        env=release.env,
        env_from=release.env_from,
        resources=release.resources,
    )
    shared = content.model_copy(update={"pod_template": _shared(content.pod_template or {}, release)})
    template = pod_template.pod_template(formation, naming.RELEASE, shared, process)
    pod = _never_restarted(template["spec"])
    return {**template, "metadata": _released(template["metadata"], digest), "spec": pod}


def _shared(template: Manifest, release: Release) -> Manifest:
    """Return the shared podTemplate as it is for a release, which has none of its own to go over it."""
    pod = template.get("spec") or {}
    containers = [
        _own_container(item, release) if item["name"] == naming.PROCESS_CONTAINER else item
        for item in pod.get("containers") or []
    ]
    account = release.service_account_name
    own: dict[str, Any] = {"serviceAccountName": account} if account else {}
    return {**template, "spec": {**pod, "containers": containers, **own}}


def _own_container(container: Manifest, release: Release) -> Manifest:
    """Return what the shared podTemplate says of the container, with what the release says over it."""
    own = {key: value for key, value in container.items() if key not in OF_PROCESSES}
    if release.resources:
        own.pop("resources", None)
    if release.env:
        own["env"] = environment.combined(own.get("env") or [], release.env)
    if own.get("envFrom") and release.env_from:
        own["envFrom"] = [*own["envFrom"], *release.env_from]
    return own


def _never_restarted(pod: Manifest) -> Manifest:
    """Return a Pod whose containers aren't started again; no resizePolicy that does so is valid there."""
    containers: Manifest = {
        key: [{field: item[field] for field in item if field != "resizePolicy"} for item in pod[key]]
        for key in ("initContainers", "containers")
        if key in pod
    }
    return {**pod, **containers, "restartPolicy": "Never"}
