"""Chooses the content that a pass renders, from what was released last and what is to be.

**What was released last is one fact**: each Deployment names the content that its template was last written
from, and the highest number of all counts. Status and memory are copies, for where no Deployment is there.

A content gets its number before its first template is written. The number says that all gates have let it
through: so it is rendered from then on while the gate of a later one is shut.
"""

import dataclasses

from formation_operator.api import content_changes
from formation_operator.api.content import Mark, content_of
from formation_operator.api.reasons import CanaryState, Trouble
from formation_operator.backoff import attempt
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.port import Cluster, patient
from formation_operator.observe.faults import Faults, Problem
from formation_operator.observe.snapshot import Snapshot
from formation_operator.requeue import Lane, Requeue
from formation_operator.rollout import canary, older_crd, revisions
from formation_operator.rollout.candidates import Candidates
from formation_operator.rollout.gate import Gate, is_given_the_same
from formation_operator.rollout.memory import RETRY_FIRST, RETRY_MOST, RolloutMemory
from formation_operator.rollout.revision_store import RevisionStore
from formation_operator.rollout.rollout import NOTHING, Content, Rollout

CRD_UNREAD = "the Formation lacks fields that it had, and the CRD can't be read to see if it has them"

YIELDED = Notice(
    "CanarySkipped",
    "Try",
    "a canary had no room for a minute, so the new version replaces processes without that proof: "
    "make room for one process more than the count, or declare spec.canary to have deploys wait",
    warning=True,
)


@dataclasses.dataclass(frozen=True)
class Chooser:
    """Finds out in one pass which content may be rendered, and gives it its number."""

    cluster: Cluster
    store: RevisionStore
    snapshot: Snapshot
    memory: RolloutMemory
    faults: Faults

    async def choose(self) -> Rollout:
        """Return how far the rollout is; the content to render has its number then.

        Whatever fails, counts are written.
        """
        try:
            return await self._safely()
        except Exception as error:
            self.faults.note("", error)
            return Rollout(NOTHING)

    async def _safely(self) -> Rollout:
        spec, memory = self.snapshot.spec, self.memory
        memory.look(self.snapshot)
        if spec.paused:
            return Rollout(self._declared)
        try:
            # Without a gate a deploy waits so long in all; with one, for each of its requests.
            rollout = await (self._choose() if self._is_gated else patient(self._choose()))
        except errors.ClusterError as error:
            return await self._unread(error)
        memory.unread = None  # a release may take hours: its next failure is a first one again
        return rollout

    async def _choose(self) -> Rollout:
        memory, snapshot = self.memory, self.snapshot
        is_new = self._is_new()
        if memory.released is None and not (snapshot.deployments or is_new):  # they may have been deleted
            memory.released = await self.store.newest(snapshot.owner)
        before = await self._before()
        if lost := await self._lost(before):
            return Rollout(NOTHING, is_outdated=True, problems=[lost], requeue=memory.retry(snapshot.now))
        if snapshot.spec.release is None:
            if is_new:
                memory.released = Mark(1, memory.digest)  # it is kept beside the Deployments
            return Rollout(self._declared) if memory.is_released else await self._through(before)
        gate = await self._gate(before)
        if memory.is_released:
            return Rollout(self._declared, gate)
        if not gate.is_open and await self._is_other_released_since(gate):
            before = await self._before()
            gate = await self._gate(before)
        if not gate.is_open:
            return Rollout(before or NOTHING, gate)
        return (await self._through(before, gate))._replace(gate=gate)

    @property
    def _declared(self) -> Content:
        return Content(self.snapshot.spec, mark=self.memory.released)

    @property
    def _is_gated(self) -> bool:
        """Whether a content needs a release command's success or canaries before it is let through."""
        return self.snapshot.spec.release is not None or bool(self.snapshot.spec.canary_seconds)

    async def _before(self) -> Content | None:
        """Return the content that was released last, if it is another one and kept."""
        released = self.memory.released
        if released is None or self.memory.is_released:
            return None
        try:
            return await self.store.content(self.snapshot.owner, released, hold=self._is_gated)
        except errors.ClusterError:
            if self._is_gated:
                raise
            return None

    async def _lost(self, before: Content | None) -> Problem | None:
        """Return what is said if the CRD has lost fields that the content before has, or a child needs.

        Where that content isn't known, it may have had a release command.
        """
        memory, is_known = self.memory, before is not None or self.memory.is_released
        may_have = [] if is_known or self.snapshot.spec.release is not None else [older_crd.RELEASE]
        is_back = bool(memory.lost) and not older_crd.absent(self.snapshot, before)
        if memory.compared != memory.digest or is_back:
            try:
                lost = older_crd.lost(self.cluster, self.snapshot, before, may_have=may_have)
                memory.lost = await patient(lost)
            except errors.ClusterError as error:
                if not self._is_new():  # nothing shows that a new one may lack anything
                    return Problem("", Trouble.RETRYING, f"{CRD_UNREAD}: {error}", lasting=False)
            memory.compared = memory.digest
        return Problem("", Trouble.OUTDATED, memory.lost) if memory.lost else None

    async def _through(self, before: Content | None, gate: Gate | None = None) -> Rollout:
        """Give the declared content its number, and return it as the one to render, unless it is on trial."""
        snapshot, memory = self.snapshot, self.memory
        candidates = Candidates(self.cluster, self.store, snapshot, memory)
        tried = await candidates.on_trial(before, gate)
        yields = await candidates.yielding()
        needed = [each for each in tried.items() if each[0] not in yields]
        if not all(canary.has_stood(snapshot, *each, memory.trial.proven) for each in needed):
            if memory.trial.state in (None, CanaryState.WAITING):  # it lasts, whatever becomes of canaries
                await self.store.prepare(snapshot, memory, CanaryState.TRYING)
            return Rollout(before or NOTHING, canaries=[*tried])
        content, is_first = content_of(snapshot.raw["spec"]), memory.released is None
        mark = await self.store.let_through(snapshot, memory, memory.digest, content)
        try:
            notices = [] if is_first else [_deployed(mark, before, content)]
            return Rollout(self._declared, notices=[*notices, YIELDED] if yields else notices)
        except Exception as error:
            self.faults.note("", error)
            return Rollout(self._declared)

    async def _is_other_released_since(self, gate: Gate) -> bool:
        """Return whether the release of another content has succeeded since; it is let through then.

        The database fits it. Without a number it was never let through; with a higher one it was, and no
        Deployment has been written since then. With canaries it has to be proven, too: the newest one is. If
        it has failed in canaries before somebody wanted none, it stays away.
        """
        released, last = self.memory.released or Mark(0, ""), gate.succeeded_last
        both = self.memory.digest, released.digest
        if self.snapshot.spec.canary_seconds or last is None or last.digest in both:
            return False
        record, content = await self.store.kept(self.snapshot.owner, last.digest)
        if record is None or content is None or record.has_failed:
            return False
        if 0 < record.number <= released.number:
            return False
        await self.store.let_through(self.snapshot, self.memory, last.digest, content)
        return True

    async def _gate(self, before: Content | None) -> Gate:
        """Return what decides how the release goes on.

        A content that is on trial was released: anyone may clean up its Job meanwhile.
        """
        memory = self.memory
        same = is_given_the_same(before and before.spec, self.snapshot.spec, memory.key)
        needs_none = memory.is_released or same
        if not needs_none:
            record = await self.store.record(self.snapshot.owner, memory)
            was_tried = memory.trial.state in (CanaryState.TRYING, CanaryState.FAILED)
            # An orphan, which has no version here, was tried with another Formation's release.
            needs_none = record is not None and bool(record.version) and (record.number > 0 or was_tried)
        suspended = bool(self.snapshot.spec.suspend)
        return Gate(memory.digest, memory.key, needs_none, suspended, self.snapshot.jobs)

    async def _unread(self, error: errors.ClusterError) -> Rollout:
        """Return what is rendered where it can't be read what was released, or a number can't be written.

        Without a release command and canaries nothing holds up a deploy: the Deployments name the next
        number. But a field that is absent says nothing until the CRD was asked for it.
        """
        memory, spec, released = self.memory, self.snapshot.spec, self.memory.released
        held = self.store.held(self.snapshot.owner, released)
        # Where nothing names a number, one could be given twice.
        is_numbered = released is not None or bool(self.snapshot.deployments) or self._is_new()
        may_pass = is_numbered and spec.release is None and (not spec.canary_seconds or memory.is_released)
        if may_pass and not await self._lost(held):
            if not memory.is_released:
                # The status may name one that no Deployment has got.
                numbers = (each.number for each in (released, self.snapshot.reported) if each is not None)
                memory.released = Mark(max(numbers, default=0) + 1, memory.digest)
            return Rollout(self._declared)
        problem = revisions.problem(error, revisions.DEPLOY_WAITS)
        memory.unread = attempt(
            memory.unread, memory.what, None, self.snapshot.now, (RETRY_FIRST, RETRY_MOST)
        )
        is_compared = memory.comparison is not None and memory.comparison.digest == memory.digest
        is_tried = memory.trial.state is not None and is_compared
        candidates = Candidates(self.cluster, self.store, self.snapshot, memory)
        return Rollout(
            held or NOTHING,
            canaries=[*candidates.able()] if is_tried and not memory.is_released else [],
            is_unread=not is_tried,
            problems=[problem],
            requeue=Requeue(Lane.REPORT, memory.unread.delay),
        )

    def _is_new(self) -> bool:
        """Return whether a Formation can have no revision yet, so that none need be looked for."""
        reported = self.snapshot.status.observed_generation not in (None, -1)  # the CRD's default
        is_first = self.snapshot.owner.generation == 1 and not reported and self.memory.released is None
        return is_first and not self.snapshot.deployments


def _deployed(mark: Mark, before: Content | None, content: object) -> Notice:
    """Return the Event that says what has changed, as far as the content before is kept."""
    changes = content_changes.describe_change(before.kept, content) if before is not None else ""
    note = f"revision {mark.number}: {changes}" if changes else f"revision {mark.number}"
    return Notice("Deployed", "Deploy", note)
