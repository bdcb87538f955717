"""Numbers what is let through, keeps it as a revision, and prunes what is too much.

A content is kept before its first template is written. Without a release command a refusal holds up no
deploy, and the report tries again. Nothing is asked about a content that the status says is kept.
"""

import contextlib
import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from formation_operator.api.content import Mark, content_of, digest_in
from formation_operator.api.formation import KEPT_REVISIONS
from formation_operator.api.formation_status import Revision
from formation_operator.backoff import tried
from formation_operator.kube import errors
from formation_operator.release import revisions
from formation_operator.release.asked import Asked, Chosen
from formation_operator.release.revision_store import RevisionStore, patiently
from formation_operator.release.revisions import NONE, History, LeavingError, Listed
from formation_operator.requeue import Lane, Requeue

RETRY_FIRST, RETRY_MOST = 10.0, 600.0
"""Seconds until a revision that couldn't be written is tried again, at first and at the most."""
LEAVING_FIRST, LEAVING_SAID = 2.0, 30.0
"""The first pause in seconds where a revision of a Formation from before is in the way, and the pause from
which on that is said: Kubernetes deletes what belonged to a Formation some seconds after it."""


class Keeper:
    """Keeps the contents of Formations."""

    def __init__(self, store: RevisionStore) -> None:
        """Take the store of revisions."""
        self._store = store

    async def let_through(self, this: Asked, digest: str, content: Mapping[str, Any]) -> Mark:
        """Give a content its number and its revision, and return what names it; raise `ClusterError`."""
        noted, floor = this.noted, this.noted.released.number if this.noted.released else 0
        history = noted.history = await self._store.history(this.formation.metadata)
        mark = Mark(history.number_of(digest, floor) or history.next(floor), digest)
        await self._write(this, mark, content, history)
        noted.released, noted.kept, noted.unkept = mark, mark, None
        return mark

    async def prepare(self, this: Asked) -> None:
        """Keep the wanted content without a number, as long as it isn't released; raise `ClusterError`."""
        await self._write(this, Mark(0, this.noted.digest), content_of(this.raw["spec"]), NONE)

    async def _write(self, this: Asked, mark: Mark, content: Mapping[str, Any], history: History) -> None:
        """Write a revision; if a quota is full, prune first what is too much."""
        mine = this.formation.metadata
        try:
            await self._store.keep(mine, mark, content, history)
        except errors.ClusterError as error:
            if not revisions.is_quota(error):
                raise
            if history is NONE:
                history = await self._store.history(mine)
            if not (surplus := _surplus(this, history, _running(this, mark))):
                raise
            async with patiently():
                await self._store.prune(mine, surplus)
            await self._store.keep(mine, mark, content, history)

    async def keep(self, this: Asked, chosen: Chosen) -> Requeue | None:
        """Keep the content that is rendered, if it isn't yet; then prune, and adopt what has no owner.

        What came of it is noted; return when to try again.
        """
        mine, noted, mark = this.formation.metadata, this.noted, chosen.content.mark or this.noted.released
        if this.formation.spec.paused or mark is None:
            return None
        is_kept = mark in (noted.kept, this.reported) or not chosen.content.is_declared
        if not is_kept and (again := await self._try(this, mark)):
            return again
        noted.kept, noted.unkept = mark, None
        if noted.history is not None:
            history, noted.history = noted.history, None
            with contextlib.suppress(errors.UnavailableError):  # the rest goes at the next deploy
                async with patiently():
                    await self._store.prune(mine, _surplus(this, history, _running(this, mark)))
                    await self._store.adopt(mine, history.orphans)
        return None

    async def note_ran_well(self, this: Asked, known: Revision) -> bool:
        """Note on the revision of what runs that it has run well; return whether that was possible."""
        with contextlib.suppress(errors.ClusterError):
            mark = Mark(known.number, digest_in(known.name))
            await self._store.note(this.formation.metadata, mark, well=True)
            return True
        return False

    async def _try(self, this: Asked, mark: Mark) -> Requeue | None:
        """Write a revision that couldn't be written before, unless that was just now."""
        noted, what = this.noted, (mark, this.formation.spec.revision_history_limit)
        if noted.unkept is not None and (wait := noted.unkept.remaining(what, this.now)):
            return Requeue(Lane.REPORT, wait)
        try:
            await self._write(this, mark, content_of(this.raw["spec"]), noted.history or NONE)
        except errors.ClusterError as error:
            leaving = isinstance(error, LeavingError)
            pauses = LEAVING_FIRST if leaving else RETRY_FIRST, RETRY_MOST
            failed = tried(noted.unkept, what, revisions.problem(error), this.now, pauses)
            if leaving and failed.pause < LEAVING_SAID:
                failed = dataclasses.replace(failed, found=None)
            noted.unkept = failed
            return Requeue(Lane.REPORT, failed.pause)
        return None


def _running(this: Asked, mark: Mark) -> set[str]:
    """Return the digests of what runs, as far as it is known, and of what is let through."""
    return {each.digest for each in (mark, *filter(None, (this.noted.released,)), *this.named)}


def _surplus(this: Asked, history: History, running: Collection[str]) -> list[Listed]:
    """Return the revisions that are too many where contents of some digests run."""
    limit = this.formation.spec.revision_history_limit
    return history.surplus(KEPT_REVISIONS if limit is None else limit, {*running, *this.of_jobs})
