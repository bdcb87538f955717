"""The one store of revisions: it gets, creates, numbers and prunes.

A content is kept before its first template is written. Without a release command a refusal holds up no
deploy, and the report tries again. Nothing is asked about a content that the status says is kept.

What is read is believed only by its digest, which a Deployment, the status or a Job names: anyone who may
write in a namespace may write revisions there.
"""

import contextlib
import dataclasses
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

from formation_operator.api import bounds, naming
from formation_operator.api.content import Mark, content_of, digest_in, revision_name
from formation_operator.api.formation import KEPT_REVISIONS, FormationSpec, Metadata
from formation_operator.api.formation_status import Revision
from formation_operator.backoff import tried
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster, Object, first_objects, patient
from formation_operator.release import revisions
from formation_operator.release.asked import Asked, Chosen, Content, NewContent
from formation_operator.release.revisions import History, LeavingError, Listed, TakenError
from formation_operator.requeue import Lane, Requeue
from formation_operator.shares import Shares
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
MOST_BYTES = 16 * 2**20
"""Of contents that are held in memory; one without room is read in each pass of a release."""
MOST_DELETED = 100
"""How many old revisions one deploy deletes: as many as a Formation may keep."""
MOST_ADOPTED = 10
"""How many revisions of an earlier Formation one deploy adopts."""
RETRY_FIRST, RETRY_MOST = 10.0, 600.0
"""Seconds until a revision that couldn't be written is tried again, at first and at the most."""
LEAVING_FIRST, LEAVING_SAID = 2.0, 30.0
"""The first pause in seconds where a revision of a Formation from before is in the way, and the pause from
which on that is said: Kubernetes deletes what belonged to a Formation some seconds after it."""


class RevisionStore:
    """The revisions of a cluster's Formations."""

    def __init__(self, cluster: Cluster) -> None:
        """Take the port to the cluster."""
        self._cluster = cluster
        self._contents: Shares[str, Content] = Shares(MOST_BYTES)

    # Get

    def held(self, mine: Metadata, mark: Mark | None) -> Content | None:
        """Return a content by its mark, if it is in memory."""
        return self._contents.get(mine.namespace, f"{mine.uid}/{mark}")

    async def content(self, mine: Metadata, mark: Mark, *, hold: bool) -> Content | None:
        """Return a content by its mark; nothing if it isn't kept, or can't be rendered by this version.

        It may be held in memory: a release may take hours, and an answer may fail in any of its passes.
        """
        found = self.held(mine, mark)
        _, data = (0, None) if found else await self.kept(mine, mark.digest)
        with contextlib.suppress(pydantic.ValidationError):
            if data is not None:
                found = Content(FormationSpec.model_validate(data), data, mark=mark)
                if hold:
                    self._contents.put(mine.namespace, f"{mine.uid}/{mark}", found, 16 * bounds.size(data))
        return found

    async def kept(self, mine: Metadata, digest: str) -> tuple[int, Object | None]:
        """Return the number of a content's own revision, and what the content says; 0 and nothing without."""
        raw = await self._read(mine, digest)
        content = revisions.content_in(raw, mine, digest) if raw is not None else None
        return (0, None) if raw is None or content is None else (revisions.number_of(raw, mine), content)

    async def has_run_well(self, mine: Metadata, digest: str) -> bool:
        """Return whether a content has run well before, by a revision of its own."""
        raw = await self._read(mine, digest)
        if raw is None or revisions.content_in(raw, mine, digest) is None:
            return False
        return revisions.is_own(raw, mine) and revisions.listed(raw).ran_well

    async def _read(self, mine: Metadata, digest: str) -> Object | None:
        name = revision_name(mine.name, digest)
        return await patient(self._cluster.get(kinds.CONTROLLER_REVISION, mine.namespace, name))

    async def _history(self, mine: Metadata) -> History:
        """Return what there is of a Formation's revisions."""
        labels = f"{naming.FORMATION_LABEL}={mine.name}"
        pages = self._cluster.select(kinds.CONTROLLER_REVISION, mine.namespace, labels=labels)
        history = History()
        async for raw in first_objects(pages):
            if revisions.is_own(raw, mine):
                history.own.append(revisions.listed(raw))
            elif revisions.is_orphan(raw, mine):
                history.orphans.append(revisions.listed(raw))
        return history

    # Create and number

    async def let_through(self, this: Asked, digest: str, content: Mapping[str, Any]) -> Mark:
        """Give a content its number and its revision, and return what names it; raise `ClusterError`."""
        noted, floor = this.noted, this.noted.released.number if this.noted.released else 0
        history = noted.history = await patient(self._history(this.formation.metadata))
        mark = Mark(history.number_of(digest, floor) or history.next(floor), digest)
        await self._write(this, mark, content)
        noted.released, noted.kept, noted.unkept = mark, mark, None
        return mark

    async def prepare(self, this: Asked) -> None:
        """Keep the wanted content without a number, as long as it isn't released; raise `ClusterError`."""
        kept = NewContent(this.noted.digest, is_kept=True)
        if this.noted.unreleased != kept:
            await self._write(this, Mark(0, this.noted.digest), content_of(this.raw["spec"]))
            this.noted.unreleased = kept

    async def keep(self, this: Asked, chosen: Chosen) -> Requeue | None:
        """Keep the content that is rendered, if it isn't yet; then prune, and adopt what has no owner.

        What came of it is noted; return when to try again.
        """
        noted, mark = this.noted, chosen.content.mark or this.noted.released
        if this.formation.spec.paused or mark is None:
            return None
        is_kept = mark in (noted.kept, this.reported) or not chosen.content.is_declared
        if not is_kept and (again := await self._try(this, mark)):
            return again
        noted.kept, noted.unkept = mark, None
        if noted.history is not None:
            history, noted.history = noted.history, None
            with contextlib.suppress(errors.UnavailableError):  # the rest goes at the next deploy
                await patient(self._tidy(this, mark, history))
        return None

    async def note_ran_well(self, this: Asked, known: Revision) -> bool:
        """Note on the revision of what runs that it has run well; return whether that was possible."""
        with contextlib.suppress(errors.ClusterError):
            mark = Mark(known.number, digest_in(known.name))
            await self._note(this.formation.metadata, mark, well=True)
            return True
        return False

    async def _try(self, this: Asked, mark: Mark) -> Requeue | None:
        """Write a revision that couldn't be written before, unless that was just now."""
        noted, what = this.noted, (mark, this.formation.spec.revision_history_limit)
        if noted.unkept is not None and (wait := noted.unkept.remaining(what, this.now)):
            return Requeue(Lane.REPORT, wait)
        try:
            await self._write(this, mark, content_of(this.raw["spec"]))
        except errors.ClusterError as error:
            leaving = isinstance(error, LeavingError)
            pauses = LEAVING_FIRST if leaving else RETRY_FIRST, RETRY_MOST
            failed = tried(noted.unkept, what, revisions.problem(error), this.now, pauses)
            if leaving and failed.pause < LEAVING_SAID:
                failed = dataclasses.replace(failed, found=None)
            noted.unkept = failed
            return Requeue(Lane.REPORT, failed.pause)
        return None

    async def _write(self, this: Asked, mark: Mark, content: Mapping[str, Any]) -> None:
        """Keep a content under its number, which is 0 before its release."""
        mine, history = this.formation.metadata, this.noted.history
        if history is None or mark.digest not in history:
            made = revisions.manifest(mine, mark, content)
            with contextlib.suppress(errors.ConflictError):
                await self._create(this, mark, made)
                records.say(logger, mine, f"create ControllerRevision {made['metadata']['name']}")
                return
        await self._note(mine, mark)

    async def _create(self, this: Asked, mark: Mark, made: Object) -> None:
        """Create a revision; if a quota is full, prune first what is too much."""
        try:
            await patient(self._cluster.create(made, manager=naming.FIELD_MANAGER))
        except errors.ClusterError as error:
            mine = this.formation.metadata
            if not revisions.is_quota(error):
                raise
            if not (surplus := _surplus(this, mark, await patient(self._history(mine)))):
                raise
            await patient(self._prune(mine, surplus))
            await patient(self._cluster.create(made, manager=naming.FIELD_MANAGER))

    async def _note(self, mine: Metadata, mark: Mark, *, well: bool = False) -> None:
        """Note on a revision its number, if its mark has one, and that its content has run ``well``.

        Raises `TakenError` if its name is another object's, and `LeavingError` if that is about to go.
        """
        name, live = revision_name(mine.name, mark.digest), await self._read(mine, mark.digest)
        if live is None or revisions.is_leaving(live, mine):
            raise LeavingError(f"ControllerRevision {name} is of a Formation that is gone, and goes, too")
        if revisions.content_in(live, mine, mark.digest) is None:
            raise TakenError(kinds.CONTROLLER_REVISION, name, "another content")
        number = mark.number or revisions.number_of(live, mine)
        if operations := revisions.numbered(live, mine, number, well=well):
            await patient(self._cluster.patch(kinds.CONTROLLER_REVISION, mine.namespace, name, operations))
            records.say(logger, mine, f"update ControllerRevision {name}")

    # Prune

    async def _tidy(self, this: Asked, mark: Mark, history: History) -> None:
        """Prune what is too much, and adopt the newest of an earlier Formation, without a number."""
        mine = this.formation.metadata
        await self._prune(mine, _surplus(this, mark, history))
        for each in sorted(history.orphans, key=lambda each: each.number)[-MOST_ADOPTED:]:
            with contextlib.suppress(errors.ClusterError):
                await self._note(mine, Mark(0, each.digest))

    async def _prune(self, mine: Metadata, surplus: Sequence[Listed]) -> None:
        old = [(each.name, each.uid, each.version) for each in surplus[:MOST_DELETED]]
        await prune(self._cluster, mine, kinds.CONTROLLER_REVISION, old)


async def prune(cluster: Cluster, mine: Metadata, kind: str, old: Sequence[tuple[str, str, str]]) -> None:
    """Delete objects, given name, uid and version; what can't be deleted now goes at the next deploy."""
    for each in old:
        try:
            await cluster.delete(kind, mine.namespace, *each)
        except errors.ConflictError:
            continue  # somebody has just changed it
        except errors.ClusterError as error:
            records.say(logger, mine, f"an old {kind} can't be deleted: {error}", logging.WARNING)
            return
        records.say(logger, mine, f"delete {kind} {each[0]}")


def _surplus(this: Asked, mark: Mark, history: History) -> list[Listed]:
    """Return the revisions that are too many, and neither run, as far as is known, nor are let through."""
    running = {each.digest for each in (mark, this.noted.released or mark, *this.named)}
    limit = this.formation.spec.revision_history_limit
    return history.surplus(KEPT_REVISIONS if limit is None else limit, {*running, *this.of_jobs})
