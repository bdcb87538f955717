"""Cron expressions, as the schedules of a CronJob have them."""

import datetime
import zoneinfo

import croniter

UTC = "UTC"


def next_run(expression: str, zone: str, now: float) -> str:
    """Return when a schedule begins its next run, as an RFC 3339 time; nothing where that isn't known.

    Without a time zone it is that of the cluster's controllers, and nearly all of them have UTC.
    """
    try:
        start = datetime.datetime.fromtimestamp(now, zoneinfo.ZoneInfo(zone or UTC))
        found: datetime.datetime = croniter.croniter(expression, start).get_next(datetime.datetime)
    except (ValueError, LookupError, OSError):  # the controller may know what we don't: `@every 1h`, a zone
        return ""
    return found.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
