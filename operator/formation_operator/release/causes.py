"""Why a release isn't done, has failed, or can't be started."""

from formation_operator.api.reasons import Trouble
from formation_operator.diagnose import job_cause
from formation_operator.diagnose.investigator import Examiner
from formation_operator.diagnose.job_cause import Cause
from formation_operator.kube import errors
from formation_operator.kube.port import Cluster
from formation_operator.observe.jobs import Job
from formation_operator.release.asked import Asked
from formation_operator.requeue import Lane, Requeue, soonest

RIGHTS = errors.rights_for("jobs.batch")


async def of_job(
    cluster: Cluster, examiner: Examiner, this: Asked, job: Job, now: float
) -> tuple[Cause, Requeue | None]:
    """Return why a release isn't done or has failed, and when to look again."""
    if this.forbidden and job.is_under_way:
        text = f"the operator may not list Jobs, so it isn't known how this one goes: {RIGHTS}"
        return Cause(text, lasting=True, reason=Trouble.REFUSED), None
    pods, noted = [pod for pod in this.pods if pod.job == job.name], this.noted
    findings, again = await examiner.examine_pods(noted.evidence, pods, now, this.faults)
    requeue = Requeue(Lane.REPORT, again) if again is not None else None
    blocked = ""
    if job_cause.lacks_pods(job, pods):
        noted.blocked, pause = await job_cause.why_podless(cluster, job, noted.blocked, now)
        blocked, requeue = noted.blocked.said, soonest(requeue, Requeue(Lane.REPORT, pause))
    return job_cause.cause_of(job, pods, findings, now, blocked), requeue


def refusal(error: errors.ClusterError) -> Cause:
    """Return why a release can't be started, from the error of a request for it."""
    text = f"the release command can't be started: {error}"
    if isinstance(error, errors.ForbiddenError):
        text += f": {RIGHTS}"
    lasting = isinstance(error, errors.RefusedError)
    return Cause(text, lasting=lasting, reason=Trouble.REFUSED if lasting else Trouble.RETRYING)
