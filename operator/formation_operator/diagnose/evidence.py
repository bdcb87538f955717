"""What was read about the Pods of each Formation, kept within a bound of memory."""

import dataclasses
from collections.abc import Mapping

from formation_operator.backoff import Attempt
from formation_operator.diagnose.pod_events import Events
from formation_operator.shares import Shares, size_of

MOST_ANSWERS = 32 * 2**20
"""Bytes of memory that the answers about all Pods may take; dropped ones are read again after their
pause."""

Answer = Attempt[Events]
"""The Events about a Pod that had a fingerprint."""


@dataclasses.dataclass(slots=True, eq=False)
class Evidence:
    """What was read about a Formation's Pods, as long as some aren't well."""

    namespace: str = ""
    answers: dict[str, Answer] = dataclasses.field(default_factory=dict)
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

    def keep(self, evidence: Evidence, kept: dict[str, Answer], fresh: Mapping[str, Answer]) -> None:
        """Set the answers of an evidence to some earlier and some fresh ones, within the bound."""
        for uid in evidence.answers.keys() - kept:
            self._held.pop(evidence.namespace, (evidence, uid))
        evidence.answers = {**kept, **fresh}
        for uid, answer in {} if evidence.over else fresh.items():
            identity = (evidence, uid)
            for _, (other, pod) in self._held.put(evidence.namespace, identity, None, size_of(answer)):
                if pod in other.answers:  # the time of the next read stays
                    other.answers[pod] = dataclasses.replace(other.answers[pod], found=())

    def forget(self, evidence: Evidence) -> None:
        """Drop all answers about the Pods of a Formation that is gone, and keep no later ones."""
        self.keep(evidence, {}, {})
        evidence.over = True
