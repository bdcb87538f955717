"""The trials of contents, as a report sees them: what stood, failed or ran well is noted in the record.

The next pass decides by what was noted.
"""

import dataclasses
import logging
from collections.abc import Callable, Sequence

from formation_operator.api import naming
from formation_operator.api.content import revision_name
from formation_operator.api.formation_status import Revision
from formation_operator.api.reasons import CanaryState, Reason
from formation_operator.controller.passes import Pass
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import timestamps
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.requeue import Lane, Requeue, soonest
from formation_operator.rollout.canary import PATIENCE
from formation_operator.rollout.revision_store import RevisionStore
from formation_operator.rollout.revisions import Record
from formation_operator.status import canary_health, first_minute
from formation_operator.status.change_events import rolled_out
from formation_operator.status.observation import Observation

logger = logging.getLogger(__name__)


class Trials:
    """Notes how the canaries of a content are, and how it runs in the minute after its rollout."""

    def __init__(self, store: RevisionStore, clock: Clock, monotonic: Callable[[], float]) -> None:
        """Take the revisions, and the clocks; nobody sets the second one."""
        self._store = store
        self._clock = clock
        self._monotonic = monotonic

    async def look(self, pass_: Pass, observation: Observation) -> tuple[Observation, Requeue | None]:
        """Return the observation with how the canaries are, and when to go on.

        What was seen of them is noted, and decided about in the next pass.
        """
        if not observation.desired.canaries:
            return observation, None
        snapshot, now = observation.snapshot, observation.snapshot.now
        memory = pass_.memory.rollout
        trial = memory.trial
        names = map(naming.canary, observation.desired.canaries)
        found = (each.reason for name in names for each in observation.findings.get(name, ()))
        trial.imageless = _since(trial.imageless, now) if Reason.IMAGE_PULL_FAILED in found else None
        record = trial.record or Record(revision_name(snapshot.owner.name, memory.digest))
        moment = timestamps.rfc3339(self._clock())
        verdict = canary_health.health(observation, record, trial.imageless, moment)
        if verdict.status.state == CanaryState.FAILED != trial.state:
            try:
                await self._store.prepare(snapshot, memory, CanaryState.FAILED)
            except errors.ClusterError as error:
                logger.warning("%s/%s: that it has failed isn't noted: %s", *pass_.key, error)
        may_yield = bool(verdict.roomless) and snapshot.spec.canary is None
        trial.roomless = _since(trial.roomless, now) if may_yield else None
        wait = PATIENCE if trial.roomless is None else max(0.0, trial.roomless + PATIENCE - now)
        yields = frozenset[str]() if wait else verdict.roomless
        is_news = (verdict.proven, yields) != (trial.proven, trial.yields)
        requeue = Requeue(Lane.REPORT) if is_news else None
        trial.proven, trial.yields = verdict.proven, yields
        if verdict.status.state == CanaryState.TRYING:
            # No event comes when room or an image lacks for too long, or a process isn't ready in time.
            requeue = soonest(requeue, Requeue(Lane.REPORT, wait or PATIENCE))
        return dataclasses.replace(observation, canary=verdict.status, problems=verdict.problems), requeue

    async def finish(
        self, pass_: Pass, observation: Observation
    ) -> tuple[Revision | None, Sequence[Notice], Requeue | None]:
        """Return the newest revision, the Event that ends its deploy, and when it may have run well.

        It isn't ready yet once it is rolled out, and is once it has run well; it stays so.
        """
        snapshot, memory = observation.snapshot, pass_.memory
        newest, before = observation.revision, snapshot.status.revision
        ready = before.ready if before and memory.rollout.kept in (None, snapshot.reported) else None
        if newest is None or ready:
            memory.first_minute = None
            return before if ready else None, [], None
        now = self._monotonic()
        ended = list[Notice]()
        memory.first_minute = first_minute.go_on(observation, memory.first_minute, now)
        remaining = first_minute.remaining(observation, memory.first_minute, now)
        if ready is None and remaining is not None:  # all processes are available
            deploy = await self._store.deploy(snapshot.owner, memory.rollout, newest)
            ready, ended = False, [rolled_out(deploy, self._clock().timestamp())]
        if first_minute.is_crashing(observation):
            await self._store.note_failed(snapshot.owner, memory.rollout, newest)
        if remaining == 0:
            running = first_minute.running(observation)
            ready = await self._store.note_ran_well(snapshot.owner, memory.rollout, newest, running)
            if not ready:
                memory.first_minute = None  # the minute begins again
                remaining = first_minute.LASTS
        revision = newest.model_copy(update={"ready": ready})
        return revision, ended, Requeue(Lane.REPORT, remaining) if remaining else None


def _since(before: float | None, now: float) -> float:
    """Return since when something is so that was so before, or wasn't."""
    return now if before is None else before
