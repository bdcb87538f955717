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
from formation_operator.telemetry.instruments import PREFIX

Raw = dict[str, Any]
OTHER = "Other"
UNKNOWN = "Unknown"
"""Nothing has been reported yet."""
REASONS = frozenset(map(str, [*Reason, *Trouble, State.RUNNING, State.SUSPENDED]))
STATES = frozenset(map(str, State))
RELEASE_STATES = frozenset(map(str, ReleaseState))
SCHEDULE_STATES = frozenset(map(str, ScheduleState))
COUNTED = ("desired", "ready")


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
        formations = [*self._formations()]
        types = [each for raw in formations for each in types_of(raw)]
        ready = collections.Counter(map(readiness, formations))
        yield _family("formations", "Formations by the condition Ready", ("ready", "reason"), ready)
        states = collections.Counter((_word(each.status.get("state"), STATES),) for each in types)
        yield _family("process_types", "Process types by state", ("state",), states)
        yield from _releases([*filter(None, map(release_of, formations))], self._now())
        listed = shared(types, self._most)
        yield from _replicas(listed)
        left_out = {(): len(types) - len(listed)}
        yield _family(
            "process_types_unlisted",
            "Process types whose replicas aren't listed, because of the limit",
            (),
            left_out,
        )
        yield from self._schedules([each for raw in formations for each in types_of(raw, "schedules")])

    def _schedules(self, schedules: list[Type]) -> Iterator[Metric]:
        states = collections.Counter(
            (_word(each.status.get("state"), SCHEDULE_STATES),) for each in schedules
        )
        yield _family("schedules", "Schedules by state", ("state",), states)
        listed, now = shared(schedules, self._most), self._now()
        labels = ("namespace", "formation", "schedule")
        failing = {each[:3]: int(each.status.get("state") == ScheduleState.FAILING) for each in listed}
        text = "Whether the last run of a schedule failed, or one is in trouble"
        yield _family("schedule_failing", text, labels, failing)
        ages = {each[:3]: now - at for each in listed if (at := _time(each.status, "lastSuccessfulTime"))}
        text = "Time since a run of a schedule succeeded last"
        yield _family("schedule_last_success_age_seconds", text, labels, ages)
        left_out = {(): len(schedules) - len(listed)}
        yield _family("schedules_unlisted", "Schedules that aren't listed", (), left_out)


def readiness(raw: Raw) -> tuple[str, str]:
    """Return the status of the condition Ready and its reason, if they are known ones."""
    conditions = raw["status"].get("conditions")
    for each in conditions if isinstance(conditions, list) else ():
        if isinstance(each, dict) and each.get("type") == ConditionType.READY:
            status = each.get("status")
            return status if status in ("True", "False") else UNKNOWN, _word(each.get("reason"), REASONS)
    return UNKNOWN, UNKNOWN


def release_of(raw: Raw) -> Raw | None:
    """Return what a status says of the release command, if it says anything."""
    release = raw["status"].get("release")
    return release if isinstance(release, dict) else None


def types_of(raw: Raw, part: str = "processes") -> Iterator[Type]:
    """Yield the types or schedules that a Formation declares, and no others that its status may name."""
    about, said = raw["metadata"], raw["status"].get(part)
    known = said if isinstance(said, dict) else {}
    declared = raw["spec"].get(part)
    for name in declared if isinstance(declared, dict) else ():
        status = known.get(name)
        yield Type(about["namespace"], about["name"], name, status if isinstance(status, dict) else {})


def shared(types: list[Type], most: int) -> list[Type]:
    """Return at most so many types, the same ones each time; namespaces with few have theirs in any case."""
    by_namespace: dict[str, list[Type]] = collections.defaultdict(list)
    for each in types:
        by_namespace[each.namespace].append(each)
    kept: list[Type] = []
    waiting = len(by_namespace)
    for _, own in sorted(by_namespace.items(), key=lambda item: (len(item[1]), item[0])):
        share = (most - len(kept)) // waiting
        kept += own if len(own) <= share else sorted(own, key=lambda each: each[:3])[:share]
        waiting -= 1
    return kept


def _releases(releases: list[Raw], now: float) -> Iterator[Metric]:
    states = collections.Counter((_word(each.get("state"), RELEASE_STATES),) for each in releases)
    text = "Formations with a release command by the state of the last release"
    yield _family("releases", text, ("state",), states)
    running = [each for each in releases if each.get("state") == ReleaseState.RUNNING]
    ages = [now - (_time(each, "startedAt") or now) for each in running]
    text = "Age of the oldest release command that runs"
    yield GaugeMetricFamily(f"{PREFIX}_release_running_seconds", text, value=max(ages, default=0.0))


def _time(said: Raw, field: str) -> float | None:
    """Return a time of a status in seconds since 1970; nothing if there is none."""
    try:
        return datetime.datetime.fromisoformat(said.get(field) or "").timestamp()
    except (TypeError, ValueError, OverflowError):  # others may have written it
        return None


def _replicas(types: list[Type]) -> Iterator[Metric]:
    for which in COUNTED:
        family = GaugeMetricFamily(
            f"{PREFIX}_process_type_replicas_{which}",
            f"Replicas of a process type that are {which}",
            labels=("namespace", "formation", "process_type"),
        )
        for each in types:
            value = each.status.get(f"{which}Replicas")
            if isinstance(value, int):
                family.add_metric(each[:3], value)
            elif which == "ready" and isinstance(each.status.get("desiredReplicas"), int):
                family.add_metric(each[:3], 0)
        yield family


def _family(name: str, text: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for label_values, value in sorted(values.items()):
        family.add_metric(label_values, value)
    return family


def _word(value: Any, known: frozenset[str]) -> str:
    if value is None:
        return UNKNOWN
    return value if isinstance(value, str) and value in known else OTHER
