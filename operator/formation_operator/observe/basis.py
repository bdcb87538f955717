"""What a pass decides from, and which changes it has missed while it was under way.

An object that a pass writes comes back through the watch, before or after the answer to the write: an echo.
So changes of a Formation and its children request no pass while its pass is under way. At its end the pass
compares them with what it has written, and requests another pass if they differ. Echoes are recognised only
here.
"""

import dataclasses
from typing import Any

from formation_operator.observe import children, formations
from formation_operator.observe.children import Child, ChildId, Children
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane


@dataclasses.dataclass
class Basis:
    """What a pass decides from: the Formation and its children at its start, and its own writes."""

    formation: dict[str, Any]
    children: dict[ChildId, Child]
    shown: Children = dataclasses.field(default_factory=dict)
    """The children that the status is about: during the pass, figures may change, and change back."""

    @property
    def uid(self) -> str:
        """The uid of the Formation that the pass is about."""
        return formations.uid_of(self.formation)

    def is_about(self, formation: dict[str, Any] | None) -> bool:
        """Return whether it is the Formation that the pass is about, and not a later one of its name."""
        return formation is not None and formations.uid_of(formation) == self.uid

    def will_compare(self, change: Change[Any]) -> bool:
        """Return whether `missed` compares the object of a change that comes during the pass.

        It compares the Formation itself and its children, but no autoscaler of others: these aren't listed
        with them.
        """
        fact = change.facts[0]
        if isinstance(fact, dict):
            return formations.key_of(fact) == formations.key_of(self.formation)
        return isinstance(fact, Child) and (fact.autoscaler is None or fact.is_owned_by(self.uid))

    def written(self, child: Child) -> None:
        """Note the answer to a write of a child."""
        self.children[child.kind, child.name] = child

    def reported(self, formation: dict[str, Any]) -> None:
        """Note the status that was written; the spec stays the one that the pass decided from."""
        self.formation = {**self.formation, **{key: formation[key] for key in formations.REPORTED}}

    def deleted(self, child: Child) -> None:
        """Note that a child was deleted."""
        self.children.pop((child.kind, child.name), None)

    def missed(self, formation: dict[str, Any] | None, there: Children) -> Lane | None:
        """Return the lane for the changes during the pass that aren't its own; nothing if there are none."""
        if formation is None:
            return None
        before = [*self.children.items(), *self.shown.items()]
        found = [children.lane_of(child, there.get(each)) for each, child in before]
        found += [children.lane_of(None, child) for each, child in there.items() if each not in self.children]
        found.append(formations.lane_of(self.formation, formation))
        return min((lane for lane in found if lane is not None), default=None)
