"""Who else decides about counts: the autoscalers of a namespace and what they scale."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from formation_operator import naming

HPA = "HorizontalPodAutoscaler"
SCALED_OBJECT = "ScaledObject"
KINDS = (HPA, SCALED_OBJECT)

KEDA_PAUSED = "autoscaling.keda.sh/paused-replicas"


@dataclasses.dataclass(frozen=True)
class Autoscaler:
    """An HPA, or KEDA's ScaledObject, and its target."""

    kind: str
    namespace: str
    name: str
    resource_version: str
    target_kind: str
    target_name: str
    held_at_zero: bool = False
    """Whether a ScaledObject is told to keep its target at zero."""

    def __str__(self) -> str:
        """Return how people name it."""
        return f"{self.kind}/{self.name}"

    def scales(self, kind: str, name: str) -> bool:
        """Tell whether this is its target."""
        return (self.target_kind, self.target_name) == (kind, name)


def autoscaler(raw: dict[str, Any], kind: str) -> Autoscaler:
    """Return the facts of an HPA or a ScaledObject."""
    metadata = raw["metadata"]
    target = (raw.get("spec") or {}).get("scaleTargetRef") or {}
    return Autoscaler(
        kind=kind,
        namespace=metadata["namespace"],
        name=metadata["name"],
        resource_version=metadata["resourceVersion"],
        # KEDA's default, and the only kind of ours that has a name of its own to scale.
        target_kind=target.get("kind") or "Deployment",
        target_name=target.get("name") or "",
        held_at_zero=(metadata.get("annotations") or {}).get(KEDA_PAUSED) == "0",
    )


def of_child(known: Iterable[Autoscaler], name: str) -> Autoscaler | None:
    """Return the autoscaler of a Deployment; KEDA makes an HPA of its own, so its object comes first."""
    found = [each for each in known if each.scales("Deployment", name)]
    return min(found, key=lambda each: (each.kind == HPA, each.name), default=None)


def of_formation(known: Iterable[Autoscaler], name: str) -> Autoscaler | None:
    """Return the autoscaler of a Formation, which scales its type web."""
    found = [each for each in known if each.scales(naming.KIND, name)]
    return min(found, key=lambda each: each.name, default=None)
