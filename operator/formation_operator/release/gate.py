"""Decides whether a content may be rolled out now, and what to do about its release: pure.

Until the release of a content has succeeded, the content that was released last is rendered. A release that
has started is never ended for a newer content: once it succeeds its content counts as released, since the
database fits that one, and the newest content is released next.
"""

import enum
from collections.abc import Sequence
from typing import NamedTuple

from formation_operator.observe.jobs import Job


class Act(enum.Enum):
    """What to do about releases now."""

    NOTHING = "nothing"
    START = "start"
    """Run the release of the wanted content."""
    DELETE = "delete"
    """Delete a Job, with its Pods; another one may start once they are gone."""
    LEAVE = "leave"
    """Mark a Job as left, because its content isn't wanted any more."""


class Phase(enum.Enum):
    """How far the release of the wanted content is."""

    OPEN = "open"
    """It needs none, or it has succeeded: the content may be rolled out."""
    RUNNING = "running"
    FAILED = "failed"
    HELD = "held"
    """The Formation is suspended, so none starts."""
    ENDING = "ending"
    """An earlier one has to be gone first."""
    STARTING = "starting"


class Situation(NamedTuple):
    """What the decision needs to know of a Formation whose wanted content wasn't released last."""

    wanted: str
    """The digest of the content that the Formation has now."""
    key: str
    """What its release is given."""
    needs_none: bool
    """Whether it was released before, or its release would be given the same as the last one."""
    suspended: bool
    jobs: Sequence[Job]
    """The Jobs of the Formation's releases, the oldest first."""
    started: bool = False
    """Whether the one that is under way, if any, has started a container."""


class Decision(NamedTuple):
    """What follows from a situation."""

    phase: Phase
    act: Act = Act.NOTHING
    job: Job | None = None
    """The Job that the phase is about."""
    target: Job | None = None
    """The Job to act on."""


def decide(this: Situation) -> Decision:
    """Return whether the wanted content may be rolled out, and what to do about releases now."""
    under_way = next((each for each in this.jobs if each.is_under_way), None)
    left = next((each for each in this.jobs if _is_left(each, this)), None)
    if is_open(this):
        return _open(this, under_way, left)
    return _beside(this, under_way) if under_way is not None else _next(this, left)


def is_open(this: Situation) -> bool:
    """Return whether the wanted content may be rolled out."""
    return this.needs_none or _has_succeeded(this)


def _next(this: Situation, left: Job | None) -> Decision:
    """Decide where no release is under way."""
    failed = next((each for each in this.jobs if each.digest == this.wanted and each.failed), None)
    if failed is not None and not (failed.left or failed.deleting):
        return Decision(Phase.FAILED, job=failed)
    if this.suspended:
        return Decision(Phase.HELD)
    if left is not None:
        return Decision(Phase.STARTING, Act.LEAVE, target=left)
    if failed is not None and not failed.deleting:  # it was left meanwhile: its name has to become free
        return Decision(Phase.ENDING, Act.DELETE, failed, failed)
    ending = next((each for each in this.jobs if each.deleting or not each.over), None)
    return Decision(Phase.ENDING, job=ending) if ending is not None else Decision(Phase.STARTING, Act.START)


def succeeded_last(jobs: Sequence[Job]) -> Job | None:
    """Return the newest Job if it has succeeded and wasn't left: what the database fits now."""
    return jobs[-1] if jobs and jobs[-1].complete and not jobs[-1].left else None


def _has_succeeded(this: Situation) -> bool:
    """Return whether the wanted content's release has succeeded, or just now one that was given the same."""
    last = succeeded_last(this.jobs)
    same = last is not None and last.key == this.key
    return same or any(each.complete and each.digest == this.wanted for each in this.jobs)


def _is_left(job: Job, this: Situation) -> bool:
    """Return whether a Job is done, its content isn't wanted any more, and it isn't marked so yet.

    Anyone who comes back to a failed content has it run anew. One that has succeeded is left only while the
    wanted content passes: otherwise its own is rolled out first.
    """
    if job.digest == this.wanted or job.left or job.deleting:
        return False
    return bool(job.failed) or (job.complete and job is this.jobs[-1] and this.needs_none)


def _open(this: Situation, under_way: Job | None, left: Job | None) -> Decision:
    """Let the wanted content through; what is under way for another one ends by itself if it has started."""
    if under_way is not None and not (this.started or under_way.deleting):
        return Decision(Phase.OPEN, Act.DELETE, target=under_way)
    return Decision(Phase.OPEN, Act.LEAVE if left else Act.NOTHING, target=left)


def _beside(this: Situation, under_way: Job) -> Decision:
    """Decide beside a Job that is neither done nor failed."""
    if under_way.deleting:
        return Decision(Phase.ENDING, job=under_way)
    right = fits(under_way, this.wanted, this.key)
    if this.started or (right and not this.suspended):
        return Decision(Phase.RUNNING, job=under_way)
    return Decision(Phase.HELD if this.suspended else Phase.ENDING, Act.DELETE, under_way, under_way)


def fits(job: Job, wanted: str, key: str) -> bool:
    """Return whether a Job is the release of a content, or is given what that would be given."""
    return job.digest == wanted or job.key == key
