"""Times as kubectl shows them: how long ago, in one or two units."""

from formation_operator.kube.objects import timestamps

STEPS = ((120, 1, "s"), (600, 60, "m"), (10800, 60, "m"), (172800, 3600, "h"))
DAY = 86400


def ago(text: str | None, now: float) -> str:
    """Return how long ago an RFC 3339 time was; nothing of what isn't one."""
    moment = timestamps.epoch(text)
    return "" if moment is None else span(max(0.0, now - moment))


def until(text: str, now: float) -> str:
    """Return how soon an RFC 3339 time comes; nothing of what isn't one."""
    moment = timestamps.epoch(text)
    return "" if moment is None else span(max(0.0, moment - now))


def span(seconds: float) -> str:
    """Return a time as kubectl does.

    Source: ``k8s.io/apimachinery/pkg/util/duration``, simplified.

    >>> [span(each) for each in (5, 119, 130, 7200, 100000, 200000)]
    ['5s', '119s', '2m', '120m', '27h', '2d']
    """
    for below, unit, letter in STEPS:
        if seconds < below:
            return f"{int(seconds // unit)}{letter}"
    return f"{int(seconds // DAY)}d"
