"""Chooses the content that a pass renders, from what was released last and what is to be.

**What was released last is one fact**: each Deployment names the content that its template was last written
from, and the highest number of all counts. Status and memory are copies, for where no Deployment is there.

A content gets its number before its first template is written. The number says that all gates have let it
through: so it is rendered from then on while the gate of a later one is shut.
"""

import asyncio

from formation_operator.api import content_changes
from formation_operator.api.content import Mark, content_of, digest_of
from formation_operator.api.formation import FormationSpec
from formation_operator.api.formation_status import ReleaseStatus
from formation_operator.api.reasons import ReleaseState, Trouble
from formation_operator.api.release_key import release_key, surroundings
from formation_operator.backoff import tried
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.port import Cluster, patient
from formation_operator.observe.faults import Problem
from formation_operator.release import canary, older_crd, revisions
from formation_operator.release.asked import (
    NOTHING,
    RETRY_FIRST,
    RETRY_MOST,
    Asked,
    Chosen,
    Comparison,
    Content,
    LostFields,
    NewContent,
)
from formation_operator.release.gate import Gate
from formation_operator.release.revision_store import RevisionStore
from formation_operator.requeue import Lane, Requeue

CRD_UNREAD = "the Formation lacks fields that it had, and the CRD can't be read to see if it has them"


class Chooser:
    """Finds out which content may be rendered, and gives it its number."""

    def __init__(self, cluster: Cluster, store: RevisionStore) -> None:
        """Take the port to the cluster, and the store of revisions."""
        self._cluster = cluster
        self._store = store

    async def choose(self, this: Asked) -> Chosen:
        """Return the content to render; whatever fails, counts are written."""
        _note(this)
        spec, noted = this.formation.spec, this.noted
        noted.released = max((*this.named, *filter(None, (noted.released, this.reported))), default=None)
        if spec.paused:
            return Chosen(this.declared)
        if spec.release is None and _is_new(this):
            noted.released = Mark(1, noted.digest)  # it is kept beside the Deployments
        try:
            # Without a release command a deploy waits so long in all; with one, for each of its requests.
            chosen = await (patient(self._choose(this)) if spec.release is None else self._choose(this))
        except errors.ClusterError as error:
            return self._unread(this, error)
        noted.unread = None  # a release may take hours: its next failure is a first one again
        return chosen

    async def _choose(self, this: Asked) -> Chosen:
        noted, before = this.noted, await self._before(this)
        if lost := await self._lost(this, before):
            return Chosen(NOTHING, problems=[lost], requeue=noted.retry(this.now))
        if this.formation.spec.release is None:
            return Chosen(this.declared) if noted.is_released else await self._through(this, before)
        gate = await self._gate(this, before)
        if noted.is_released:
            return Chosen(this.declared, gate)
        if not gate.is_open and await self._is_other_released_since(this, gate):
            before = await self._before(this)
            gate = await self._gate(this, before)
        if not gate.is_open:
            return Chosen(before or NOTHING, gate)
        return (await self._through(this, before))._replace(gate=gate)

    async def _before(self, this: Asked) -> Content | None:
        """Return the content that was released last, if it is another one and kept."""
        released = this.noted.released
        if released is None or this.noted.is_released:
            return None
        try:
            return await self._store.content(this.formation.metadata, released, hold=this.is_gated)
        except errors.ClusterError:
            if this.is_gated:
                raise
            return None

    async def _lost(self, this: Asked, before: Content | None) -> Problem | None:
        """Return what is said if the CRD has lost fields that the content before has, or a child needs."""
        noted = this.noted
        is_back = bool(noted.lost.message) and not older_crd.absent(this, before)
        if noted.lost.digest != noted.digest or is_back:
            try:
                lost = await patient(older_crd.lost(self._cluster, this, before))
                noted.lost = LostFields(noted.digest, lost)
            except errors.ClusterError as error:
                return Problem("", Trouble.RETRYING, f"{CRD_UNREAD}: {error}", lasting=False)
        return Problem("", Trouble.OUTDATED, noted.lost.message) if noted.lost.message else None

    async def _through(self, this: Asked, before: Content | None) -> Chosen:
        """Give the wanted content its number, and return it as the one to render, unless it is on trial."""
        changes = await self._changes(this, before)
        canaries = canary.on_trial(this, changes)
        if canaries and not canary.have_stood(this, changes, canaries):
            return Chosen(before or NOTHING, canaries=canaries)
        noted, content, is_first = this.noted, content_of(this.raw["spec"]), this.noted.released is None
        mark = await self._store.let_through(this, noted.digest, content)
        noted.unreleased = NewContent()
        try:
            return Chosen(this.declared, notices=[] if is_first else [_deployed(mark, before, content)])
        except Exception as error:
            this.faults.note("", error)
            return Chosen(this.declared)

    async def _changes(self, this: Asked, before: Content | None) -> canary.Digests:
        """Return the types whose processes the wanted content replaces, if canaries have to prove it."""
        mine, wanted, noted = this.formation.metadata, this.formation.spec, this.noted
        if wanted.canary is None or noted.released is None:
            return {}
        compared = str(before and before.mark), noted.digest, str(wanted.canary.seconds)
        if noted.comparison.contents != compared:
            old, changes = before.spec if before else canary.unkept(wanted), dict[str, str]()
            if not await self._store.has_run_well(mine, noted.digest):
                for name, digest in canary.changing(mine, old, wanted):
                    if digest is not None:
                        changes[name] = digest
                    await asyncio.sleep(0)
            noted.comparison = Comparison(compared, changes)
        return noted.comparison.canaries

    async def _is_other_released_since(self, this: Asked, gate: Gate) -> bool:
        """Return whether the release of another content has succeeded since; it is let through then.

        The database fits it. Without a number it was never let through; with a higher one it was, and no
        Deployment has been written since then. With canaries it has to be proven, too: the newest one is.
        """
        released, last = this.noted.released or Mark(0, ""), gate.succeeded_last
        if this.formation.spec.canary or last is None or last.digest in (this.noted.digest, released.digest):
            return False
        number, content = await self._store.kept(this.formation.metadata, last.digest)
        if content is None or 0 < number <= released.number:
            return False
        await self._store.let_through(this, last.digest, content)
        return True

    async def _gate(self, this: Asked, before: Content | None) -> Gate:
        noted, said = this.noted, this.before.release or ReleaseStatus()
        # While canaries prove a content, anyone may clean up the Job that has released it.
        has_succeeded = (said.state, said.released) == (ReleaseState.SUCCEEDED, noted.digest)
        needs_none = noted.is_released or has_succeeded
        needs_none = needs_none or (before is not None and _is_given_the_same(this, before.spec))
        if not needs_none and noted.unreleased.digest != noted.digest:
            number, kept = await self._store.kept(this.formation.metadata, noted.digest)
            needs_none = number > 0
            noted.unreleased = NewContent() if needs_none else NewContent(noted.digest, kept is not None)
        return Gate(noted.digest, noted.key, needs_none, bool(this.formation.spec.suspend), this.jobs)

    def _unread(self, this: Asked, error: errors.ClusterError) -> Chosen:
        """Return what is rendered where it can't be read what was released, or a number can't be written.

        Without a release command nothing holds up a deploy: the Deployments name the next number. But a field
        that is absent says nothing until the CRD was asked for it.
        """
        noted, held = this.noted, self._store.held(this.formation.metadata, this.noted.released)
        is_complete = noted.lost == LostFields(noted.digest)
        may_pass = this.formation.spec.release is None and (
            this.formation.spec.canary is None or noted.is_released
        )
        if may_pass and (is_complete or not older_crd.absent(this, held)):
            if not noted.is_released:
                noted.released = Mark((noted.released.number if noted.released else 0) + 1, noted.digest)
            return Chosen(this.declared)
        problem = revisions.problem(error, revisions.DEPLOY_WAITS)
        noted.unread = tried(noted.unread, noted.what, None, this.now, (RETRY_FIRST, RETRY_MOST))
        is_tried = this.formation.spec.canary is not None and noted.digest in noted.comparison.contents
        canaries = (
            canary.on_trial(this, noted.comparison.canaries) if is_tried and not noted.is_released else ()
        )
        again = Requeue(Lane.REPORT, noted.unread.pause)
        return Chosen(held or NOTHING, problems=[problem], requeue=again, canaries=canaries)


def _note(this: Asked) -> None:
    """Note digest and key of the content that the Formation has now, once for each generation.

    A spec that was read again may lack fields at the same generation: an older CRD prunes what is read, too.
    """
    noted, generation = this.noted, this.formation.metadata.generation
    if noted.generation != generation or this.raw.get("reread"):
        noted.generation, noted.digest = generation, digest_of(content_of(this.raw["spec"]))
        noted.key = release_key(this.formation.spec)
        if not noted.lost.message:  # what has gone now may be no content
            noted.lost = LostFields()


def _is_new(this: Asked) -> bool:
    """Return whether a Formation can have no revision yet, so that none need be looked for."""
    reported = this.before.observed_generation not in (None, -1)  # the CRD's default
    return this.formation.metadata.generation == 1 and not reported and this.noted.released is None


def _is_given_the_same(this: Asked, released: FormationSpec) -> bool:
    """Return whether the wanted content needs no release after a released one.

    What runs where a release command is declared for the first time counts as released.
    """
    if released.release is None:
        return surroundings(released) == surroundings(this.formation.spec)
    return release_key(released) == this.noted.key


def _deployed(mark: Mark, before: Content | None, content: object) -> Notice:
    """Return the Event that says what has changed, as far as the content before is kept."""
    changes = content_changes.describe_change(before.kept, content) if before is not None else ""
    note = f"revision {mark.number}: {changes}" if changes else f"revision {mark.number}"
    return Notice("Deployed", "Deploy", note)
