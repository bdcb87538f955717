"""Restart a type's processes, as `kubectl rollout restart` does, and find what uses a ConfigMap or Secret."""

from collections.abc import Iterable, Iterator

from formation_cli.objects import Object
from formation_cli.words.sources import CONFIG_MAP, SECRET, Source
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""kubectl's own annotation: one more restart by either replaces the other's time."""
IN_ENVIRONMENT = {CONFIG_MAP: ("configMapKeyRef", "configMapRef"), SECRET: ("secretKeyRef", "secretRef")}
IN_VOLUMES = {CONFIG_MAP: ("configMap", "name"), SECRET: ("secret", "secretName")}


def patch(now: str) -> Object:
    """Return the merge patch of a Deployment that changes nothing of its Pods but a time."""
    return {"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: now}}}}}


def type_of(deployment: Object) -> tuple[str, str] | None:
    """Return the Formation and the type that a Deployment was made for, or nothing if it is another one.

    A canary is no type, and has another name: it goes by itself.
    """
    metadata = lenient.mapping(deployment, "metadata")
    labels = lenient.mapping(metadata, "labels")
    formation = lenient.text(labels, naming.FORMATION_LABEL)
    type_ = lenient.text(labels, naming.PROCESS_TYPE_LABEL)
    owned = any(
        lenient.text(each, "kind") == naming.KIND and lenient.text(each, "name") == formation
        for each in lenient.items(metadata, "ownerReferences")
    )
    made = owned and lenient.text(metadata, "name") == naming.child(formation, type_)
    return (formation, type_) if made else None


def uses(deployment: Object, wanted: Iterable[Source]) -> bool:
    """Tell whether the Pods of a Deployment get variables or files from one of these."""
    return not {*wanted}.isdisjoint(sources(lenient.mapping(deployment, "spec", "template", "spec")))


def sources(pod: Object, *, needed: bool = False) -> set[Source]:
    """Return what a Pod gets variables or files from; if ``needed``, only what it can't start without.

    A Secret for pulling images isn't looked at: no process reads it.
    """
    return {
        Source(kind, name)
        for kind, reference, field in (*_of_environment(pod), *_of_volumes(pod))
        if (name := lenient.text(reference, field)) and not (needed and reference.get("optional") is True)
    }


def _of_environment(pod: Object) -> Iterator[tuple[str, Object, str]]:
    """Yield the kind, what refers to it, and the field in which the name is."""
    for container in (*lenient.items(pod, "initContainers"), *lenient.items(pod, "containers")):
        for kind, (in_env, in_env_from) in IN_ENVIRONMENT.items():
            for variable in lenient.items(container, "env"):
                yield kind, lenient.mapping(variable, "valueFrom", in_env), "name"
            for each in lenient.items(container, "envFrom"):
                yield kind, lenient.mapping(each, in_env_from), "name"


def _of_volumes(pod: Object) -> Iterator[tuple[str, Object, str]]:
    for volume in lenient.items(pod, "volumes"):
        for kind, (field, named_by) in IN_VOLUMES.items():
            yield kind, lenient.mapping(volume, field), named_by
            for each in lenient.items(lenient.mapping(volume, "projected"), "sources"):
                yield kind, lenient.mapping(each, field), "name"
