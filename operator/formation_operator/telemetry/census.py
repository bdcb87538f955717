"""Sums over the statuses of all Formations, counted at a scrape.

Words that may be anything (Kubernetes' own reasons, what others wrote into a status) are counted as `OTHER`.
"""

import collections
import datetime
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from formation_operator.api.reasons import (
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
REASONS = frozenset[str]({*Reason, *Trouble, State.RUNNING, State.SUSPENDED})
PARTS = ("processes", "schedules")


class Type(NamedTuple):
    """A process type or a schedule, with what its Formation's status says of it."""

    namespace: str
    formation: str
    name: str
    status: Raw


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
        formations, now = [*self._formations()], self._now()
        types, schedules = ([each for raw in formations for each in declared(raw, part)] for part in PARTS)
        releases = [*filter(None, map(release_of, formations))]
        ready = collections.Counter(map(readiness, formations))
        yield _family("formations", "Formations by the condition Ready", ("ready", "reason"), ready)
        yield _states("process_types", "Process types by state", State, [each.status for each in types])
        text = "Formations with a release command by the state of the last release"
        yield _states("releases", text, ReleaseState, releases)
        text = "Age of the oldest release command that runs"
        yield _family("release_running_seconds", text, (), {(): _longest(releases, now)})
        listed = shared(types, self._most)
        yield from (_replicas(which, listed) for which in ("desired", "ready"))
        text = "Process types whose replicas aren't listed, because of the limit"
        yield _family("process_types_unlisted", text, (), {(): len(types) - len(listed)})
        text = "Schedules by state"
        yield _states("schedules", text, ScheduleState, [each.status for each in schedules])
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


def release_of(raw: Raw) -> Raw:
    """Return what a status says of the release command, if it says anything."""
    return _mapping(raw["status"].get("release"))


def declared(raw: Raw, part: str) -> Iterator[Type]:
    """Yield the types or schedules that a Formation declares, and no others that its status may name."""
    about, said = raw["metadata"], _mapping(raw["status"].get(part))
    for name in _mapping(raw["spec"].get(part)):
        yield Type(about["namespace"], about["name"], name, _mapping(said.get(name)))


def shared(types: list[Type], most: int) -> list[Type]:
    """Return at most so many types, the same ones each time; namespaces with few have theirs in any case."""
    shares, dropped = Shares[tuple[str, str], None](most), set[tuple[str, tuple[str, str]]]()
    for each in sorted(types, key=lambda each: each[:3], reverse=True):  # the last in a namespace is dropped
        dropped.update(shares.put(each.namespace, (each.formation, each.name), None))
    return [each for each in types if (each.namespace, (each.formation, each.name)) not in dropped]


def _longest(releases: list[Raw], now: float) -> float:
    running = [each for each in releases if each.get("state") == ReleaseState.RUNNING]
    return max((now - (_time(each, "startedAt") or now) for each in running), default=0.0)


def _schedules(listed: list[Type], now: float) -> Iterator[Metric]:
    labels = ("namespace", "formation", "schedule")
    failing = {each[:3]: int(each.status.get("state") == ScheduleState.FAILING) for each in listed}
    text = "Whether the last run of a schedule failed, or one is in trouble"
    yield _family("schedule_failing", text, labels, failing)
    ages = {each[:3]: now - at for each in listed if (at := _time(each.status, "lastSuccessfulTime"))}
    text = "Time since a run of a schedule succeeded last"
    yield _family("schedule_last_success_age_seconds", text, labels, ages)


def _replicas(which: str, listed: list[Type]) -> Metric:
    """Return the replicas of each type that has any number of them, of which none may be ready."""
    known = [each for each in listed if isinstance(each.status.get("desiredReplicas"), int)]
    found = {each[:3]: each.status.get(f"{which}Replicas") for each in known}
    values = {each: value if isinstance(value, int) else 0 for each, value in found.items()}
    name, text = f"process_type_replicas_{which}", f"Replicas of a process type that are {which}"
    return _family(name, text, ("namespace", "formation", "process_type"), values)


def _time(said: Raw, field: str) -> float | None:
    """Return a time of a status in seconds since 1970; nothing if there is none."""
    try:
        return datetime.datetime.fromisoformat(said.get(field) or "").timestamp()
    except (TypeError, ValueError, OverflowError):  # others may have written it
        return None


def _mapping(value: Any) -> Raw:
    return value if isinstance(value, dict) else {}


def _states(name: str, text: str, known: Iterable[str], statuses: Iterable[Raw]) -> Metric:
    """Return how many of some statuses have each state."""
    words = frozenset(known)
    states = collections.Counter((_word(each.get("state"), words),) for each in statuses)
    return _family(name, text, ("state",), states)


def _family(name: str, text: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for label_values, value in sorted(values.items()):
        family.add_metric(label_values, value)
    return family


def _word(value: Any, known: frozenset[str]) -> str:
    if value is None:
        return UNKNOWN
    return value if isinstance(value, str) and value in known else OTHER
