"""The Jobs that commands make: a one-off process, and a run of a schedule at once.

A one-off process is what a type runs with, but for its command, once and never again. It has
the Formation's label, so that it is found, and not that of a process type: no Service sends it requests, and
no Deployment counts it.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from formation_cli.failures import Failure, Mistyped
from formation_cli.objects import DEFAULT_CONTAINER, ONE_OFF, ONE_OFF_LABEL, Object, owner
from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, ProcessType
from formation_operator.kube.objects import lenient
from formation_operator.render import pod_template

BY_HAND = {"cronjob.kubernetes.io/instantiate": "manual"}
"""How kubectl marks the Job of a run that somebody has started."""
KEPT_SECONDS = 86400
"""For how long a one-off process is there after its end, if nobody deletes it."""
LONGEST = 63
"""Characters of a Job's name, which is a label of its Pods."""
LABELS = (naming.COMPONENT_LABEL, naming.PROCESS_TYPE_LABEL)


@dataclasses.dataclass(frozen=True)
class OneOff:
    """What is to be run once."""

    words: Sequence[str] = ()
    """Its command, or arguments."""
    process_type: str | None = None
    """Whose environment it gets beside what all types share."""
    size: Mapping[str, str] | None = None
    """Its CPU and memory."""
    seconds: int | None = None
    """After how many seconds it is ended."""
    stdin: bool = False
    tty: bool = False
    image: str | None = None
    """The image, in place of the type's and of the one that all types share."""
    env: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Variables that win over those of the type and over shared ones."""
    as_args: bool = False
    """Whether the words are arguments for the type's command, or the image's ENTRYPOINT."""


def job(formation: Object, wanted: OneOff, suffix: str) -> Object:
    """Return the Job of a one-off process, whose name ends so; raises `Failure` where it can't be made."""
    try:
        spec = FormationSpec.model_validate(formation["spec"])
    except ValidationError as error:
        raise Failure(f"The Formation can't be read: {lenient.shown(str(error))}") from error
    name, process = _process(spec, wanted)
    if not (process.image or spec.image):
        raise Mistyped("Each type has its own image.", hint="Name one with --type, or an image with --image.")
    try:
        template = pod_template.pod_template(formation["metadata"]["name"], name, spec, process)
    except pod_template.InvalidTypeError as error:
        raise Failure(f"{name} can't be run: {error}") from error
    pods = _unserved(template, name, wanted)
    about: Object = {"backoffLimit": 0, "ttlSecondsAfterFinished": KEPT_SECONDS, "template": pods}
    return _job(_metadata(formation, name, suffix), about, wanted.seconds)


def of_schedule(cron_job: Object, suffix: str, seconds: int | None = None) -> Object:
    """Return the Job of a run, as `kubectl create job --from` makes one from the schedule's CronJob.

    Its CronJob keeps as many of those that are over as of all others.
    """
    about, template = cron_job["metadata"], lenient.mapping(cron_job, "spec", "jobTemplate")
    metadata = lenient.mapping(template, "metadata")
    reference = {"apiVersion": "batch/v1", "kind": "CronJob", "name": about["name"], "uid": about["uid"]}
    own = {
        "name": f"{about['name']}-{suffix}",
        "labels": lenient.mapping(metadata, "labels"),
        "annotations": {**lenient.mapping(metadata, "annotations"), **BY_HAND},
        "ownerReferences": [{**reference, "controller": True}],
    }
    return _job(own, lenient.mapping(template, "spec"), seconds)


def _job(metadata: Object, spec: Object, seconds: int | None) -> Object:
    """Return a Job that is ended after so many seconds, if any."""
    limit = {"activeDeadlineSeconds": seconds} if seconds else {}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {**spec, **limit}}


def _process(spec: FormationSpec, wanted: OneOff) -> tuple[str, ProcessType]:
    """Return the type whose like is run, with the command in place of its own."""
    base = spec.processes.get(wanted.process_type or "") or ProcessType()
    resources = {"requests": {**(wanted.size or {})}, "limits": {**(wanted.size or {})}}
    words = list(wanted.words)
    own = {
        "command": base.command if wanted.as_args else words,
        "args": (words or base.args) if wanted.as_args else None,
        "image": wanted.image or base.image,
        "env": [
            *(each for each in base.env or () if each["name"] not in wanted.env),
            *({"name": name, "value": value} for name, value in wanted.env.items()),
        ],
        **({"resources": resources} if wanted.size else {}),
    }
    return wanted.process_type or ONE_OFF, base.model_copy(update=own)


def _unserved(template: Object, container: str, wanted: OneOff) -> Object:
    """Return the Pods of a type as such that nobody sends requests."""
    metadata, pod = template["metadata"], template["spec"]
    labels = {key: value for key, value in metadata["labels"].items() if key not in LABELS}
    annotations = {**(metadata.get("annotations") or {}), DEFAULT_CONTAINER: container}
    containers = [
        _process_container(each, wanted) if each["name"] == container else each for each in pod["containers"]
    ]
    return {
        "metadata": {**metadata, "labels": {**labels, ONE_OFF_LABEL: container}, "annotations": annotations},
        "spec": {**pod, "containers": containers, "restartPolicy": "Never"},
    }


def _process_container(container: Object, wanted: OneOff) -> Object:
    unwanted = ("readinessProbe", "livenessProbe", "startupProbe", "lifecycle", "ports")
    kept = {key: value for key, value in container.items() if key not in unwanted}
    terminal = {"stdin": True, "stdinOnce": True} if wanted.stdin or wanted.tty else {}
    return {**kept, **terminal, **({"tty": True} if wanted.tty else {})}


def _metadata(formation: Object, type_: str, suffix: str) -> Object:
    """Return a name that is known before the Job is there, and fits into a label; and the rest."""
    name = formation["metadata"]["name"]
    return {
        "name": f"{name}-{ONE_OFF}-"[: LONGEST - len(suffix)] + suffix,
        "labels": {naming.FORMATION_LABEL: name, ONE_OFF_LABEL: type_},
        "ownerReferences": [owner(formation)],
    }
