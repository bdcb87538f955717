"""What a pass decides from, and what it has missed of what came while it was under way.

An object that a pass writes comes back through the watch, before the answer to the write or after: an echo.
So no change of a Formation and its children requests a pass while one is under way. The pass compares at its
end how they are with what it has written, and requests another one if that differs. Echoes are recognised
here, and nowhere else.
"""

import dataclasses
from typing import Any

from formation_operator.observe import children, formations
from formation_operator.observe.children import Child, ChildId, Children
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane


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
        """Return whether it is the Formation that the pass is about, and none that took its name since."""
        return formation is not None and formations.uid_of(formation) == self.uid

    def will_compare(self, change: Change[Any]) -> bool:
        """Return whether `missed` finds a change that concerns the Formation and comes during the pass.

        It finds those of the Formation itself and of its children, be they echoes or not.
        """
        fact = change.facts[0]
        if isinstance(fact, dict):
            return formations.key_of(fact) == formations.key_of(self.formation)
        return isinstance(fact, Child)

    def written(self, child: Child) -> None:
        """Note the answer to a write of a child."""
        self.children[child.kind, child.name] = child

    def reported(self, formation: dict[str, Any]) -> None:
        """Note the Formation with the status that was written: a spec that is another since is missed."""
        self.formation = {**self.formation, **{key: formation[key] for key in formations.REPORTED}}

    def deleted(self, child: Child) -> None:
        """Note that a child was deleted."""
        self.children.pop((child.kind, child.name), None)

    def missed(self, formation: dict[str, Any] | None, there: Children) -> Lane | None:
        """Return the lane for what has changed since, but for our own writes; nothing if nothing has."""
        if formation is None:
            return None
        before = [*self.children.items(), *self.shown.items()]
        found = [children.lane_of(child, there.get(each)) for each, child in before]
        found += [children.lane_of(None, child) for each, child in there.items() if each not in self.children]
        found.append(formations.lane_of(self.formation, formation))
        return min((lane for lane in found if lane is not None), default=None)
