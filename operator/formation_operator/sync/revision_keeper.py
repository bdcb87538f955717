"""Keeps the content that was rolled out as a revision: one write for a deploy, and none for anything else.

Revisions are neither watched nor remembered: the status names the one that runs. So a pass finds by a digest,
made once for each generation, that there is nothing to do.
"""

import dataclasses
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from formation_operator.api import content_changes, naming
from formation_operator.api.content import content_of, digest_of, revision_name
from formation_operator.api.formation import REVISIONS, Formation, Metadata
from formation_operator.api.formation_status import FormationStatus, Revision
from formation_operator.backoff import doubled
from formation_operator.kube import errors
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.kube.port import Cluster
from formation_operator.observe import faults
from formation_operator.observe.faults import Problem
from formation_operator.requeue import Lane, Requeue
from formation_operator.sync import revision_errors, revisions, turns
from formation_operator.sync.revision_errors import LeavingError, TakenError
from formation_operator.sync.revisions import History
from formation_operator.sync.turns import Turns
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)

MOST_PAGES = 10
"""Of a Formation's revisions: others may have made thousands with its label."""
MOST_DELETED = 100
"""How many old revisions one deploy deletes: as many as a Formation may keep."""
RETRY_FIRST, RETRY_MOST = 10.0, 600.0
"""Seconds until a revision that couldn't be written is tried again, at first and at the most."""
MOST_AT_ONCE = 2
"""First revisions that are written at the same time after an upgrade: a slow API server sets the pace."""
LEAVING_FIRST, LEAVING_SAID = 2.0, 30.0
"""The first pause in seconds where a revision of a Formation from before is in the way, and the pause from
which on that is said: Kubernetes deletes what belonged to a Formation some seconds after it."""


class Failure(NamedTuple):
    """That a revision couldn't be written."""

    name: str
    limit: int | None
    """What the Formation said then: another limit may make room."""
    problem: Problem | None
    """What is said of it; nothing while it is about to pass."""
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
    current: bool = False
    """Whether that keeps the content that was rolled out."""
    problem: Problem | None = None
    """Why it doesn't."""
    requeue: Requeue | None = None
    notices: Sequence[Notice] = ()


class Keeper:
    """Writes revisions, and deletes the oldest."""

    def __init__(self, cluster: Cluster, monotonic: Callable[[], float]) -> None:
        """Take the port to the cluster, and a clock in seconds that nobody sets."""
        self._cluster = cluster
        self._monotonic = monotonic
        self._turns = Turns()
        self._under_way = 0
        """How many first revisions of Formations that were there before are written now."""

    async def keep(  # noqa: PLR0913  # the last two are for releases
        self,
        raw: Mapping[str, Any],
        formation: Formation,
        before: FormationStatus,
        noted: Noted,
        *,
        content: Mapping[str, Any] | None = None,
        released: Collection[str] = (),
    ) -> Kept:
        """Keep the content of a Formation, which is rolled out, given its last status.

        ``content`` is another content that is rolled out while the Formation's own waits for its release. The
        revisions of the digests in ``released`` aren't pruned: their Jobs are still there.
        """
        newest, now = noted.kept or before.revision, self._monotonic()
        if newest is None and _was_reported(before):
            if noted.turn is None:
                noted.turn = self._turns.next(formation.metadata.namespace, now)
            elif noted.turn <= now and self._under_way >= MOST_AT_ONCE:
                noted.turn = self._turns.next(formation.metadata.namespace, now + turns.PAUSE)
            if noted.turn > now:
                return Kept(None, requeue=Requeue(Lane.REPORT, noted.turn - now))
        name = _name(raw, formation.metadata, noted)
        if content is not None:
            raw, name = {**raw, "spec": content}, revision_name(formation.metadata.name, digest_of(content))
        if newest is not None and newest.name == name:
            noted.failed = None
            return Kept(newest, current=True)
        limit = formation.spec.revision_history_limit
        failed = noted.failed if noted.failed and noted.failed[:2] == (name, limit) else None
        if failed is not None and now - failed.at < failed.pause:
            again = Requeue(Lane.REPORT, failed.at + failed.pause - now)
            return Kept(newest, problem=failed.problem, requeue=again)
        protected = {revision_name(formation.metadata.name, each) for each in released}
        in_turn = noted.turn is not None
        self._under_way += in_turn
        try:
            kept = await self._keep(raw, formation, before, name, newest, protected=protected)
        except Exception as error:  # noqa: BLE001  # nothing else waits for a revision
            leaving = isinstance(error, LeavingError)
            pause = doubled(failed and failed.pause, LEAVING_FIRST if leaving else RETRY_FIRST, RETRY_MOST)
            problem = None if leaving and pause < LEAVING_SAID else _problem(formation.metadata, error)
            noted.failed = Failure(name, limit, problem, now, pause)
            return Kept(newest, problem=problem, requeue=Requeue(Lane.REPORT, pause))
        finally:
            self._under_way -= in_turn
        noted.kept, noted.failed, noted.turn = kept.revision, None, None
        return kept

    async def _keep(  # noqa: PLR0913  # as `keep`
        self,
        raw: Mapping[str, Any],
        formation: Formation,
        before: FormationStatus,
        name: str,
        newest: Revision | None,
        *,
        protected: Collection[str],
    ) -> Kept:
        mine, limit = formation.metadata, formation.spec.revision_history_limit
        content = content_of(raw["spec"])
        history = History(newest=newest.name if newest else "")
        if not _is_new(raw, before):
            history = await self._listed(mine, history)
        most, runs = REVISIONS if limit is None else limit, {*protected, *([newest.name] if newest else ())}
        ready = before.revision.name if before.revision and before.revision.ready else ""
        history = history.with_ready(ready, history.surplus(most, {name, *protected}))
        try:
            number = await self._write(mine, name, content, history, newest.number if newest else 0)
        except errors.ClusterError:
            await self._prune(mine, history, most, runs)  # a quota may have room then
            raise
        kept = Revision(name=name, number=number)
        await self._prune(mine, history, most, {name, *protected})
        notices = [await self._deployed(mine, kept, newest, content)] if newest else []
        return Kept(kept, current=True, notices=notices)

    async def _listed(self, mine: Metadata, found: History) -> History:
        """Return a history with what is found of a Formation's revisions, and of others with its label."""
        pages = 0
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
                    revisions.manifest(mine, name, number, content, history.ran_well),
                    manager=naming.FIELD_MANAGER,
                )
            except errors.ConflictError:
                pass  # one is there: of ours, if its answer was lost, or of somebody's
            else:
                self._log(mine, f"create ControllerRevision {name}")
                return number
        live = await self._cluster.get(kinds.CONTROLLER_REVISION, mine.namespace, name)
        if live is None or revisions.is_leaving(live, mine):
            raise LeavingError(f"ControllerRevision {name} is of a Formation that is gone, and goes with it")
        if not revisions.is_usable(live, mine, content):
            raise TakenError(kinds.CONTROLLER_REVISION, name, "another content")
        number = history.number(name, floor, revisions.number_in(live))
        if not revisions.is_numbered(live, mine, number):
            operations = revisions.renumbered(live, mine, number, history.ran_well)
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
    if isinstance(error, errors.ClusterError):
        return revision_errors.problem(error)
    key = mine.namespace, mine.name
    logger.error("%s/%s: no revision", *key, exc_info=error, extra=records.about(key))
    return faults.problem("", error)
