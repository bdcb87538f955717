"""Chooses the content that a pass renders, and runs the release command that has to come before it.

Without `spec.release` that is what the Formation says, and nothing is read. Nor is anything read as long as
the content is the one that was released last. Otherwise the pass goes on with what was released before.
"""

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from formation_operator.api.content import content_of, digest_of
from formation_operator.api.formation import Formation, FormationSpec, Metadata
from formation_operator.api.formation_status import FormationStatus, ReleaseStatus
from formation_operator.api.reasons import Trouble
from formation_operator.api.release_key import release_key, surroundings
from formation_operator.backoff import doubled
from formation_operator.diagnose import job_cause
from formation_operator.diagnose.evidence import Evidence
from formation_operator.diagnose.investigator import Examiner
from formation_operator.diagnose.job_cause import Blocked, Cause
from formation_operator.kube import errors
from formation_operator.kube.objects.timestamps import Clock
from formation_operator.kube.port import Cluster, Object
from formation_operator.observe import jobs as observed
from formation_operator.observe.children import Children
from formation_operator.observe.faults import Faults, Problem
from formation_operator.observe.jobs import Job
from formation_operator.observe.pods import Pod
from formation_operator.release import gate, progress, running
from formation_operator.release.content import NOTHING, Content
from formation_operator.release.contents import Contents
from formation_operator.release.gate import Act, Decision, Phase, Situation
from formation_operator.release.runner import Runner, TakenError
from formation_operator.render import cron_job, desired
from formation_operator.render.pod_template import InvalidTypeError
from formation_operator.replicas.count_owner import Replicas
from formation_operator.requeue import Lane, Requeue, soonest
from formation_operator.sync import revision_errors
from formation_operator.sync.revision_errors import LeavingError

RETRY_FIRST, RETRY_MOST = 2.0, 300.0
"""Seconds until a step that failed is tried again, at first and at the most."""
GONE_PAUSE = 1.0
"""Seconds between two looks at whether the Pods of an earlier release are gone."""
MOST_LEFT = 10
"""How many Jobs a pass marks as left: anyone may make any number."""
TURN = 0.5
"""Seconds between what has to come before a release, and its start."""
RIGHTS = "apply the rights of the operator's version (manifests/rbac), with jobs.batch"


@dataclasses.dataclass(slots=True)
class Noted:
    """What is remembered of the releases of one Formation; all of it can be found out again."""

    generation: int = -1
    digest: str = ""
    """Of the content that the Formation has at that generation."""
    key: str = ""
    released: str = ""
    """The digest of the content that was released last, before the status says so."""
    ungated: bool = False
    """Whether there was no release command until now: the status may not say so yet."""
    unreleased: str = ""
    """The digest of a content that was found not to be rolled out before."""
    started: str = ""
    """The uid of a Job that has started a container."""
    pause: float | None = None
    """Seconds until a step that failed is tried again."""
    blocked: Blocked | None = None
    """Why a Job has no Pod."""
    evidence: Evidence = dataclasses.field(default_factory=Evidence)


class Asked(NamedTuple):
    """The Formation whose content is to be chosen, and what is known of its releases."""

    raw: Object
    formation: Formation
    content: Content
    """What it says now."""
    before: FormationStatus
    jobs: Sequence[Job]
    pods: Sequence[Pod]
    """The Pods of its releases that aren't well."""
    children: Children
    noted: Noted
    faults: Faults
    forbidden: bool
    """Whether we have no right to list Jobs."""


class Chosen(NamedTuple):
    """The content that is rendered, and how the release of the wanted one goes."""

    content: Content
    status: ReleaseStatus | None = None
    problems: Sequence[Problem] = ()
    requeue: Requeue | None = None
    written: Sequence[Object] = ()
    """The Jobs that were written, as the API server answered."""
    situation: Situation | None = None
    """What decides how its release goes on; nothing if there is none."""
    released: str = ""
    """The digest of the content that was released last."""

    @property
    def is_held(self) -> bool:
        """Whether something else than the wanted content is rendered."""
        return self.content.kept is not None or not self.content.known


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


class Releaser:
    """Runs the releases of Formations."""

    def __init__(self, cluster: Cluster, examiner: Examiner, clock: Clock) -> None:
        """Take the port to the cluster, what finds out what is wrong with Pods, and a clock."""
        self._cluster = cluster
        self._examiner = examiner
        self._clock = clock
        self._contents = Contents(cluster)
        self._runner = Runner(cluster)

    async def choose(self, this: Asked) -> Chosen:
        """Return the content to render; nothing is written, so that no count waits for a release."""
        spec, before = this.formation.spec, this.before.release or ReleaseStatus()
        if spec.release is None:
            # What is rolled out from here on counts as released.
            this.noted.released, this.noted.unreleased, this.noted.ungated = "", "", True
            return Chosen(this.content)
        if spec.paused:
            return Chosen(this.content, this.before.release)
        _note(this)
        mine, noted = this.formation.metadata, this.noted
        jobs = sorted((each for each in this.jobs if each.owner == mine.uid), key=_age)
        known = noted.released or before.released or _kept_digest(this)
        try:
            released = await self._released(this, jobs, known)
            content = await self._contents.of(mine, released) if released not in ("", noted.digest) else None
            situation = await self._situation(this, jobs, released, content)
        except errors.RefusedError as error:
            return self._unread(this, error)
        if gate.is_open(situation):
            if noted.digest not in (noted.released, before.released):
                self._contents.hold(mine, noted.digest, content_of(this.raw["spec"]))
            released, rendered = noted.digest, this.content
        else:
            rendered = content or NOTHING
        noted.released, noted.ungated = released, False
        return Chosen(rendered, this.before.release, situation=situation, released=released)

    async def proceed(self, this: Asked, chosen: Chosen) -> Chosen:
        """Start, end or mark a Job where that is due, and return how the release goes."""
        if chosen.situation is None:
            return chosen if this.formation.spec.release is not None else await self._ignore(this, chosen)
        started = await self._has_started(this, chosen.situation)
        decision = gate.decide(chosen.situation._replace(started=started))
        reported = (this.before.release and this.before.release.released) or _kept_digest(this)
        if decision.act not in (Act.START, Act.LEAVE) or chosen.released == reported:
            return await self._carry_out(this, chosen, decision)
        # What runs now is rolled out and reported first: until then the Jobs show that it was released.
        chosen = await self._carry_out(this, chosen, decision._replace(act=Act.NOTHING))
        this.noted.pause = doubled(this.noted.pause, TURN, RETRY_MOST)
        return chosen._replace(requeue=soonest(chosen.requeue, Requeue(Lane.REPORT, this.noted.pause)))

    async def _released(self, this: Asked, jobs: Sequence[Job], known: str) -> str:
        """Return the digest of the content that was released last, given what is known of that.

        A content whose release has succeeded and that isn't rolled out yet is newer: the database fits it.
        """
        last, noted = gate.succeeded_last(jobs), this.noted
        if (
            last is None
            or known == noted.digest
            or last.digest in (known, noted.digest)
            or last.key == noted.key
        ):
            return known
        said = this.before.release.started_at if this.before.release else None
        if last.created_at < (said or ""):
            return known  # the one that the status is about came later, and its Job was deleted
        number = await self._contents.number(this.formation.metadata, last.digest)
        reported = this.before.revision.number if this.before.revision else 0
        # It gets its number before the status says that it is rolled out.
        return last.digest if number == 0 or number > reported else known

    async def _situation(
        self, this: Asked, jobs: Sequence[Job], released: str, content: Content | None
    ) -> Situation:
        mine, noted = this.formation.metadata, this.noted
        needs_none = noted.digest == released or (
            content is not None and _is_given_the_same(this, content.spec)
        )
        if not needs_none and noted.unreleased != noted.digest:
            # What runs when a release command is added counts as released, even if no revision keeps it yet.
            is_first = noted.ungated or not (this.before.release and this.before.release.released)
            needs_none = await self._contents.number(mine, noted.digest) > 0
            if is_first and not needs_none:
                needs_none = await running.runs(self._cluster, mine, this.content.spec, this.children)
            noted.unreleased = "" if needs_none else noted.digest
        return Situation(noted.digest, noted.key, needs_none, bool(this.formation.spec.suspend), jobs)

    async def _has_started(self, this: Asked, situation: Situation) -> bool:
        """Return whether the Job under way has started a container, as far as that matters."""
        noted = this.noted
        job = next((each for each in situation.jobs if each.is_under_way and not each.deleting), None)
        if job is None:
            return False
        wanted = gate.fits(job, noted.digest, noted.key) and not situation.suspended
        if wanted and not situation.needs_none:
            return False
        if noted.started != job.uid:
            now = self._clock().timestamp()
            if not await self._runner.has_started(this.formation.metadata, job, now):
                return False
            noted.started = job.uid
        return True

    def _unread(self, this: Asked, error: errors.RefusedError) -> Chosen:
        """Return that nothing is changed, because it can't be read what was released last."""
        text = f"it can't be read what was released last, so nothing is changed: {error}"
        if isinstance(error, errors.ForbiddenError):
            text += f": {revision_errors.RIGHTS}"
        problem = Problem("", Trouble.REFUSED, text)
        return Chosen(NOTHING, this.before.release, [problem], self._retry(this, None))

    # Acting

    async def _ignore(self, this: Asked, chosen: Chosen) -> Chosen:
        """Mark Jobs whose Formation has no release command any more: how they end counts for nothing."""
        mine, written = this.formation.metadata, list[Object]()
        try:
            for job in [job for job in this.jobs if job.owner == mine.uid and not (job.left or job.deleting)]:
                written.append(await self._runner.leave(mine, job))
                if len(written) == MOST_LEFT:
                    break
        except errors.ClusterError:
            chosen = chosen._replace(requeue=self._retry(this, None))
        return chosen._replace(written=written)

    async def _carry_out(self, this: Asked, chosen: Chosen, decision: Decision) -> Chosen:
        jobs = chosen.situation.jobs if chosen.situation is not None else ()
        cause, problems, written = Cause(), list[Problem](), list[Object]()
        requeue: Requeue | None = None
        try:
            made = await self._act(this, decision, jobs)
            written += [made] if made is not None else []
            if made is not None and decision.act is Act.START:
                decision = Decision(Phase.RUNNING, job=observed.job(made))
            if decision.phase in (Phase.RUNNING, Phase.FAILED) and decision.job is not None:
                cause, requeue = await self._cause(this, decision.job)
        except NotReadyError as error:
            cause, problems, requeue = error.cause, [*error.problems], self._retry(this, error.pause)
            written += error.found
        except errors.ClusterError as error:
            cause, requeue = _refusal(error), self._retry(this, None)
        said = progress.progress(
            this.formation,
            decision,
            wanted=this.noted.digest,
            released=chosen.released,
            before=this.before.release or ReleaseStatus(),
            key=this.noted.key,
            cause=cause,
            jobs=jobs,
        )
        found = [said.problem] if said.problem is not None else []
        if decision.act is Act.LEAVE and requeue is None:  # its turn comes after what was done now
            requeue = Requeue(Lane.CHANGE, TURN)
        if decision.act is Act.DELETE:  # it isn't deleted if it has just changed, perhaps in no known fact
            requeue = soonest(requeue, Requeue(Lane.REPORT, RETRY_FIRST))
        return chosen._replace(
            status=said.status, problems=(*found, *problems), requeue=requeue, written=tuple(written)
        )

    async def _act(self, this: Asked, decision: Decision, jobs: Sequence[Job]) -> Object | None:
        mine, target = this.formation.metadata, decision.target
        match decision.act:
            case Act.START:
                return await self._start(this, jobs)
            case Act.DELETE if target is not None:
                await self._runner.delete(mine, target)
            case Act.LEAVE if target is not None:
                return await self._runner.leave(mine, target)
        return None

    async def _start(self, this: Asked, jobs: Sequence[Job]) -> Object:
        """Keep the content, and start its release; raise `NotReadyError` if that has to wait."""
        mine, noted = this.formation.metadata, this.noted
        if this.forbidden:
            raise NotReadyError(
                Cause(f"the operator may not list Jobs: {RIGHTS}", lasting=True, reason=Trouble.REFUSED)
            )
        if invalid := _unrenderable(mine, this.content.spec):
            text = "no release command starts while a type is invalid"
            raise NotReadyError(Cause(text, lasting=True, reason=Trouble.INVALID_SPEC), invalid)
        if found := await self._runner.unknown(mine, {job.uid for job in this.jobs}):
            raise NotReadyError(Cause("an earlier release command was started"), found=found)
        if alive := await self._runner.alive(mine):
            text = f"the release command starts once Pods of an earlier one are gone: {', '.join(alive[:3])}"
            raise NotReadyError(Cause(text, reason=Trouble.WAITING), pause=GONE_PAUSE)
        try:
            await self._contents.keep(mine, noted.digest, content_of(this.raw["spec"]))
            made = await self._runner.start(mine, this.content.spec, noted.digest, noted.key)
        except InvalidTypeError as error:
            raise NotReadyError(
                Cause(f"spec.release: {error}", lasting=True, reason=Trouble.INVALID_SPEC)
            ) from None
        except LeavingError as error:
            text = f"the release command starts once that has gone, too: {error}"
            raise NotReadyError(Cause(text, reason=Trouble.WAITING)) from None
        except (TakenError, errors.ConflictError) as error:
            raise NotReadyError(Cause(str(error), lasting=True, reason=Trouble.NAME_TAKEN)) from None
        noted.pause = None
        await self._runner.prune(mine, [job for job in jobs if job.over and not job.deleting])
        return made

    def _retry(self, this: Asked, pause: float | None) -> Requeue:
        if pause is None:
            pause = this.noted.pause = doubled(this.noted.pause, RETRY_FIRST, RETRY_MOST)
        return Requeue(Lane.REPORT, pause)

    # Why it isn't done

    async def _cause(self, this: Asked, job: Job) -> tuple[Cause, Requeue | None]:
        """Return why a release isn't done or has failed, and when to look again."""
        if this.forbidden and job.is_under_way:
            text = f"the operator may not list Jobs, so it isn't known how this one goes: {RIGHTS}"
            return Cause(text, lasting=True, reason=Trouble.REFUSED), None
        now, pods = self._clock().timestamp(), [pod for pod in this.pods if pod.job == job.name]
        findings, again = await self._examiner.examine_pods(this.noted.evidence, pods, now, this.faults)
        requeue = Requeue(Lane.REPORT, again) if again is not None else None
        blocked = ""
        if job_cause.lacks_pods(job, pods):
            this.noted.blocked, pause = await job_cause.why_podless(
                self._cluster, job, this.noted.blocked, now
            )
            blocked, requeue = this.noted.blocked.said, soonest(requeue, Requeue(Lane.REPORT, pause))
        return job_cause.cause_of(job, pods, findings, blocked), requeue


def _note(this: Asked) -> None:
    """Note digest and key of the content that the Formation has now, once for each generation."""
    noted, generation = this.noted, this.formation.metadata.generation
    if noted.generation != generation:
        noted.generation, noted.digest = generation, digest_of(content_of(this.raw["spec"]))
        noted.key = release_key(this.formation.spec)
        noted.pause = None


def _age(job: Job) -> tuple[float, str, str]:
    """Return what Jobs are sorted by: times are whole seconds, but one ends before the next starts."""
    return job.created, job.finished_at or "later", job.name


def _kept_digest(this: Asked) -> str:
    """Return the digest of the content that runs, if no release was reported yet: it counts as released."""
    kept = this.before.revision
    return kept.name.removeprefix(f"{this.formation.metadata.name}-") if kept is not None else ""


def _is_given_the_same(this: Asked, released: FormationSpec) -> bool:
    """Return whether the wanted content needs no release after a released one.

    What runs where a release command is declared for the first time counts as released.
    """
    if released.release is None:
        return surroundings(released) == surroundings(this.formation.spec)
    return release_key(released) == this.noted.key


def _unrenderable(mine: Metadata, content: FormationSpec) -> list[Problem]:
    """Return why types or schedules of a content can't be rendered."""
    found = []
    one = Replicas(desired=1, rendered=1, remembered=1)
    for name in (*content.processes, *(content.schedules or ())):
        try:
            if name in content.processes:
                desired.children(mine, content, name, one)
            else:
                cron_job.cron_job(mine, content, name, suspend=False)
        except InvalidTypeError as error:
            found.append(Problem(name, Trouble.INVALID_SPEC, str(error)))
    return found


def _refusal(error: errors.ClusterError) -> Cause:
    text = f"the release command can't be started: {error}"
    if isinstance(error, errors.ForbiddenError):
        text += f": {RIGHTS}"
    lasting = isinstance(error, errors.RefusedError)
    return Cause(text, lasting=lasting, reason=Trouble.REFUSED if lasting else Trouble.RETRYING)
