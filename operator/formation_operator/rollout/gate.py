"""Decides whether a content may be rolled out now, and what to do about its release: pure.

Until the release of a content has succeeded, the content that was released last is rendered. A release that
has started is never ended for a newer content: once it succeeds its content counts as released, since the
database fits that one, and the newest content is released next.
"""

import enum
from collections.abc import Sequence
from typing import NamedTuple

from formation_operator.api.formation import FormationSpec
from formation_operator.api.reasons import ReleaseState
from formation_operator.api.release_key import release_key, surroundings
from formation_operator.observe.jobs import Job


class Act(enum.Enum):
    """What to do about releases now."""

    NOTHING = "nothing"
    START = "start"
    """Run the release of the declared content."""
    DELETE = "delete"
    """Delete a Job, with its Pods; another one may start once they are gone."""
    LEAVE = "leave"
    """Mark a Job as left, because its content isn't declared any more."""


class Decision(NamedTuple):
    """How far the release of the declared content is, and what to do about releases now."""

    state: ReleaseState
    act: Act = Act.NOTHING
    job: Job | None = None
    """The Job that this is about."""


class Gate(NamedTuple):
    """What decides whether the content that the Formation has now may be rolled out."""

    digest: str
    """The digest of that content."""
    key: str
    """What its release is given."""
    needs_none: bool
    """Whether it was released before, or its release would be given the same as the last one."""
    suspended: bool
    jobs: Sequence[Job]
    """The Jobs of the Formation's releases, the oldest first."""
    started: bool = False
    """Whether the one that is under way, if any, has started a container."""

    @property
    def is_open(self) -> bool:
        """Whether the content may be rolled out.

        Its release has succeeded, or just now one that was given the same.
        """
        last = self.succeeded_last
        same = last is not None and last.key == self.key
        return self.needs_none or same or any(job.complete and job.digest == self.digest for job in self.jobs)

    @property
    def succeeded_last(self) -> Job | None:
        """The newest Job if it has succeeded and wasn't left: what the database fits now."""
        last = self.jobs[-1] if self.jobs else None
        return last if last is not None and last.complete and not last.left else None

    @property
    def under_way(self) -> Job | None:
        """The Job that has neither succeeded nor failed."""
        return next((each for each in self.jobs if each.is_under_way), None)

    def fits(self, job: Job) -> bool:
        """Return whether a Job is the content's release, or is given what that would be given."""
        return job.digest == self.digest or job.key == self.key


def decide(gate: Gate) -> Decision:
    """Return how far the release of the declared content is, and what to do about releases now."""
    under_way, left = gate.under_way, next((each for each in gate.jobs if _is_left(each, gate)), None)
    if not gate.is_open:
        return _beside(gate, under_way) if under_way is not None else _next(gate, left)
    # What is under way for another content ends by itself if it has started.
    if under_way is not None and not (gate.started or under_way.deleting):
        return Decision(ReleaseState.SUCCEEDED, Act.DELETE, under_way)
    return Decision(ReleaseState.SUCCEEDED, Act.LEAVE if left else Act.NOTHING, left)


def _beside(gate: Gate, under_way: Job) -> Decision:
    """Decide beside a Job that is neither done nor failed."""
    if under_way.deleting:
        return Decision(ReleaseState.WAITING, job=under_way)
    if gate.started or (gate.fits(under_way) and not gate.suspended):
        return Decision(ReleaseState.RUNNING, job=under_way)
    return Decision(ReleaseState.HELD if gate.suspended else ReleaseState.WAITING, Act.DELETE, under_way)


def _next(gate: Gate, left: Job | None) -> Decision:
    """Decide where no release is under way."""
    failed = next((each for each in gate.jobs if each.digest == gate.digest and each.failed), None)
    if failed is not None and not (failed.left or failed.deleting):
        return Decision(ReleaseState.FAILED, job=failed)
    if gate.suspended:
        return Decision(ReleaseState.HELD)
    if left is not None:
        return Decision(ReleaseState.WAITING, Act.LEAVE, left)
    if failed is not None and not failed.deleting:  # it was left meanwhile: its name has to become free
        return Decision(ReleaseState.WAITING, Act.DELETE, failed)
    ending = next((each for each in gate.jobs if each.deleting or not each.over), None)
    return Decision(ReleaseState.WAITING, Act.NOTHING if ending else Act.START, ending)


def _is_left(job: Job, gate: Gate) -> bool:
    """Return whether a Job is done, its content isn't declared any more, and it isn't marked so yet.

    Anyone who comes back to a failed content has it run anew. One that has succeeded is left only while the
    declared content passes: otherwise its own is rolled out first.
    """
    if job.digest == gate.digest or job.left or job.deleting:
        return False
    return bool(job.failed) or (job.complete and job is gate.jobs[-1] and gate.needs_none)


def is_given_the_same(released: FormationSpec | None, declared: FormationSpec, key: str) -> bool:
    """Return whether a declared content, whose release is given a key, needs none after a released content.

    What runs where a release command is declared for the first time counts as released.
    """
    if released is None:
        return False
    if released.release is None:
        return surroundings(released) == surroundings(declared)
    return release_key(released) == key
