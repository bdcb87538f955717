"""The autoscalers of a namespace, which decide about counts, and their targets."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.objects.kinds import ChildKind, Key
from formation_operator.observe.store import Wanting

KEDA_PAUSED, KEDA_PAUSED_AT = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"
"""The annotations that hold a ScaledObject's target as it is, or at a count, which comes first."""
DEPLOYMENT = (ChildKind.DEPLOYMENT.traits.group, str(ChildKind.DEPLOYMENT))
FORMATION = (naming.GROUP, naming.KIND)
"""Group and kind of what we look at: another group may have a kind of that name, too."""
LONGEST_NAME = 253
"""Characters of the name of an object. None has a longer kind or API group."""
WORKS, AT_ZERO = ("AbleToScale", "ScalingActive"), "ScalingDisabled"
"""The conditions of an HPA that are false where it can't scale, and their reason at a zero of others."""
Target = tuple[str, str, str]
"""The API group, kind and name of what is scaled."""


@dataclasses.dataclass(frozen=True, slots=True)
class Autoscaler:
    """An HPA, or KEDA's ScaledObject, and its target."""

    kind: str
    namespace: str
    name: str
    resource_version: str = dataclasses.field(compare=False)
    target: Target
    """What it scales, by whatever version of its API group."""
    held_at_zero: bool = False
    """Whether it leaves a target at zero: an HPA that may not scale up, or a paused ScaledObject."""
    scaled_to_zero: bool = False
    """Whether an HPA has scaled its target to zero itself: it leaves any other zero as it is."""

    def __str__(self) -> str:
        """Return how people name it."""
        return f"{self.kind}/{self.name}"

    @property
    def starts_from_zero(self) -> bool:
        """Whether it may scale up what is at zero."""
        return (self.kind == kinds.SCALED_OBJECT or self.scaled_to_zero) and not self.held_at_zero


@dataclasses.dataclass(frozen=True, slots=True)
class Scaling:
    """How an HPA does, by its own conditions."""

    trouble: str = ""
    """The reason why it can't scale; empty if it can, or stands still because its target is at zero."""
    message: str = dataclasses.field(default="", compare=False)
    """The same as a sentence, which may name another Pod each time."""
    since: str = ""
    """Since when, as a time in RFC 3339."""
    limited: bool = False
    """Whether its metrics ask for more than its maximum."""


FINE, LIMITED = Scaling(), Scaling(limited=True)
Deciding = Mapping[Target, Autoscaler]
"""The autoscaler of each target of a namespace; if a target has several, the one that counts."""


def autoscaler(raw: dict[str, Any], kind: str) -> Autoscaler:
    """Return the facts of an HPA or a ScaledObject."""
    metadata = raw["metadata"]
    to_zero = lenient.conditions(lenient.mapping(raw, "status")).get("ScaledToZero", {})
    return Autoscaler(
        kind=kind,
        namespace=metadata["namespace"],
        name=metadata["name"],
        resource_version=metadata["resourceVersion"],
        target=_target(lenient.mapping(raw, "spec", "scaleTargetRef"), kind),
        held_at_zero=_held_at_zero(raw, kind),
        scaled_to_zero=kind == kinds.HPA and to_zero.get("status") == "True",
    )


def _held_at_zero(raw: dict[str, Any], kind: str) -> bool:
    """Return whether an autoscaler leaves a target at zero."""
    if kind == kinds.HPA:
        # A minimum that was raised afterwards takes precedence.
        policy = lenient.mapping(raw, "spec", "behavior", "scaleUp").get("selectPolicy")
        return policy == "Disabled" and lenient.mapping(raw, "spec").get("minReplicas") == 0
    annotations = raw["metadata"].get("annotations") or {}
    count = annotations.get(KEDA_PAUSED_AT)
    return count == "0" or (count is None and annotations.get(KEDA_PAUSED) == "true")


def scaling(raw: dict[str, Any]) -> Scaling:
    """Return how an HPA does."""
    conditions = lenient.conditions(lenient.mapping(raw, "status"))
    for each in (conditions.get(type_, {}) for type_ in WORKS):
        reason = lenient.word(each, "reason")
        if each.get("status") == "False" and reason != AT_ZERO:
            since = lenient.word(each, "lastTransitionTime")
            return Scaling(reason or "Unknown", lenient.text(each, "message"), since)
    limit = conditions.get("ScalingLimited", {})
    return LIMITED if limit.get("status") == "True" and limit.get("reason") == "TooManyReplicas" else FINE


def _target(reference: dict[str, Any], kind: str) -> Target:
    """Return what a reference names: an HPA without a version finds no Deployment, and KEDA takes apps/v1."""
    version = lenient.text(reference, "apiVersion")
    group = version.partition("/")[0] if "/" in version else ""
    if kind == kinds.SCALED_OBJECT and not version:
        group = DEPLOYMENT[0]
    # KEDA's default, and the only kind of ours that has a name of its own to scale.
    of_kind = lenient.text(reference, "kind") or ChildKind.DEPLOYMENT
    return _possible(group), _possible(of_kind), _possible(lenient.text(reference, "name"))


def _possible(name: str) -> str:
    """Return a kind, a name or a group if an object can have it, else nothing, which none has as a name.

    All autoscalers are kept, however many, because we would overwrite the count of one that was dropped. So
    each must take little memory.
    """
    return name if len(name) <= LONGEST_NAME and name.isascii() else ""


def group_of(namespace: str, target: str) -> tuple[str, str, str]:
    """Return the group of what scales something of a name."""
    return "scales", namespace, target


def scaled(autoscaler: Autoscaler, wanting: Wanting) -> Iterable[Key]:
    """Return the Formation that an autoscaler scales, or those that want the Deployment that it scales."""
    target = autoscaler.namespace, autoscaler.target[-1]
    if autoscaler.target[:2] == FORMATION:
        return [target]
    return wanting(target) if autoscaler.target[:2] == DEPLOYMENT else ()


def deciding(scalers: Iterable[Autoscaler]) -> Deciding:
    """Return the autoscaler of each target: a ScaledObject comes before the HPA that KEDA makes for it."""
    last_first = sorted(scalers, key=lambda each: (each.kind == kinds.HPA, each.name), reverse=True)
    return {each.target: each for each in last_first}


def of_child(scalers: Deciding, name: str) -> Autoscaler | None:
    """Return the autoscaler of a Deployment."""
    return scalers.get((*DEPLOYMENT, name))


def of_formation(
    scalers: Deciding, formation: str, process_type: str = naming.SCALED_TYPE
) -> Autoscaler | None:
    """Return the autoscaler of a Formation if it sets the count of a type."""
    return scalers.get((*FORMATION, formation)) if process_type == naming.SCALED_TYPE else None
