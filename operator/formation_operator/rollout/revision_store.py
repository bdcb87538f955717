"""The one store of revisions: it gets, creates and numbers.

A content is kept before its first template is written. Without a release command a refusal holds up no
deploy, and the report tries again. Nothing is asked about a content that the status says is kept.

What is read is believed only by its digest, which a Deployment, the status or a Job names: anyone who may
write in a namespace may write revisions there.
"""

import contextlib
import dataclasses
import logging
from collections.abc import Iterable, Mapping
from typing import Any

import pydantic

from formation_operator.api import bounds, naming
from formation_operator.api.content import Mark, content_of, digest_in, revision_name
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.api.formation_status import Revision
from formation_operator.api.reasons import CanaryState
from formation_operator.backoff import attempt
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, timestamps
from formation_operator.kube.objects.deploys import Deploy, End
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster, Object, first_objects, patient
from formation_operator.observe.snapshot import Snapshot
from formation_operator.requeue import Lane, Requeue
from formation_operator.rollout import pruning, revisions
from formation_operator.rollout.memory import RolloutMemory
from formation_operator.rollout.revisions import History, LeavingError, Record, TakenError
from formation_operator.rollout.rollout import Content
from formation_operator.shares import Shares
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
MOST_BYTES = 16 * 2**20
"""Of contents that are held in memory; one without room is read in each pass of a release."""
MOST_ADOPTED = 10
"""How many revisions of an earlier Formation one deploy adopts."""
RETRY_FIRST, RETRY_MOST = 10.0, 600.0
"""Seconds until a revision that couldn't be written is tried again, at first and at the most."""
LEAVING_FIRST, LEAVING_SAID = 2.0, 30.0
"""The first delay in seconds where a revision of a Formation from before is in the way, and the delay from
which on that is said: Kubernetes deletes what belonged to a Formation some seconds after it."""


class RevisionStore:
    """The revisions of a cluster's Formations."""

    def __init__(self, cluster: Cluster, clock: Clock) -> None:
        """Take the port to the cluster, and a clock."""
        self._cluster = cluster
        self._clock = clock
        self._contents: Shares[str, Content] = Shares(MOST_BYTES)

    # Get

    def held(self, owner: Metadata, mark: Mark | None) -> Content | None:
        """Return a content by its mark, if it is in memory."""
        return self._contents.get(owner.namespace, f"{owner.uid}/{mark}")

    async def content(self, owner: Metadata, mark: Mark, *, hold: bool) -> Content | None:
        """Return a content by its mark; nothing if it isn't kept, or can't be rendered by this version.

        It may be held in memory: a release may take hours, and an answer may fail in any of its passes.
        """
        found = self.held(owner, mark)
        _, data = (None, None) if found else await self.kept(owner, mark.digest)
        with contextlib.suppress(pydantic.ValidationError):
            if data is not None:
                found = Content(FormationSpec.model_validate(data), data, mark=mark)
                if hold:
                    self._contents.put(owner.namespace, f"{owner.uid}/{mark}", found, 16 * bounds.size(data))
        return found

    async def kept(self, owner: Metadata, digest: str) -> tuple[Record | None, Object | None]:
        """Return what a content's revision says, and what the content says; nothing if there is none."""
        raw = await self._read(owner, digest)
        content = revisions.content_in(raw, owner, digest) if raw is not None else None
        return (None, None) if raw is None or content is None else (revisions.record_of(raw, owner), content)

    async def _read(self, owner: Metadata, digest: str) -> Object | None:
        name = revision_name(owner.name, digest)
        return await patient(self._cluster.get(kinds.CONTROLLER_REVISION, owner.namespace, name))

    async def _history(self, owner: Metadata) -> History:
        """Return what there is of a Formation's revisions."""
        labels = f"{naming.FORMATION_LABEL}={owner.name}"
        pages = self._cluster.select(kinds.CONTROLLER_REVISION, owner.namespace, labels=labels)
        history = History()
        async for raw in first_objects(pages):
            if revisions.is_own(raw, owner):
                history.own.append(revisions.listed(raw))
            elif revisions.is_orphan(raw, owner):
                history.orphans.append(revisions.listed(raw))
        return history

    async def newest(self, owner: Metadata) -> Mark | None:
        """Return the mark of what was let through last, by the revisions alone; raise `ClusterError`."""
        return (await patient(self._history(owner))).newest

    # Create and number

    async def let_through(
        self, snapshot: Snapshot, memory: RolloutMemory, digest: str, content: Mapping[str, Any]
    ) -> Mark:
        """Give a content its number and its revision, and return what names it; raise `ClusterError`."""
        owner, floor = snapshot.owner, memory.released.number if memory.released else 0
        history = memory.history = await patient(self._history(owner))
        mark = Mark(history.number_of(digest, floor) or history.next(floor), digest)
        changes = {"number": mark.number, "trial": None}
        await self._write(snapshot, memory, digest, content, changes)
        memory.released = memory.kept = mark
        memory.unkept = None
        return mark

    async def prepare(self, snapshot: Snapshot, memory: RolloutMemory, trial: CanaryState | None) -> None:
        """Keep the declared content, and note how far its trial is; raise `ClusterError`."""
        if memory.trial.record is not None and memory.trial.state is trial:
            return
        content = content_of(snapshot.raw["spec"])
        await self._write(snapshot, memory, memory.digest, content, {"trial": trial})

    async def keep(self, snapshot: Snapshot, memory: RolloutMemory, content: Content) -> Requeue | None:
        """Keep the content that is rendered, if it isn't yet; then prune, and adopt what has no owner.

        Returns when to try again.
        """
        mark = content.mark or memory.released
        if snapshot.spec.paused or mark is None:
            return None
        if (left := memory.left) is not None and content.is_known:
            proven = frozenset[str]() if left.trial is CanaryState.FAILED else left.ran_well
            with contextlib.suppress(errors.ClusterError):  # else it is said to have failed if it comes again
                changes = {"trial": None, "ran_well": proven}
                await self._note(snapshot.owner, memory, left.digest, changes)
            memory.left = None
        if content.is_declared:
            is_lost = memory.trial.is_read and memory.trial.record is None  # somebody has deleted it
            is_kept = mark in (memory.kept, snapshot.reported) and not is_lost
            if not is_kept and (again := await self._try(snapshot, memory, mark)):
                return again
        if content.is_known:
            memory.kept, memory.unkept = mark, None
        if memory.history is not None:
            history, memory.history = memory.history, None
            with contextlib.suppress(errors.UnavailableError):  # the rest goes at the next deploy
                await patient(self._tidy(snapshot, memory, mark, history))
        return None

    async def note_ran_well(
        self, owner: Metadata, memory: RolloutMemory, revision: Revision, types: Iterable[str]
    ) -> bool:
        """Note on a revision which types have run well with it, or none; return whether that was possible."""
        changes = {"number": revision.number, "ran_well": frozenset(types)}
        try:
            await self._note(owner, memory, digest_in(revision.name), changes)
        except errors.ClusterError:
            return False
        return True

    async def note_failed(self, owner: Metadata, memory: RolloutMemory, revision: Revision) -> None:
        """Note on a revision, once, that its deploy has failed, until it runs well."""
        deploy = await self.deploy(owner, memory, revision)
        if deploy.at and deploy.end is End.NONE:  # without a time nothing is known of it
            await self.note_ran_well(owner, memory, revision, ())

    async def deploy(self, owner: Metadata, memory: RolloutMemory, revision: Revision) -> Deploy:
        """Return the deploy of a revision as far as it is known: another leader may have begun it."""
        digest, record = digest_in(revision.name), None
        with contextlib.suppress(errors.ClusterError):
            if digest == memory.digest:
                record = await self.record(owner, memory)
            else:
                record, _ = await self.kept(owner, digest)
        return record.deploys[-1] if record is not None and record.deploys else Deploy(revision.number)

    async def record(self, owner: Metadata, memory: RolloutMemory) -> Record | None:
        """Return what the declared content's own revision says; it is read once for each content."""
        if not memory.trial.is_read:
            memory.trial.record, _ = await self.kept(owner, memory.digest)
            memory.trial.is_read = True
        return memory.trial.record

    async def _try(self, snapshot: Snapshot, memory: RolloutMemory, mark: Mark) -> Requeue | None:
        """Write a revision that couldn't be written before, unless that was just now."""
        what = mark, snapshot.spec.revision_history_limit
        if memory.unkept is not None and (wait := memory.unkept.remaining(what, snapshot.now)):
            return Requeue(Lane.REPORT, wait)
        try:
            content = content_of(snapshot.raw["spec"])
            changes = {"number": mark.number, "trial": None}
            await self._write(snapshot, memory, mark.digest, content, changes)
        except errors.ClusterError as error:
            leaving = isinstance(error, LeavingError)
            delays = LEAVING_FIRST if leaving else RETRY_FIRST, RETRY_MOST
            failed = attempt(memory.unkept, what, revisions.problem(error), snapshot.now, delays)
            if leaving and failed.delay < LEAVING_SAID:
                failed = dataclasses.replace(failed, found=None)
            memory.unkept = failed
            return Requeue(Lane.REPORT, failed.delay)
        return None

    async def _write(
        self,
        snapshot: Snapshot,
        memory: RolloutMemory,
        digest: str,
        content: Mapping[str, Any],
        changes: Mapping[str, Any],
    ) -> None:
        """Keep a content, and change what its revision says."""
        owner, history = snapshot.owner, memory.history
        declared = memory.declared if digest == memory.digest else None
        deploy = dataclasses.replace(declared or Deploy(), at=timestamps.rfc3339(self._clock()))
        if memory.record_of(digest) is None and (history is None or digest not in history):
            record = revisions.changed(Record(revision_name(owner.name, digest)), changes, deploy)
            made = revisions.manifest(owner, record, content)
            try:
                memory.note(record, await self._create(snapshot, memory, digest, made))
            except errors.ConflictError:
                pass  # it is there already
            else:
                records.say(logger, owner, f"create ControllerRevision {record.name}")
                return
        await self._note(owner, memory, digest, changes, deploy)

    async def _create(self, snapshot: Snapshot, memory: RolloutMemory, digest: str, made: Object) -> Object:
        """Create a revision and return it; if a quota is full, prune first what is too much."""
        try:
            return await patient(self._cluster.create(made, manager=naming.FIELD_MANAGER))
        except errors.ClusterError as error:
            if not revisions.is_quota(error):
                raise
            owner = snapshot.owner
            surplus = pruning.surplus(snapshot, memory, digest, await patient(self._history(owner)))
            if not surplus:
                raise
            await patient(pruning.prune(self._cluster, owner, kinds.CONTROLLER_REVISION, surplus))
            return await patient(self._cluster.create(made, manager=naming.FIELD_MANAGER))

    async def _note(
        self,
        owner: Metadata,
        memory: RolloutMemory,
        digest: str,
        changes: Mapping[str, Any],
        deploy: Deploy | None = None,
    ) -> None:
        """Change what a revision says of its content; read it first where that isn't known.

        Raises `TakenError` if its name is another object's, and `LeavingError` if that is about to go.
        """
        if (kept := memory.record_of(digest)) is not None and kept.version:
            before, after = revisions.raw_of(owner, kept), revisions.changed(kept, changes, deploy)
            try:
                await self._update(owner, memory, before, after)
            except (errors.ConflictError, errors.NotFoundError, errors.InvalidError):
                pass  # it isn't as it was
            else:
                return
        name = revision_name(owner.name, digest)
        live = await self._read(owner, digest)
        is_kept = live is not None and revisions.content_in(live, owner, digest) is not None
        if not is_kept and digest == memory.digest and (live is None or memory.is_released):
            memory.trial.record = None
            memory.trial.is_read = True
        if live is None:
            memory.history = None  # it lists what has gone: the next try creates it
        if live is None or revisions.is_leaving(live, owner):
            raise LeavingError(f"ControllerRevision {name} is of a Formation that is gone, and goes, too")
        if not is_kept:
            raise TakenError(kinds.CONTROLLER_REVISION, name, "another content")
        record = revisions.record_of(live, owner)
        if kept is not None and digest == memory.digest and not revisions.says_the_same(kept, record):
            memory.note(record, live)
            raise errors.ConflictError(f"ControllerRevision {name} has changed: it is decided about again")
        await self._update(owner, memory, live, revisions.changed(record, changes, deploy))

    async def _update(self, owner: Metadata, memory: RolloutMemory, raw: Object, record: Record) -> None:
        """Have a revision say what a record does."""
        if operations := revisions.updated(raw, owner, record):
            patch = self._cluster.patch(kinds.CONTROLLER_REVISION, owner.namespace, record.name, operations)
            raw = await patient(patch)
            records.say(logger, owner, f"update ControllerRevision {record.name}")
        memory.note(record, raw)

    # Prune

    async def _tidy(self, snapshot: Snapshot, memory: RolloutMemory, mark: Mark, history: History) -> None:
        """Prune what is too much, and adopt the newest of an earlier Formation, without a number."""
        owner = snapshot.owner
        surplus = pruning.surplus(snapshot, memory, mark.digest, history)
        await pruning.prune(self._cluster, owner, kinds.CONTROLLER_REVISION, surplus)
        # One that has failed stays an orphan: its release command has run for an earlier Formation.
        others = [each for each in history.orphans if each.trial is not CanaryState.FAILED]
        for each in sorted(others, key=lambda each: each.number)[-MOST_ADOPTED:]:
            with contextlib.suppress(errors.ClusterError):
                await self._note(owner, memory, each.digest, {})
