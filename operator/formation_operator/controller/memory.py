"""What is remembered of one Formation from pass to pass.

A pass has it in hand, and nobody else: what goes on after its Formation has gone writes into what nobody
looks at any more.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from formation_operator.diagnose.evidence import Evidence
from formation_operator.observe.children import Child
from formation_operator.render.desired import Intent
from formation_operator.replicas.count_owner import Replicas
from formation_operator.replicas.write_through import Answers
from formation_operator.status.writer import Reports


class Rendered(NamedTuple):
    """What a Formation of a generation asked for, given the count of each type; without the manifests."""

    generation: int
    counts: Mapping[str, Replicas]
    intents: list[Intent]


@dataclasses.dataclass(slots=True)
class Memory:
    """What each room remembers of a Formation."""

    answers: Answers = dataclasses.field(default_factory=dict)
    evidence: Evidence = dataclasses.field(default_factory=Evidence)
    reports: Reports = dataclasses.field(default_factory=Reports)
    settled: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """By uid of a child: the intent that it had last by our doing, and what the server let us own then."""

    rendered: Rendered | None = None
    """What it asked for when a change of it was written, until that is reported."""

    def keep(self, children: Iterable[Child]) -> None:
        """Forget the intents of all children but these."""
        uids = {child.uid for child in children}
        for uid in self.settled.keys() - uids:
            del self.settled[uid]

    def settle(self, child: Child, intent: str) -> None:
        """Remember that a child is as an intent has it."""
        self.settled[child.uid] = (intent, child.owned)

    def unsettle(self, child: Child, intent: str) -> None:
        """Forget the intent that a child had before another is written: the answer to that may be lost."""
        if child.uid in self.settled and self.settled[child.uid][0] != intent:
            del self.settled[child.uid]
