"""Finds out which types have to prove the declared content by a canary before it is let through."""

import asyncio
import dataclasses
from collections.abc import Mapping

from formation_operator.api.content import revision_name
from formation_operator.api.reasons import CanaryState
from formation_operator.kube.port import Cluster, patient
from formation_operator.observe.snapshot import Snapshot
from formation_operator.rollout import canary, older_crd
from formation_operator.rollout.gate import Gate, is_given_the_same
from formation_operator.rollout.memory import Comparison, RolloutMemory
from formation_operator.rollout.revision_store import RevisionStore
from formation_operator.rollout.rollout import Content


@dataclasses.dataclass(frozen=True)
class Candidates:
    """The types that may have a canary of the declared content."""

    cluster: Cluster
    store: RevisionStore
    snapshot: Snapshot
    memory: RolloutMemory

    async def on_trial(self, before: Content | None, gate: Gate | None) -> Mapping[str, str]:
        """Return the types whose canaries have to stand until the declared content is let through.

        Each has the digest of its canary. A content that is first seen where nothing runs, as while the app
        is stopped, harms nothing, and goes through; one that was seen before that stays on trial. The status
        can only add to that. Of one that has failed each type has to stand, whatever its count is.
        """
        snapshot, memory, spec = self.snapshot, self.memory, self.snapshot.spec
        if not spec.canary_seconds or (memory.released is None and not snapshot.deployments):
            return {}
        await self.store.record(snapshot.owner, memory)
        was_tried = self._said is not None
        if memory.trial.state is None and not (memory.threatens == memory.digest or was_tried):
            return {}
        await self._compare(before, gate)
        able = self.able()
        tried = {name: each for name, each in able.items() if canary.count(snapshot, name)}
        return able if self._has_failed else tried

    @property
    def _said(self) -> str | None:
        """What the status says of the declared content's canaries; it may only make this stricter."""
        said = self.snapshot.canary_status(revision_name(self.snapshot.owner.name, self.memory.digest))
        return said.state if said is not None else None

    @property
    def _has_failed(self) -> bool:
        """Whether the declared content has failed: its revision may not say so yet."""
        return self.memory.trial.state is CanaryState.FAILED or self._said == CanaryState.FAILED

    async def yielding(self) -> frozenset[str]:
        """Return the types whose canaries, which nobody has declared, had no room for long enough."""
        yields = frozenset[str]() if self._has_failed else self.memory.trial.yields
        return yields if yields and await self._is_default() else frozenset()

    async def _is_default(self) -> bool:
        """Return whether no canaries are declared: where the CRD lacks them, some may have been."""
        if self.snapshot.spec.canary is not None:
            return False
        return not await patient(older_crd.lacking(self.cluster, [older_crd.CANARY]))

    def able(self) -> dict[str, str]:
        """Return the types that the content changes, as far as is known, and that may have a canary."""
        changed, digest = self.memory.changed.items(), self.memory.digest
        return {name: each for name, each in changed if canary.may_have_one(self.snapshot, name, digest)}

    async def _compare(self, before: Content | None, gate: Gate | None) -> None:
        """Remember the types whose processes the declared content replaces, each with its canary's digest.

        What has run well with a type needs no canary of it, unless it has failed since, or the release
        command of another content has succeeded since: the database may not fit any more.
        """
        owner, spec, memory = self.snapshot.owner, self.snapshot.spec, self.memory
        record = memory.trial.record
        proven = frozenset[str]()
        if record and record.trial is not CanaryState.FAILED and not self._is_migrated(before, gate):
            proven = record.ran_well
        mark, is_default = before and before.mark, spec.canary is None
        comparison = Comparison(mark, memory.digest, spec.canary_seconds, is_default, proven)
        if memory.comparison != comparison:
            old = before.spec if before else canary.unkept(spec)
            changed = dict[str, str]()
            may_skip = canary.has_full(old, spec) and await self._is_default()
            for name, digest in canary.changing(owner, old, spec, may_skip=may_skip):
                if digest is not None and name not in proven:
                    changed[name] = digest
                await asyncio.sleep(0)
            memory.comparison = comparison
            memory.changed = changed

    def _is_migrated(self, before: Content | None, gate: Gate | None) -> bool:
        """Return whether another content's release may have succeeded since the declared content ran."""
        last = gate.succeeded_last if gate is not None else None
        if last is not None:
            return last.key != self.memory.key
        if before is None:  # its revision has gone, and so has its Job
            return True
        same = is_given_the_same(before.spec, self.snapshot.spec, self.memory.key)
        return before.spec.release is not None and not same
