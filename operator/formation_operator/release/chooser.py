"""Chooses the content that a pass renders, from what was released and what is to be.

Without `spec.release` that is what the Formation says, and nothing is read. Nor is anything read as long as
the content is the one that was released last. Otherwise the pass goes on with what was released before.
"""

from collections.abc import Sequence

from formation_operator.api.content import content_of, digest_of
from formation_operator.api.formation import FormationSpec
from formation_operator.api.formation_status import ReleaseStatus
from formation_operator.api.reasons import Trouble
from formation_operator.api.release_key import release_key, surroundings
from formation_operator.kube import errors
from formation_operator.kube.port import Cluster
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.release import gate, running
from formation_operator.release.asked import Asked, Chosen
from formation_operator.release.content import NOTHING, Content
from formation_operator.release.contents import Contents
from formation_operator.release.gate import Situation
from formation_operator.sync import revision_errors


class Chooser:
    """Finds out which content may be rendered; nothing is written, so that no count waits for a release."""

    def __init__(self, cluster: Cluster, contents: Contents) -> None:
        """Take the port to the cluster, and the contents that were kept."""
        self._cluster = cluster
        self._contents = contents

    async def choose(self, this: Asked) -> Chosen:
        """Return the content to render; nothing is written, so that no count waits for a release."""
        spec, before = this.formation.spec, this.before.release or ReleaseStatus()
        if spec.release is None:
            # What is rolled out from here on counts as released.
            this.noted.released, this.noted.unreleased, this.noted.ungated = "", "", True
            return Chosen(this.content)
        if spec.paused:
            return Chosen(this.content, this.before.release)
        _note(this)
        mine, noted = this.formation.metadata, this.noted
        jobs = sorted((each for each in this.jobs if each.owner == mine.uid), key=_age)
        known = noted.released or before.released or this.kept_digest
        try:
            released = await self._released(this, jobs, known)
            content = await self._contents.of(mine, released) if released not in ("", noted.digest) else None
            situation = await self._situation(this, jobs, released, content)
        except errors.RefusedError as error:
            return _unread(this, error)
        if gate.is_open(situation):
            if noted.digest not in (noted.released, before.released):
                self._contents.hold(mine, noted.digest, content_of(this.raw["spec"]))
            released, rendered = noted.digest, this.content
        else:
            rendered = content or NOTHING
        noted.released, noted.ungated = released, False
        return Chosen(rendered, this.before.release, situation=situation, released=released)

    async def _released(self, this: Asked, jobs: Sequence[Job], known: str) -> str:
        """Return the digest of the content that was released last, given what is known of that.

        A content whose release has succeeded and that isn't rolled out yet is newer: the database fits it.
        """
        last, noted = gate.succeeded_last(jobs), this.noted
        if (
            last is None
            or known == noted.digest
            or last.digest in (known, noted.digest)
            or last.key == noted.key
        ):
            return known
        said = this.before.release.started_at if this.before.release else None
        if last.created_at < (said or ""):
            return known  # the one that the status is about came later, and its Job was deleted
        number = await self._contents.number(this.formation.metadata, last.digest)
        reported = this.before.revision.number if this.before.revision else 0
        # It gets its number before the status says that it is rolled out.
        return last.digest if number == 0 or number > reported else known

    async def _situation(
        self, this: Asked, jobs: Sequence[Job], released: str, content: Content | None
    ) -> Situation:
        mine, noted = this.formation.metadata, this.noted
        needs_none = noted.digest == released or (
            content is not None and _is_given_the_same(this, content.spec)
        )
        if not needs_none and noted.unreleased != noted.digest:
            # What runs when a release command is added counts as released, even if no revision keeps it yet.
            is_first = noted.ungated or not (this.before.release and this.before.release.released)
            needs_none = await self._contents.number(mine, noted.digest) > 0
            if is_first and not needs_none:
                needs_none = await running.runs(self._cluster, mine, this.content.spec, this.children)
            noted.unreleased = "" if needs_none else noted.digest
        return Situation(noted.digest, noted.key, needs_none, bool(this.formation.spec.suspend), jobs)


def _note(this: Asked) -> None:
    """Note digest and key of the content that the Formation has now, once for each generation."""
    noted, generation = this.noted, this.formation.metadata.generation
    if noted.generation != generation:
        noted.generation, noted.digest = generation, digest_of(content_of(this.raw["spec"]))
        noted.key = release_key(this.formation.spec)
        noted.pause = None


def _age(job: Job) -> tuple[float, str, str]:
    """Return what Jobs are sorted by: times are whole seconds, but one ends before the next starts."""
    return job.created, job.finished_at or "later", job.name


def _is_given_the_same(this: Asked, released: FormationSpec) -> bool:
    """Return whether the wanted content needs no release after a released one.

    What runs where a release command is declared for the first time counts as released.
    """
    if released.release is None:
        return surroundings(released) == surroundings(this.formation.spec)
    return release_key(released) == this.noted.key


def _unread(this: Asked, error: errors.RefusedError) -> Chosen:
    """Return that nothing is changed, because it can't be read what was released last."""
    text = f"it can't be read what was released last, so nothing is changed: {error}"
    if isinstance(error, errors.ForbiddenError):
        text += f": {revision_errors.RIGHTS}"
    problem = Problem("", Trouble.REFUSED, text)
    return Chosen(NOTHING, this.before.release, [problem], this.noted.retry())
