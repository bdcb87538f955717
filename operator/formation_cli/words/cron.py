"""Cron expressions, as the schedules of a CronJob have them."""

import datetime
import importlib
import zoneinfo

from formation_operator.kube.objects import timestamps

UTC = "UTC"


def next_run(expression: str, zone: str, now: float) -> str:
    """Return when a schedule begins its next run, as an RFC 3339 time; nothing where that isn't known.

    Without a time zone it is that of the cluster's controllers, and nearly all of them have UTC.
    """
    try:
        start = datetime.datetime.fromtimestamp(now, zoneinfo.ZoneInfo(zone or UTC))
        croniter = importlib.import_module("croniter").croniter  # few apps have schedules, and it takes 28 ms
        found: datetime.datetime = croniter(expression, start).get_next(datetime.datetime)
    except (ValueError, LookupError, OSError):  # the controller may know what we don't: `@every 1h`, a zone
        return ""
    return timestamps.rfc3339(found)
