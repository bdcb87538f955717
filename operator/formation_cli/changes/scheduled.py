"""A run of a schedule at once, as `kubectl create job --from` makes one from its CronJob."""

from typing import Any

from formation_operator.kube.objects import lenient

Object = dict[str, Any]
BY_HAND = {"cronjob.kubernetes.io/instantiate": "manual"}
"""How kubectl marks such a Job."""


def job(cron_job: Object, suffix: str, seconds: int | None = None) -> Object:
    """Return the Job, whose name ends so, and which is ended after so many seconds, if any.

    Its CronJob keeps as many of those that are over as of all others.
    """
    about, template = cron_job["metadata"], lenient.mapping(cron_job, "spec", "jobTemplate")
    metadata = lenient.mapping(template, "metadata")
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": about["name"], "uid": about["uid"]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{about['name']}-{suffix}",
            "labels": lenient.mapping(metadata, "labels"),
            "annotations": {**lenient.mapping(metadata, "annotations"), **BY_HAND},
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": {
            **lenient.mapping(template, "spec"),
            **({"activeDeadlineSeconds": seconds} if seconds else {}),
        },
    }
