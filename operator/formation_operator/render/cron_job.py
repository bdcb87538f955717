"""The CronJob of a schedule, which has the app's image, configuration and shared podTemplate."""

from formation_operator.api.commands import LATE
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.render import intents, job_template
from formation_operator.render.intents import Intent
from formation_operator.render.pod_template import InvalidTypeError, Manifest


def cron_job(owner: Metadata, content: FormationSpec, name: str, *, suspend: bool) -> Intent:
    """Return the CronJob of a schedule; raise `InvalidTypeError` if it can't be rendered."""
    schedule = (content.schedules or {})[name]
    if not (schedule.image or content.image):
        raise InvalidTypeError(f"there is no image: set spec.image, or spec.schedules.{name}.image")
    labels = ChildKind.CRON_JOB.traits.labels(owner.name, name)
    job = job_template.job_spec(owner.name, name, content, schedule, labels)
    given = {
        "timeZone": schedule.time_zone,
        "successfulJobsHistoryLimit": schedule.successful_jobs_history_limit,
        "failedJobsHistoryLimit": schedule.failed_jobs_history_limit,
    }
    if schedule.active_deadline_seconds is not None:
        job["activeDeadlineSeconds"] = schedule.active_deadline_seconds
    spec: Manifest = {
        "schedule": schedule.schedule,
        "concurrencyPolicy": schedule.concurrency_policy or "Forbid",
        "startingDeadlineSeconds": schedule.starting_deadline_seconds or LATE,
        "suspend": suspend,
        **{field: value for field, value in given.items() if value is not None},
        "jobTemplate": {"metadata": {"labels": labels}, "spec": job},
    }
    metadata = job_template.labelled(intents.object_meta(owner, content, name, {}), labels)
    return intents.intent(ChildKind.CRON_JOB, name, metadata, spec)
