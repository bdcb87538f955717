"""Reads and writes the revisions of Formations: the one place that does.

What is read is believed only by its digest, which a Deployment, the status or a Job names: anyone who may
write in a namespace may write revisions there.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pydantic

from formation_operator.api import bounds, naming
from formation_operator.api.content import Mark, revision_name
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster, Object, first_objects
from formation_operator.release import revisions
from formation_operator.release.asked import Content
from formation_operator.release.revisions import NONE, History, LeavingError, Listed, TakenError
from formation_operator.shares import Shares
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
PATIENCE = 2.0
"""Seconds for which a pass waits for what is read and written here: counts wait no longer."""
MOST_BYTES = 16 * 2**20
"""Of contents that are kept in memory while a release runs; one without room is read in each pass."""
MOST_DELETED = 100
"""How many old revisions one deploy deletes: as many as a Formation may keep."""
MOST_ADOPTED = 10
"""How many revisions of an earlier Formation one deploy adopts."""


@contextlib.asynccontextmanager
async def patiently() -> AsyncIterator[None]:
    """Raise `UnavailableError` where an answer takes longer than a pass waits.

    What needs several requests waits for each: where a server answers late, it gets on all the same.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError:
        raise errors.UnavailableError("no answer") from None


class RevisionStore:
    """The revisions of a cluster's Formations."""

    def __init__(self, cluster: Cluster) -> None:
        """Take the port to the cluster."""
        self._cluster = cluster
        self._contents: Shares[str, Object] = Shares(MOST_BYTES)

    def known(self, mine: Metadata, mark: Mark | None) -> Content | None:
        """Return a content by its mark, if it is in memory."""
        found = mark and self._contents.get(mine.namespace, f"{mine.uid}/{mark.digest}")
        return _content(found, mark) if found and mark else None

    def hold(self, mine: Metadata, digest: str, content: Object) -> None:
        """Keep a content in memory while others wait for a release."""
        self._contents.put(mine.namespace, f"{mine.uid}/{digest}", content, 10 * bounds.size(content))

    async def content(self, mine: Metadata, mark: Mark, *, hold: bool = True) -> Content | None:
        """Return a content by its mark; nothing if it isn't kept, or can't be rendered by this version.

        It is held in memory where it may be rendered again and again.
        """
        found = self.known(mine, mark)
        if found is None and (data := (await self.kept(mine, mark.digest))[1]) is not None:
            found = _content(data, mark)
            if hold:
                self.hold(mine, mark.digest, data)
        return found

    async def kept(self, mine: Metadata, digest: str) -> tuple[int, Object | None]:
        """Return the number of a content's own revision, and what the content says; 0 and nothing without."""
        raw = await self._read(mine, digest)
        content = revisions.content_in(raw, mine, digest) if raw is not None else None
        return (0, None) if raw is None or content is None else (revisions.number_in(raw, mine), content)

    async def history(self, mine: Metadata) -> History:
        """Return what there is of a Formation's revisions."""
        own, orphans, labels = list[Listed](), list[Listed](), f"{naming.FORMATION_LABEL}={mine.name}"
        pages = self._cluster.select(kinds.CONTROLLER_REVISION, mine.namespace, labels=labels)
        async with patiently():
            async for raw in first_objects(pages):
                if revisions.is_own(raw, mine):
                    own.append(revisions.listed(raw))
                elif revisions.is_orphan(raw, mine):
                    orphans.append(revisions.listed(raw))
        return History(own, orphans)

    async def keep(
        self, mine: Metadata, mark: Mark, content: Mapping[str, Any], history: History = NONE
    ) -> None:
        """Keep a content under its number, which is 0 before its release.

        ``history`` says whether it is kept already.
        """
        name = revision_name(mine.name, mark.digest)
        if name not in history:
            made = revisions.manifest(mine, mark, content)
            with contextlib.suppress(errors.ConflictError):
                async with patiently():
                    await self._cluster.create(made, manager=naming.FIELD_MANAGER)
                records.say(logger, mine, f"create ControllerRevision {name}")
                return
        await self.note(mine, mark)

    async def note(self, mine: Metadata, mark: Mark, *, well: bool = False) -> None:
        """Note on a revision its number, if its mark has one, and that its content has run ``well``.

        Raises `TakenError` if its name is another object's, and `LeavingError` if that is about to go.
        """
        name, live = revision_name(mine.name, mark.digest), await self._read(mine, mark.digest)
        if live is None or revisions.is_leaving(live, mine):
            raise LeavingError(f"ControllerRevision {name} is of a Formation that is gone, and goes with it")
        if revisions.content_in(live, mine, mark.digest) is None:
            raise TakenError(kinds.CONTROLLER_REVISION, name, "another content")
        number = mark.number or revisions.number_in(live, mine)
        if operations := revisions.numbered(live, mine, number, well=well):
            async with patiently():
                await self._cluster.patch(kinds.CONTROLLER_REVISION, mine.namespace, name, operations)
            records.say(logger, mine, f"update ControllerRevision {name}")

    async def prune(self, mine: Metadata, surplus: Sequence[Listed]) -> None:
        """Delete revisions; what can't be deleted now goes at the next deploy."""
        for each in surplus[:MOST_DELETED]:
            try:
                await self._cluster.delete(
                    kinds.CONTROLLER_REVISION, mine.namespace, each.name, each.uid, each.version
                )
            except errors.ConflictError:
                continue  # somebody has just changed it
            except errors.ClusterError as error:
                records.say(logger, mine, f"old revisions can't be deleted: {error}", logging.WARNING)
                return
            records.say(logger, mine, f"delete ControllerRevision {each.name}")

    async def adopt(self, mine: Metadata, orphans: Sequence[Listed]) -> None:
        """Adopt the newest revisions that an earlier Formation has left, without a number."""
        for each in sorted(orphans, key=lambda each: each.number)[-MOST_ADOPTED:]:
            with contextlib.suppress(errors.ClusterError):
                await self.note(mine, Mark(0, each.digest))

    async def _read(self, mine: Metadata, digest: str) -> Object | None:
        name = revision_name(mine.name, digest)
        async with patiently():
            return await self._cluster.get(kinds.CONTROLLER_REVISION, mine.namespace, name)


def _content(data: Object, mark: Mark) -> Content | None:
    try:
        return Content(FormationSpec.model_validate(data), mark.digest, data, mark=mark)
    except pydantic.ValidationError:
        return None
