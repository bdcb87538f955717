"""What is remembered of one Formation from pass to pass.

Only the pass of the Formation uses it. A pass that goes on after its Formation has gone writes into a memory
that isn't used any more.
"""

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

from formation_operator.diagnose.evidence import Evidence
from formation_operator.observe.children import Child
from formation_operator.render.desired import Intent
from formation_operator.replicas.write_through import Answers
from formation_operator.status.writer import Reports
from formation_operator.sync.revision_keeper import Noted


class Rendered(NamedTuple):
    """What was rendered from a content with some counts; the children themselves show the rest."""

    content: int | str
    """The content's version."""
    counts: tuple[object, ...]
    """What was rendered of each type's count."""
    number: int
    """Of objects."""


@dataclasses.dataclass(slots=True)
class Memory:
    """What each room remembers of a Formation."""

    answers: Answers = dataclasses.field(default_factory=dict)
    evidence: Evidence = dataclasses.field(default_factory=Evidence)
    reports: Reports = dataclasses.field(default_factory=Reports)
    noted: Noted = dataclasses.field(default_factory=Noted)
    applied: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """By uid of a child: the intent that it had last by our doing, and what the server let us own then."""

    rendered: Rendered | None = None
    """What the last pass rendered: as long as all is like that, nothing is rendered anew."""

    def keep(self, children: Iterable[Child]) -> None:
        """Forget the intents of all children but these."""
        uids = {child.uid for child in children}
        for uid in self.applied.keys() - uids:
            del self.applied[uid]

    def written(self, child: Child, process_type: str, intent: Intent) -> None:
        """Take note of the answer to a write: a count that it says has no request waiting any more."""
        self.remember(child, intent)
        if child.kind.traits.runs_processes and intent.whole:
            self.answers.pop(process_type, None)

    def remember(self, child: Child, intent: Intent) -> None:
        """Remember that a child is as an intent has it."""
        self.applied[child.uid] = (intent.applied_as, child.owned)

    def forget(self, child: Child, intent: Intent) -> None:
        """Forget the intent that a child had before another is written: the answer to that may be lost."""
        if child.uid in self.applied and self.applied[child.uid][0] != intent.applied_as:
            del self.applied[child.uid]
