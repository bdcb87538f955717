"""Keeps the content that was rolled out as a revision: one write for a deploy, and none for anything else.

Revisions are neither watched nor remembered: the status names the one that runs. So a pass finds by a digest,
made once for each generation, that there is nothing to do.
"""

import dataclasses
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from formation_operator.api import content_changes, naming
from formation_operator.api.content import content_of, digest_of, revision_name
from formation_operator.api.formation import REVISIONS, Formation, Metadata
from formation_operator.api.formation_status import FormationStatus, Revision
from formation_operator.api.reasons import Trouble
from formation_operator.backoff import doubled
from formation_operator.kube import errors
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster
from formation_operator.observe import faults
from formation_operator.observe.faults import Problem
from formation_operator.requeue import Lane, Requeue
from formation_operator.sync import revisions
from formation_operator.sync.revisions import History
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)

MOST_PAGES = 10
"""Of a Formation's revisions: others may have made thousands with its label."""
MOST_DELETED = 100
"""How many old revisions one deploy deletes: as many as a Formation may keep."""
RETRY_FIRST, RETRY_MOST = 10.0, 600.0
"""Seconds until a revision that couldn't be written is tried again, at first and at the most."""
BACKLOG_PAUSE = 0.02
"""Seconds between the first revisions of two Formations that were there before there were revisions."""

LOST = "you can't go back to this content"
RIGHTS = "apply the rights of the operator's version (manifests/rbac), with controllerrevisions.apps"
ROOM = "raise the quota for controllerrevisions.apps, or lower spec.revisionHistoryLimit"


class Failure(NamedTuple):
    """That a revision couldn't be written."""

    name: str
    limit: int | None
    """What the Formation said then: another limit may make room."""
    problem: Problem
    at: float
    pause: float
    """Seconds until it is tried again."""


@dataclasses.dataclass(slots=True)
class Noted:
    """What is remembered of the revisions of one Formation."""

    generation: int = -1
    name: str = ""
    """Of the revision of the content that the Formation has at that generation."""
    kept: Revision | None = None
    """The newest one that was kept: the status may say it later."""
    failed: Failure | None = None
    turn: float | None = None
    """When a Formation from before there were revisions gets its first."""


class Kept(NamedTuple):
    """What came of keeping a content."""

    revision: Revision | None
    """The newest one there is."""
    problem: Problem | None = None
    """Why that isn't the content that was rolled out."""
    requeue: Requeue | None = None
    notices: Sequence[Notice] = ()


class TakenError(errors.ClusterError):
    """The name of a revision is another object's."""


class Keeper:
    """Writes revisions, and deletes the oldest."""

    def __init__(self, cluster: Cluster, clock: Clock) -> None:
        """Take the port to the cluster, and a clock."""
        self._cluster = cluster
        self._clock = clock
        self._turn = 0.0
        """When the last one of those that were there before gets its first revision."""

    async def keep(
        self, raw: Mapping[str, Any], formation: Formation, before: FormationStatus, noted: Noted
    ) -> Kept:
        """Keep the content of a Formation, which is rolled out, given its last status."""
        newest, now = noted.kept or before.revision, self._clock().timestamp()
        wait = self._wait_for_turn(noted, now) if newest is None and _was_reported(before) else 0.0
        if wait > 0:
            return Kept(None, requeue=Requeue(Lane.REPORT, wait))
        name = _name(raw, formation.metadata, noted)
        if newest is not None and newest.name == name:
            noted.failed = None
            return Kept(newest)
        limit = formation.spec.revision_history_limit
        failed = noted.failed if noted.failed and noted.failed[:2] == (name, limit) else None
        if failed is not None and 0 <= now - failed.at < failed.pause:
            return Kept(newest, failed.problem, Requeue(Lane.REPORT, failed.at + failed.pause - now))
        content = content_of(raw["spec"])
        try:
            kept = await self._keep(formation, name, content, newest, first=_is_new(raw, before))
        except Exception as error:  # noqa: BLE001  # nothing else waits for a revision
            problem = _problem(formation.metadata, error)
            pause = doubled(failed and failed.pause, RETRY_FIRST, RETRY_MOST)
            noted.failed = Failure(name, limit, problem, now, pause)
            return Kept(newest, problem, Requeue(Lane.REPORT, pause))
        noted.kept, noted.failed, noted.turn = kept.revision, None, None
        return kept

    def _wait_for_turn(self, noted: Noted, now: float) -> float:
        """Return the seconds until a Formation that was there before may have its first revision.

        After an upgrade that is all of them, and nobody waits for any.
        """
        if noted.turn is None:
            self._turn = noted.turn = max(now, self._turn + BACKLOG_PAUSE)
        return noted.turn - now

    async def _keep(
        self,
        formation: Formation,
        name: str,
        content: dict[str, Any],
        newest: Revision | None,
        *,
        first: bool,
    ) -> Kept:
        mine, limit = formation.metadata, formation.spec.revision_history_limit
        history = History() if first else await self._history(mine)
        most, runs = REVISIONS if limit is None else limit, {newest.name} if newest else set[str]()
        try:
            number = await self._write(mine, name, content, history, newest.number if newest else 0)
        except errors.ClusterError:
            await self._prune(mine, history, most, runs)  # a quota may have room then
            raise
        kept = Revision(name=name, number=number)
        await self._prune(mine, history, most, {name})
        return Kept(kept, notices=[await self._deployed(mine, kept, newest, content)] if newest else [])

    async def _history(self, mine: Metadata) -> History:
        """Return what is found of a Formation's revisions, and of others with its label."""
        found, pages = History(), 0
        labels = f"{naming.FORMATION_LABEL}={mine.name}"
        async for page in self._cluster.select(kinds.CONTROLLER_REVISION, mine.namespace, labels=labels):
            found = found.with_page(mine, page)
            pages += 1
            if pages == MOST_PAGES:
                break
        return found

    async def _write(
        self, mine: Metadata, name: str, content: dict[str, Any], history: History, floor: int
    ) -> int:
        """Make a revision, or give one of the same content its next number; return the number it has."""
        if name not in history.names:
            number = history.number(name, floor)
            try:
                await self._cluster.create(
                    revisions.manifest(mine, name, number, content), manager=naming.FIELD_MANAGER
                )
            except errors.ConflictError:
                pass  # one is there: of ours, if its answer was lost, or of somebody's
            else:
                self._log(mine, f"create ControllerRevision {name}")
                return number
        live = await self._cluster.get(kinds.CONTROLLER_REVISION, mine.namespace, name)
        if live is None:
            raise errors.ConflictError(f"ControllerRevision {name} is gone")
        if not revisions.is_usable(live, mine, content):
            raise TakenError(
                f"a ControllerRevision {name} exists, and is foreign or has another content: "
                f"kubectl get controllerrevision {name} -o yaml shows it; delete it if it isn't needed"
            )
        number = history.number(name, floor, revisions.number_in(live))
        if not revisions.is_numbered(live, mine, number):
            operations = revisions.renumbered(live, mine, number)
            await self._cluster.patch(kinds.CONTROLLER_REVISION, mine.namespace, name, operations)
            self._log(mine, f"update ControllerRevision {name}")
        return number

    async def _prune(self, mine: Metadata, history: History, limit: int, kept: Collection[str]) -> None:
        """Delete the oldest revisions; what can't be deleted now is tried again at the next deploy."""
        for each in history.surplus(limit, kept)[:MOST_DELETED]:
            try:
                await self._cluster.delete(
                    kinds.CONTROLLER_REVISION, mine.namespace, each.name, each.uid, each.version
                )
            except errors.ConflictError:
                continue  # somebody has just changed it
            except errors.ClusterError as error:
                self._log(mine, f"old revisions can't be deleted: {error}", logging.WARNING)
                return
            self._log(mine, f"delete ControllerRevision {each.name}")

    async def _deployed(
        self, mine: Metadata, kept: Revision, before: Revision, content: dict[str, Any]
    ) -> Notice:
        """Return the Event that says what has changed, as far as the revision before is still there."""
        changes = ""
        try:
            live = await self._cluster.get(kinds.CONTROLLER_REVISION, mine.namespace, before.name)
            changes = content_changes.describe_change(live.get("data"), content) if live else ""
        except errors.ClusterError as error:
            logger.debug("%s/%s: %s", mine.namespace, before.name, error)
        note = f"revision {kept.number}: {changes}" if changes else f"revision {kept.number}"
        return Notice("Deployed", "Deploy", note)

    def _log(self, mine: Metadata, said: str, level: int = logging.INFO) -> None:
        key = mine.namespace, mine.name
        logger.log(level, "%s/%s: %s", *key, said, extra=records.about(key))


def _was_reported(before: FormationStatus) -> bool:
    """Return whether an operator has reported a Formation before this pass."""
    return before.observed_generation not in (None, -1)  # the CRD's default


def _is_new(raw: Mapping[str, Any], before: FormationStatus) -> bool:
    """Return whether a Formation can have no revision yet, so that none need be looked for."""
    return raw["metadata"].get("generation") == 1 and not _was_reported(before)


def _name(raw: Mapping[str, Any], mine: Metadata, noted: Noted) -> str:
    """Return the name of the revision of the content that a Formation has now."""
    if noted.generation != mine.generation:
        noted.name = revision_name(mine.name, digest_of(content_of(raw["spec"])))
        noted.generation = mine.generation
    return noted.name


def _problem(mine: Metadata, error: Exception) -> Problem:
    """Return what is said of a revision that couldn't be written, with the way out."""
    match error:
        case TakenError():
            return Problem("", Trouble.NAME_TAKEN, f"{LOST}: {error}")
        case errors.ForbiddenError():
            return Problem("", Trouble.REFUSED, f"{LOST}: {error}: {RIGHTS}")
        case errors.RefusedError():
            return Problem("", Trouble.REFUSED, f"{LOST}: {error}")
        case errors.ClusterError() if "quota" in str(error):
            return Problem("", Trouble.RETRYING, f"{LOST}: {error}: {ROOM}")
        case errors.ClusterError():
            return Problem("", Trouble.RETRYING, f"{LOST}: {error}")
    key = mine.namespace, mine.name
    logger.error("%s/%s: no revision", *key, exc_info=error, extra=records.about(key))
    return faults.problem("", error)
