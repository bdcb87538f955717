"""What is news, and how urgent: one look at an object is compared with the one before.

An object that a pass writes comes back through the watch, before the answer to the write or after.
Whatever is seen while a pass is under way is therefore judged at its end, by what it has left.
"""

import dataclasses
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from formation_operator.observe import formations
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child, ChildId, Children
from formation_operator.observe.pods import Pod
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane


def of(kind: str, change: Change[Any]) -> Lane | None:
    """Return where those have to wait whom a change of an object concerns; nowhere if it is no news."""
    if kind == naming.KIND:
        return of_formation(change.before, change.now)
    if kind == kinds.POD:
        return of_pod(change.before, change.now)
    judge = of_autoscaler if kind in kinds.AUTOSCALERS else of_child
    return judge(change.before, change.now)


def of_formation(before: dict[str, Any] | None, now: dict[str, Any] | None) -> Lane | None:
    """Return the lane for a Formation that came or changed, or for its rivals if it went."""
    if before is now:
        return None
    if before is None or now is None or formations.uid_of(before) != formations.uid_of(now):
        return Lane.BUILD
    if before["metadata"].get("generation") != now["metadata"].get("generation"):
        return Lane.CHANGE
    return Lane.REPORT if before["status_digest"] != now["status_digest"] else None


def of_child(before: Child | None, now: Child | None) -> Lane | None:
    """Return the lane for a child that came, went or changed; nothing if that is no news."""
    if before is now:
        return None
    if before is None or now is None:
        return Lane.BUILD
    if before.replicas != now.replicas:
        return Lane.CHANGE
    if not before.same_object_as(now):
        return Lane.BUILD
    return Lane.REPORT if before.rollout != now.rollout else None


def of_autoscaler(before: Autoscaler | None, now: Autoscaler | None) -> Lane | None:
    """Return where those have to wait whom an autoscaler scales: most of its changes are of its status."""
    if before is not None and now is not None:
        before = dataclasses.replace(before, resource_version=now.resource_version)
    return Lane.BUILD if before != now else None


def of_pod(before: Pod | None, now: Pod | None) -> Lane | None:
    """Return where a Formation has to wait of which a Pod isn't well, or is again."""
    same = now.same_as(before) if now is not None else before is None
    return None if same else Lane.REPORT


@dataclasses.dataclass
class Basis:
    """What a pass decides from: the Formation and its children when it began, and its own writes since."""

    formation: dict[str, Any]
    children: dict[ChildId, Child]
    shown: Children = dataclasses.field(default_factory=dict)
    """The children that the status is about: figures may change after it began, and change back."""

    @property
    def uid(self) -> str:
        """Whom the pass is about."""
        return formations.uid_of(self.formation)

    def is_about(self, formation: dict[str, Any] | None) -> bool:
        """Tell whether it is the Formation that the pass is about, and none that took its name since."""
        return formation is not None and formations.uid_of(formation) == self.uid

    def written(self, child: Child) -> None:
        """Note the answer to a write of a child."""
        self.children[child.kind, child.name] = child

    def reported(self, formation: dict[str, Any]) -> None:
        """Note the Formation with the status that was written: a spec that is another since is news."""
        self.formation = {**self.formation, **{key: formation[key] for key in formations.REPORTED}}

    def deleted(self, child: Child) -> None:
        """Note that a child was deleted."""
        self.children.pop((child.kind, child.name), None)

    def news(self, formation: dict[str, Any] | None, children: Children) -> Lane | None:
        """Return the lane for what has changed since, but for our own writes; nothing if nothing has."""
        if formation is None:
            return None
        found = [
            of_child(self.children.get(each), children.get(each)) for each in {**self.children, **children}
        ]
        found += [of_child(child, children.get(each)) for each, child in self.shown.items()]
        found.append(of_formation(self.formation, formation))
        return min((lane for lane in found if lane is not None), default=None)
