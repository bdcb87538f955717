"""Reads contents that were kept as revisions, and keeps the one that is released first.

What is read is believed only if it has the digest that the status or a Job names: anyone who may write in a
namespace may write revisions there.
"""

from collections.abc import Mapping
from typing import Any

import pydantic

from formation_operator.api import bounds, naming
from formation_operator.api.content import digest_of, revision_name
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Cluster, Object
from formation_operator.release.content import Content
from formation_operator.shares import Shares
from formation_operator.sync import revisions
from formation_operator.sync.revision_errors import LeavingError, TakenError

MOST_BYTES = 16 * 2**20
"""Of contents that are kept in memory while a release runs; one without room is read in each pass."""


class Contents:
    """The contents of Formations that have revisions."""

    def __init__(self, cluster: Cluster) -> None:
        """Take the port to the cluster."""
        self._cluster = cluster
        self._read: Shares[str, dict[str, Any]] = Shares(MOST_BYTES)

    async def of(self, mine: Metadata, digest: str) -> Content | None:
        """Return a content by its digest; nothing if it isn't kept, or can't be rendered by this version."""
        found = self._read.get(mine.namespace, f"{mine.uid}/{digest}")
        if found is None:
            raw = await self._revision(mine, digest)
            if raw is None or not self.hold(mine, digest, found := lenient.mapping(raw, "data")):
                return None
        try:
            return Content(FormationSpec.model_validate(found), digest, found)
        except pydantic.ValidationError:
            return None

    def hold(self, mine: Metadata, digest: str, content: dict[str, Any]) -> bool:
        """Keep a content in memory, as its revision may come later; return whether it is small enough."""
        size = bounds.size(content)
        if size > bounds.MOST_DECLARED:
            return False
        self._read.put(mine.namespace, f"{mine.uid}/{digest}", content, 10 * size)
        return True

    async def number(self, mine: Metadata, digest: str) -> int:
        """Return the number of the revision of a content; 0 if it was never rolled out, or has none."""
        raw = await self._revision(mine, digest)
        return revisions.number_in(raw) if raw is not None else 0

    async def keep(self, mine: Metadata, digest: str, content: Mapping[str, Any]) -> None:
        """Keep a content before it is released, unless it is kept already; its number is 0 until then.

        Raises `TakenError` if its name is another object's, and `LeavingError` if that is about to go.
        """
        name = revision_name(mine.name, digest)
        if await self._revision(mine, digest) is not None:
            return
        try:
            manifest = revisions.manifest(mine, name, 0, content, ())
            await self._cluster.create(manifest, manager=naming.FIELD_MANAGER)
        except errors.ConflictError as error:
            live = await self._cluster.get(kinds.CONTROLLER_REVISION, mine.namespace, name)
            if live is None or revisions.is_leaving(live, mine):
                raise LeavingError(f"ControllerRevision {name} is of a Formation that is gone") from error
            raise TakenError(kinds.CONTROLLER_REVISION, name, "another content") from error

    async def _revision(self, mine: Metadata, digest: str) -> Object | None:
        """Return the object that keeps a content of a digest; nothing if there is none that counts."""
        name = revision_name(mine.name, digest)
        raw = await self._cluster.get(kinds.CONTROLLER_REVISION, mine.namespace, name)
        if raw is None or not revisions.belongs(raw, mine):
            return None
        return raw if digest_of(lenient.mapping(raw, "data")) == digest else None
