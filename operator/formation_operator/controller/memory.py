"""What is remembered of one Formation from pass to pass.

Only the Formation's own pass uses it. If the Formation is deleted during a pass, no later pass reads it.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from formation_operator.diagnose.investigator import Evidence
from formation_operator.diagnose.job_pods import Blocked
from formation_operator.kube.objects import lenient
from formation_operator.observe.children import Child, ChildId
from formation_operator.observe.other_budgets import NEVER, OtherBudgets
from formation_operator.render.intents import Intent
from formation_operator.replicas.write_through import Answers
from formation_operator.rollout.memory import RolloutMemory
from formation_operator.status.first_minute import FirstMinute
from formation_operator.status.writer import Reports


@dataclasses.dataclass(slots=True)
class Memory:
    """What each room remembers of a Formation."""

    answers: Answers = dataclasses.field(default_factory=dict)
    evidence: Evidence = dataclasses.field(default_factory=Evidence)
    reports: Reports = dataclasses.field(default_factory=Reports)
    rollout: RolloutMemory = dataclasses.field(default_factory=RolloutMemory)
    first_minute: FirstMinute | None = None
    """Since when what runs does so without harm, until it is known to have run well."""
    applied: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """By uid of a child: the intent that we wrote last, and the fields that the server let us own then."""

    rendered: dict[str, tuple[object, Sequence[Intent]]] = dataclasses.field(default_factory=dict)
    """By type or schedule: what its intents were rendered from, and they without manifests, as long as a pass
    is to follow. Most passes change nothing."""

    there: Sequence[ChildId] = ()
    """The children that it had after the last pass, or should have: another client deleted those now gone."""

    suspended: dict[str, float] = dataclasses.field(default_factory=dict)
    """By uid of a CronJob that isn't wanted any more: when it was suspended, by a clock that nobody sets."""

    blocked: Mapping[str, Blocked] = dataclasses.field(default_factory=lambda: lenient.EMPTY)
    """Why runs have no Pods, by the uid of their Job."""

    others: OtherBudgets = NEVER
    """The disruption budgets of others."""

    def keep(self, children: Iterable[Child]) -> None:
        """Forget the intents of all children but these."""
        uids = {child.uid for child in children}
        for by_uid in (self.applied, self.suspended):
            for uid in by_uid.keys() - uids:
                del by_uid[uid]

    def written(self, child: Child, process_type: str, intent: Intent) -> None:
        """Take note of the answer to a write; a scale request whose count was written is done with."""
        self.remember(child, intent)
        if child.kind.traits.runs_processes and intent.whole:
            self.answers.pop(process_type, None)

    def unwritten(self, child: Child, process_type: str) -> None:
        """Take note that a child was changed without being written whole; its count is answered to."""
        self.applied.pop(child.uid, None)
        self.answers.pop(process_type, None)

    def remember(self, child: Child, intent: Intent) -> None:
        """Remember that a child is as an intent describes it."""
        applied_as = intent.applied_as
        self.applied[child.uid] = (child.digest if child.digest == applied_as else applied_as, child.owned)

    def forget(self, child: Child, intent: Intent) -> None:
        """Forget an intent before another one is written: the answer to that write may be lost."""
        if child.uid in self.applied and self.applied[child.uid][0] != intent.applied_as:
            del self.applied[child.uid]
