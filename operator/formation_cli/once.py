"""The Job of what runs once, whatever comes of it."""

from typing import Any

Object = dict[str, Any]
KEPT_SECONDS = 86400
"""For how long a Job is there after its end, if nobody deletes it."""


def job(metadata: Object, template: Object, seconds: int | None) -> Object:
    """Return a Job that is never tried again, and is ended after so many seconds, if any."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "backoffLimit": 0,
            **({"activeDeadlineSeconds": seconds} if seconds else {}),
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {**template, "spec": {**template["spec"], "restartPolicy": "Never"}},
        },
    }
