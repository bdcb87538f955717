"""The CronJob of a schedule, which has the app's image, configuration and shared podTemplate."""

from collections.abc import Collection

from formation_operator.api.commands import LATE
from formation_operator.api.formation import FormationSpec, Metadata
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.render import desired, job_template
from formation_operator.render.desired import Intent
from formation_operator.render.pod_template import InvalidTypeError, Manifest


def suspended(today: FormationSpec, content: FormationSpec, down: Collection[str] = ()) -> dict[str, bool]:
    """Return whether each schedule of a content begins no run, which what is declared today decides.

    One that isn't declared any more begins runs until a content without it is rolled out. Those that are
    ``down`` stay so.
    """
    own = {name: today.schedule(name) for name in content.schedules or ()}
    return {
        name: bool(today.suspend or (each is not None and each.suspend) or name in down)
        for name, each in own.items()
    }


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
    about = job_template.labelled(desired.metadata(owner, content, name, {}), labels)
    return desired.intent(ChildKind.CRON_JOB, name, about, spec)
