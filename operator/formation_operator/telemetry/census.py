"""Sums over the statuses of all Formations, counted at a scrape.

Words that may be anything (Kubernetes' own reasons, what others wrote into a status) are counted as `OTHER`.
"""

import collections
import datetime
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from formation_operator.api.formation_status import MEASURED
from formation_operator.api.reasons import (
    CanaryState,
    ConditionType,
    Reason,
    ReleaseState,
    ScheduleState,
    State,
    Trouble,
)
from formation_operator.shares import Shares
from formation_operator.telemetry.instruments import PREFIX

Raw = dict[str, Any]
OTHER = "Other"
UNKNOWN = "Unknown"
"""Nothing has been reported yet."""
LISTED = 2000
"""How many process types, and schedules, are listed."""
REASONS = frozenset[str]({*Reason, *Trouble, State.RUNNING, State.SUSPENDED})


Labels = tuple[str, str, str]
"""The values of a metric's labels: a namespace, a Formation, and a type or a schedule of it."""


class Census(Collector):
    """Formations by readiness, types and schedules by state, and each of these up to a number."""

    def __init__(
        self, formations: Callable[[], Iterable[Raw]], most: int, now: Callable[[], float] = time.time
    ) -> None:
        """Take what returns the Formations in any thread, how many types are listed, and a clock."""
        self._formations = formations
        self._now = now
        self._most = most

    def describe(self) -> Iterable[Metric]:
        """Return nothing: otherwise all would be counted to find out the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Count."""
        now, types, schedules = self._now(), dict[Labels, Raw](), dict[Labels, Raw]()
        ready, tries = collections.Counter[tuple[str, str]](), collections.Counter[tuple[str]]()
        releases = list[Raw]()
        for raw in self._formations():
            types.update(declared(raw, "processes"))
            schedules.update(declared(raw, "schedules"))
            ready[readiness(raw)] += 1
            tries.update([on_trial(raw)] if raw["status"].get("canary") else ())
            if release := _mapping(raw["status"].get("release")):
                releases.append({key: release.get(key) for key in ("state", "startedAt")})
        yield _family("formations", "Formations by the condition Ready", ("ready", "reason"), ready)
        yield _states("process_types", "Process types by state", State, types.values())
        text = "Formations with a release command by the state of the last release"
        yield _states("releases", text, ReleaseState, releases)
        text = "Formations by the state of their canaries; those that wait have no room or no image"
        yield _family("canaries", text, ("state",), tries)
        text = "Age of the oldest release command that runs"
        yield _family("release_running_seconds", text, (), {(): _longest(releases, now)})
        listed = shared(types, self._most)
        yield from (_replicas(which, listed) for which in ("desired", "ready"))
        text = "Process types whose replicas aren't listed, because of the limit"
        yield _family("process_types_unlisted", text, (), {(): len(types) - len(listed)})
        text = "Schedules by state"
        yield _states("schedules", text, ScheduleState, schedules.values())
        yield from _schedules(shared(schedules, self._most), now)
        unlisted = max(0, len(schedules) - self._most)
        yield _family("schedules_unlisted", "Schedules that aren't listed", (), {(): unlisted})


def readiness(raw: Raw) -> tuple[str, str]:
    """Return the status of the condition Ready and its reason, if they are known ones."""
    conditions = raw["status"].get("conditions")
    for each in conditions if isinstance(conditions, list) else ():
        if isinstance(each, dict) and each.get("type") == ConditionType.READY:
            status = each.get("status")
            return status if status in ("True", "False") else UNKNOWN, _word(each.get("reason"), REASONS)
    return UNKNOWN, UNKNOWN


def on_trial(raw: Raw) -> tuple[str]:
    """Return how far the canaries of a Formation are: they wait if the condition Ready has another cause."""
    state = _word(_mapping(raw["status"]["canary"]).get("state"), frozenset(CanaryState))
    waits = state == CanaryState.TRYING and readiness(raw)[1] != Trouble.CANARY_TRYING
    return (CanaryState.WAITING if waits else state,)


def declared(raw: Raw, part: str) -> Iterator[tuple[Labels, Raw]]:
    """Yield the types or schedules that a Formation declares, each with what is shown of its status."""
    namespace, formation = raw["metadata"]["namespace"], raw["metadata"]["name"]
    statuses = _mapping(raw["status"].get(part))  # it may have others, too
    for name in _mapping(raw["spec"].get(part)):
        status = _mapping(statuses.get(name))
        yield (namespace, formation, name), {key: status[key] for key in MEASURED if key in status}


def shared(types: Mapping[Labels, Raw], most: int) -> Mapping[Labels, Raw]:
    """Return at most so many types, the same ones each time; namespaces with few have theirs in any case."""
    shares = Shares[Labels, None](most)
    dropped = set[Labels]()
    for labels in sorted(types, reverse=True):  # the last in a namespace is dropped
        dropped.update(labels for _, labels in shares.put(labels[0], labels, None))
    return {labels: status for labels, status in types.items() if labels not in dropped}


def _longest(releases: list[Raw], now: float) -> float:
    running = [each for each in releases if each.get("state") == ReleaseState.RUNNING]
    return max((now - (_time(each, "startedAt") or now) for each in running), default=0.0)


def _schedules(listed: Mapping[Labels, Raw], now: float) -> Iterator[Metric]:
    names = ("namespace", "formation", "schedule")
    failing = {each: int(status.get("state") == ScheduleState.FAILING) for each, status in listed.items()}
    text = "Whether the last run of a schedule failed, or one is in trouble"
    yield _family("schedule_failing", text, names, failing)
    times = {each: _time(status, "lastSuccessfulTime") for each, status in listed.items()}
    ages = {each: now - time for each, time in times.items() if time}
    text = "Time since a run of a schedule succeeded last"
    yield _family("schedule_last_success_age_seconds", text, names, ages)


def _replicas(which: str, listed: Mapping[Labels, Raw]) -> Metric:
    """Return the replicas of each type that has any number of them, of which none may be ready."""
    with_count = {each for each, status in listed.items() if isinstance(status.get("desiredReplicas"), int)}
    counts = {each: listed[each].get(f"{which}Replicas") for each in with_count}
    values = {each: count if isinstance(count, int) else 0 for each, count in counts.items()}
    text = f"Replicas of a process type that are {which}"
    names = ("namespace", "formation", "process_type")
    return _family(f"process_type_replicas_{which}", text, names, values)


def _time(status: Raw, field: str) -> float | None:
    """Return a time of a status in seconds since 1970; nothing if there is none."""
    try:
        return datetime.datetime.fromisoformat(status.get(field) or "").timestamp()
    except (TypeError, ValueError, OverflowError):  # others may have written it
        return None


def _mapping(value: Any) -> Raw:
    return value if isinstance(value, dict) else {}


def _states(name: str, text: str, states: Iterable[str], statuses: Iterable[Raw]) -> Metric:
    """Return how many of some statuses have each state."""
    words = frozenset(states)
    counts = collections.Counter((_word(each.get("state"), words),) for each in statuses)
    return _family(name, text, ("state",), counts)


def _family(name: str, text: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for label_values, value in sorted(values.items()):
        family.add_metric(label_values, value)
    return family


def _word(value: Any, words: frozenset[str]) -> str:
    if value is None:
        return UNKNOWN
    return value if isinstance(value, str) and value in words else OTHER
