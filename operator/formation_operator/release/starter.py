"""Starts a release, or says why it can't start yet."""

import asyncio
from collections.abc import Sequence

from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.api.reasons import Trouble
from formation_operator.diagnose.job_cause import Cause
from formation_operator.kube.port import Object
from formation_operator.observe.faults import Problem
from formation_operator.observe.jobs import Job
from formation_operator.release import causes
from formation_operator.release.asked import Asked
from formation_operator.release.keeper import Keeper
from formation_operator.release.revision_errors import LeavingError, TakenError
from formation_operator.release.revision_store import patiently
from formation_operator.release.runner import Runner
from formation_operator.render import cron_job, desired, release_job
from formation_operator.render.pod_template import InvalidTypeError
from formation_operator.replicas.count_owner import Replicas

ANY = Replicas(desired=1, rendered=1, remembered=1)
"""Counts are no part of what is released."""
GONE_PAUSE = 1.0
"""Seconds between two looks at whether the Pods of an earlier release are gone."""


class NotReadyError(Exception):
    """A release can't start yet."""

    def __init__(
        self,
        cause: Cause,
        problems: Sequence[Problem] = (),
        pause: float | None = None,
        found: Sequence[Object] = (),
    ) -> None:
        """Take why, the types that are to blame, the seconds until it may be different, and Jobs found."""
        super().__init__(cause.message)
        self.cause = cause
        self.problems = problems
        self.pause = pause
        self.found = found


class Starter:
    """Keeps contents, and starts their releases."""

    def __init__(self, keeper: Keeper, runner: Runner) -> None:
        """Take what keeps contents, and what writes Jobs."""
        self._keeper = keeper
        self._runner = runner

    async def start(self, this: Asked, jobs: Sequence[Job]) -> Object:
        """Keep the content, and start its release; raise `NotReadyError` if that has to wait."""
        mine, noted = this.formation.metadata, this.noted
        if this.forbidden:
            raise NotReadyError(
                Cause(
                    f"the operator may not list Jobs: {causes.RIGHTS}", lasting=True, reason=Trouble.REFUSED
                )
            )
        if invalid := await _unrenderable(mine, this.content.spec):
            text = "no release command starts while a type is invalid"
            raise NotReadyError(Cause(text, lasting=True, reason=Trouble.INVALID_SPEC), invalid)
        async with patiently():
            await self._runner.check_living(mine)
            found = await self._runner.unknown(mine, this.known_jobs())
            alive = [] if found else await self._runner.alive(mine)
        if found:
            raise NotReadyError(Cause("an earlier release command was started"), found=found)
        if alive:
            text = f"the release command starts once Pods of an earlier one are gone: {', '.join(alive[:3])}"
            raise NotReadyError(Cause(text, reason=Trouble.WAITING), pause=GONE_PAUSE)
        try:
            await self._keeper.prepare(this)
            spec = release_job.patient(this.content.spec) if this.is_first else this.content.spec
            made = await self._runner.start(mine, spec, noted.digest, noted.key)
        except InvalidTypeError as error:
            raise NotReadyError(
                Cause(f"spec.release: {error}", lasting=True, reason=Trouble.INVALID_SPEC)
            ) from None
        except LeavingError as error:
            text = f"the release command starts once that has gone, too: {error}"
            raise NotReadyError(Cause(text, reason=Trouble.WAITING)) from None
        except TakenError as error:
            raise NotReadyError(Cause(str(error), lasting=True, reason=Trouble.NAME_TAKEN)) from None
        noted.pause = None
        await self._runner.prune(mine, [job for job in jobs if job.over and not job.deleting])
        return made


async def _unrenderable(mine: Metadata, content: FormationSpec) -> list[Problem]:
    """Return why types or schedules of a content can't be rendered; yield to others after each."""
    found = []
    for name in (*content.processes, *(content.schedules or ())):
        try:
            if name in content.processes:
                desired.children(mine, content, name, ANY)
            else:
                cron_job.cron_job(mine, content, name, suspend=False)
        except InvalidTypeError as error:
            found.append(Problem(name, Trouble.INVALID_SPEC, str(error)))
        await asyncio.sleep(0)
    return found
