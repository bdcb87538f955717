"""What is remembered of the rollouts of one Formation; the next leader finds all of it out again."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from formation_operator.api.content import Mark, content_of, digest_of, revision_name
from formation_operator.api.formation_status import Revision
from formation_operator.api.reasons import CanaryState
from formation_operator.api.release_key import release_key
from formation_operator.backoff import Attempt, attempt
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.deploys import Deploy
from formation_operator.observe.faults import Problem
from formation_operator.observe.snapshot import Snapshot
from formation_operator.requeue import Lane, Requeue
from formation_operator.rollout.canary import Proof
from formation_operator.rollout.revisions import History, Record

RETRY_FIRST, RETRY_MOST = 2.0, 300.0
"""Seconds until a step that failed is tried again, at first and at the most."""


@dataclasses.dataclass(slots=True)
class Trial:
    """What is remembered of the declared content's trial, as long as that content is declared."""

    record: Record | None = None
    """What that content's own revision says; nothing if there is none."""
    is_read: bool = False
    """Whether that revision was looked for."""
    proven: Mapping[str, Proof] = dataclasses.field(default_factory=lambda: lenient.EMPTY)
    """By type: the canary that the last report saw stand."""
    roomless: float | None = None
    """Since when no canary of the default has room, by a clock that nobody sets."""
    yields: frozenset[str] = frozenset()
    """The types that had none for long enough at the last report: the deploy needs no canary of them."""
    imageless: float | None = None
    """Since when an image of a canary can't be pulled, by the same clock."""

    @property
    def state(self) -> CanaryState | None:
        """How far the canaries are, by the revision."""
        return self.record.trial if self.record is not None else None


class Comparison(NamedTuple):
    """What two contents were compared by: if that is the same again, so is what differs."""

    before: Mark | None
    digest: str
    """Of the declared content."""
    canary_seconds: int
    is_default: bool
    """Whether nobody has declared canaries."""
    ran_well: frozenset[str]
    """The types with which the declared content has run well."""


@dataclasses.dataclass(slots=True)
class RolloutMemory:
    """What is remembered of the rollouts of one Formation."""

    generation: int = -1
    digest: str = ""
    """Of the content that the Formation has at that generation."""
    key: str = ""
    """What its release is given."""
    declared: Deploy | None = None
    """By whom that content was declared, and why."""
    released: Mark | None = None
    """What names the content that was let through last, before a Deployment does."""

    compared: str = ""
    """The digest of the content whose absent fields the CRD was asked for."""
    lost: str = ""
    """The fields that the CRD has lost of it, with the way out; empty if it has all."""
    comparison: Comparison | None = None
    """The last comparison of the declared content with the one before."""
    changed: Mapping[str, str] = dataclasses.field(default_factory=lambda: lenient.EMPTY)
    """The digest of the canary of each type in which both differ."""
    trial: Trial = dataclasses.field(default_factory=Trial)
    left: Record | None = None
    """What was said of the content that was tried before the declared one: that try is over."""
    threatens: str = ""
    """The digest of the content that was declared while processes ran, as far as this leader knows."""
    kept: Mark | None = None
    """The content whose revision was written last."""
    unkept: Attempt[Problem | None] | None = None
    """The try to write a revision, if it failed, and what is said of that."""
    history: History | None = None
    """The revisions that there were when a content was let through; nothing once those too many are gone."""
    failed: Attempt[Sequence[Problem]] | None = None
    """The step of a release that failed, and what is said of it."""
    unread: Attempt[None] | None = None
    """The choice of a content, if it has failed since one succeeded."""

    def look(self, snapshot: Snapshot) -> None:
        """Note digest and key of the content that a Formation has now, once for each generation.

        A spec that was read again may lack fields at the same generation: an older CRD prunes what is read,
        too.
        """
        generation = snapshot.owner.generation
        is_first = self.generation < 0
        if self.generation != generation or snapshot.raw.get("reread"):
            self.generation = generation
            digest = digest_of(content_of(snapshot.raw["spec"]))
            if digest != self.digest:
                left = self.trial.record if self.trial.state is not None else self.left
                self.left = left if left is not None and left.digest != digest else None
                self.digest = digest
                self.trial = Trial()
                self.declared = snapshot.raw.get("declared")
            self.key = release_key(snapshot.spec)
            if not self.lost:  # what has gone now may be no content
                self.compared = ""
        runs = snapshot.runs and not snapshot.spec.suspend
        if runs or (is_first and snapshot.deployments):  # it may have come while they ran
            self.threatens = self.digest
        if snapshot.spec.paused:
            self.trial.roomless = None
            self.trial.yields = frozenset()
        marks = (*snapshot.marks, *filter(None, (self.released,)))
        self.released = max(marks, default=None)

    @property
    def is_released(self) -> bool:
        """Whether the content that the Formation has now was let through last."""
        return self.released is not None and self.released.digest == self.digest

    @property
    def what(self) -> tuple[str, str]:
        """What is released, and what its release is given."""
        return self.digest, self.key

    def revision(self, snapshot: Snapshot) -> Revision | None:
        """Return the revision that was written last."""
        if (mark := self.kept or snapshot.reported) is None:
            return None
        return Revision(name=revision_name(snapshot.owner.name, mark.digest), number=mark.number)

    def record_of(self, digest: str) -> Record | None:
        """Return what the revision of a content says, if it is known."""
        both = filter(None, (self.trial.record, self.left))
        return next((each for each in both if each.digest == digest), None)

    def note(self, record: Record, raw: Mapping[str, Any]) -> None:
        """Note what the declared content's own revision says, and since which version."""
        if record.digest == self.digest:
            uid, version = raw["metadata"]["uid"], raw["metadata"]["resourceVersion"]
            self.trial.record = dataclasses.replace(record, uid=uid, version=version)
            self.trial.is_read = True

    def retry(self, now: float, problems: Sequence[Problem] = ()) -> Requeue:
        """Note that a step failed, and return when to try again: later each time, whatever the counts are."""
        self.failed = attempt(self.failed, self.what, problems, now, (RETRY_FIRST, RETRY_MOST))
        return Requeue(Lane.REPORT, self.failed.delay)
