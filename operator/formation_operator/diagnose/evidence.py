"""What was read about the Pods of each Formation, kept within a bound of memory."""

import dataclasses
import itertools
import sys
from collections.abc import Iterable

from formation_operator.diagnose.finding import PodEvent
from formation_operator.observe.pods import Pod
from formation_operator.shares import Shares

MOST_ANSWERS = 32 * 2**20
"""Bytes of memory that the answers about all Pods may take; dropped ones are read again after their
pause."""
USUAL_SIZE = 256
"""Bytes that an Event takes without its texts."""


@dataclasses.dataclass(frozen=True)
class Inquiry:
    """The Events about a Pod, and when they were read."""

    namespace: str
    uid: str
    fingerprint: int
    """A hash of the facts that the Pod had then."""
    events: tuple[PodEvent, ...]
    read_at: float
    pause: float

    def holds(self, pod: Pod, now: float) -> bool:
        """Return whether it is still valid for a Pod."""
        return hash(pod) == self.fingerprint and now < self.read_at + self.pause

    @property
    def size(self) -> int:
        """An estimate of its bytes of memory; most of them are texts."""
        texts = itertools.chain(*((each.reason, each.message, each.container) for each in self.events))
        return (1 + len(self.events)) * USUAL_SIZE + sum(map(sys.getsizeof, texts))


@dataclasses.dataclass(slots=True, eq=False)
class Evidence:
    """What was read about a Formation's Pods, as long as some aren't well."""

    answers: dict[str, Inquiry] = dataclasses.field(default_factory=dict)
    """By uid of a Pod."""
    templates: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """By process type: a revision of its Deployment, and the hash of that revision's template."""
    over: bool = False
    """Whether its Formation is gone, so that the answers of a pass under way aren't kept."""


class Archive:
    """Keeps the answers of all evidence within the bound."""

    def __init__(self) -> None:
        self._held: Shares[tuple[Evidence, str], None] = Shares(MOST_ANSWERS)
        """Every answer, by the evidence that has it and the uid of its Pod."""

    def __len__(self) -> int:
        """Return the estimated bytes of all answers."""
        return len(self._held)

    def keep(self, evidence: Evidence, kept: dict[str, Inquiry], fresh: Iterable[Inquiry]) -> None:
        """Set the answers of an evidence to some earlier and some fresh ones, within the bound."""
        for uid, answer in evidence.answers.items():
            if uid not in kept:
                self._held.pop(answer.namespace, (evidence, uid))
        evidence.answers = kept
        for answer in fresh:
            kept[answer.uid] = answer
            if evidence.over:
                continue
            identity = (evidence, answer.uid)
            for _, (other, uid) in self._held.put(answer.namespace, identity, None, answer.size):
                if uid in other.answers:  # the time of the next read stays
                    other.answers[uid] = dataclasses.replace(other.answers[uid], events=())

    def forget(self, evidence: Evidence) -> None:
        """Drop all answers about the Pods of a Formation that is gone, and keep no later ones."""
        self.keep(evidence, {}, ())
        evidence.over = True
