"""The processes of a Formation: one line each, in the words of its status (`docs/reasons.md`)."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from formation_cli.objects import LOWEST_COST, ONE_OFF, Object
from formation_cli.views import pod_state, versions
from formation_cli.views.table import Cell, Table, ago, state, until
from formation_cli.words import cron
from formation_operator.api.reasons import Reason, State
from formation_operator.diagnose import diagnosis, exits
from formation_operator.kube.objects import containers, lenient, timestamps
from formation_operator.observe import pods

STOPPING = "Stopping"
"""The state of a process that was asked to end."""
SUCCEEDED = "Completed"
FAILED = "Failed"
"""The states of what ran once: it is over, and nothing is started anew."""
COMING = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Why a container waits that nothing is wrong with."""


@dataclasses.dataclass(frozen=True)
class Process:
    """One process, or in its place a type that has none."""

    type: str
    declared: str
    """The type in the spec: of a canary, the one that it proves a new version of."""
    process: str
    """The name of its Pod; empty for a type that has none."""
    state: str
    reason: str
    message: str
    since: str
    """Since when it is so, as an RFC 3339 time; empty if nobody knows."""
    last_exit: dict[str, Any] | None
    ready: bool = False
    restarts: int = 0
    node: str = ""
    image: str = ""
    created: float = 0.0
    """When it was wanted first, in seconds since 1970."""
    schedule: str = ""
    """When it runs, if that is the type of a schedule: its cron expression, and its time zone."""
    next: str = ""
    """When its next run begins, as an RFC 3339 time; empty if that isn't known, or it is suspended."""
    version: str = ""
    """Whether it runs what is declared, as `new`, or what was declared before, as `old`."""
    deletion_cost: int | None = None
    """Kubernetes deletes the process with the lowest first if a count is lowered; nothing is 0."""

    def json(self) -> Object:
        """Return it for programs, in the names of the resource."""
        last: Object = {
            "lastExit": self.last_exit,
            "node": self.node,
            "image": self.image,
            "schedule": self.schedule,
        }
        last |= {"nextScheduleTime": self.next, "version": self.version, "deletionCost": self.deletion_cost}
        first = ("type", "process", "state", "reason", "message", "since", "ready", "restarts")
        return {**{each: getattr(self, each) for each in first}, **last}

    def is_named(self, word: str) -> bool:
        """Tell whether it is meant: by its type, or by its name as `ps` or `logs` has it."""
        short = pod_state.label(self.type, self.process)
        return word.removeprefix("pod/") in (self.type, self.declared, self.process, short)


def processes(
    formation: Object, found: Iterable[Object], now: float, replica_sets: Iterable[Object] = ()
) -> list[Process]:
    """Return the processes of a Formation by type, the oldest first, and a line for what has none.

    Schedules come behind types. Of their runs, and of releases, only those that go on are here. ReplicaSets
    tell of which version each is, where processes of a type differ in that.
    """
    latest = versions.latest(replica_sets)
    by_age = sorted(found, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"]))
    running = [
        dataclasses.replace(process(each, now), version=versions.version(formation, each, latest))
        for each in by_age
        if pod_state.is_of(each) or pod_state.is_going_on(each)
    ]
    with_one = {each.type for each in running}
    absent = [
        _none(name, lenient.mapping(formation, "status", part, name))
        for part in ("processes", "schedules")
        for name in lenient.mapping(formation, "spec", part)
        if name not in with_one
    ]
    schedules = lenient.mapping(formation, "spec", "schedules")
    return sorted(
        (_completed(each, formation, now) for each in running + absent),
        key=lambda each: (each.type == ONE_OFF, each.type in schedules, each.type),
    )


def _completed(each: Process, formation: Object, now: float) -> Process:
    """Return a process with what only the Formation has: when it runs, and why a type only starts."""
    of_type = lenient.mapping(formation, "status", "processes", each.type)
    plan = lenient.mapping(formation, "spec", "schedules", each.type)
    when, zone = lenient.text(plan, "schedule"), lenient.text(plan, "timeZone")
    is_off = lenient.mapping(formation, "spec").get("suspend") or plan.get("suspend")
    comes = cron.next_run(when, zone, now) if when and not is_off else ""
    each = dataclasses.replace(each, schedule=" ".join(filter(None, (when, zone))), next=comes)
    if each.state != State.STARTING or each.reason or of_type.get("state") != State.STARTING:
        return each
    reason, message = (lenient.text(of_type, key) for key in ("reason", "message"))
    return dataclasses.replace(each, reason=reason, message=message)


def process(pod: Object, now: float) -> Process:
    """Return a Pod as a process."""
    own = pod_state.container_status(pod)
    word, reason, message = _state(pod, own, now)
    return Process(
        type=pod_state.process_type(pod),
        declared=pod_state.declared_type(pod),
        process=pod["metadata"]["name"],
        state=word,
        reason=reason,
        message=message,
        since=_since(pod, own),
        ready=own.get("ready") is True,
        restarts=sum(lenient.number(each, "restartCount") for each in pod_state.statuses(pod)),
        last_exit=_last_exit(pod, own),
        node=lenient.text(lenient.mapping(pod, "spec"), "nodeName"),
        image=pod_state.image(pod),
        created=timestamps.epoch(lenient.text(pod["metadata"], "creationTimestamp")) or 0.0,
        deletion_cost=pod_state.deletion_cost(pod),
    )


def _state(pod: Object, own: Object, now: float) -> tuple[str, str, str]:
    """Return the state, the reason and the message, as the operator would find them."""
    if "deletionTimestamp" in pod["metadata"]:
        return STOPPING, "", ""
    if pod_state.is_once(pod):
        return _once(pod, own, lenient.mapping(pod, "status"))
    if lenient.text(lenient.mapping(pod, "status"), "phase") == "Succeeded":
        return SUCCEEDED, "", ""
    known = pods.pod(pod)
    found = diagnosis.finding(known, now) if known else None
    if found is not None:
        return str(found.state), str(found.reason), found.message
    ended = lenient.mapping(own, "state", "terminated")
    if ended:
        return State.CRASHING, lenient.text(ended, "reason"), ""
    return (State.RUNNING if own.get("ready") is True else State.STARTING), "", ""


def _once(pod: Object, own: Object, status: Object) -> tuple[str, str, str]:
    """Return the same of what runs once: nothing is started anew, so what has failed doesn't crash."""
    ended, waiting = (lenient.mapping(own, "state", each) for each in ("terminated", "waiting"))
    if ended.get("exitCode") == 0 or status.get("phase") == "Succeeded":
        return SUCCEEDED, "", ""
    if ended or status.get("phase") == "Failed":
        why = _last_exit(pod, own) or status
        return FAILED, lenient.text(why, "reason"), lenient.text(why, "message")
    if pod_state.unscheduled(status):
        return State.UNSCHEDULABLE, Reason.UNSCHEDULABLE, pod_state.unscheduled(status)
    if lenient.text(waiting, "reason") not in COMING:
        return State.STARTING, lenient.text(waiting, "reason"), lenient.text(waiting, "message")
    return (State.RUNNING if own.get("ready") is True else State.STARTING), "", ""


def _since(pod: Object, own: Object) -> str:
    """Return when the process was asked to end, or began to run, or ended, or was wanted."""
    current, metadata = lenient.mapping(own, "state"), pod["metadata"]
    grace = lenient.number(metadata, "deletionGracePeriodSeconds")  # which the deletion's time is the end of
    asked = timestamps.earlier(lenient.text(metadata, "deletionTimestamp"), grace)
    began = lenient.text(lenient.mapping(current, "running"), "startedAt")
    ended = lenient.text(lenient.mapping(current, "terminated"), "finishedAt")
    before = lenient.text(lenient.mapping(own, "lastState", "terminated"), "finishedAt")
    return asked or began or ended or before or lenient.text(metadata, "creationTimestamp")


def _last_exit(pod: Object, own: Object) -> dict[str, Any] | None:
    """Return how the process ended last, in the shape of the Formation's status."""
    ended = lenient.mapping(own, "state", "terminated") or lenient.mapping(own, "lastState", "terminated")
    if not ended:
        return None
    return exits.record(containers.exit_of(ended, pod_state.container_spec(pod), once=pod_state.is_once(pod)))


def _none(name: str, status: Object) -> Process:
    """Return the line of a type or a schedule that no process runs of."""
    return Process(
        type=name,
        declared=name,
        process="",
        state=lenient.text(status, "state") or State.STARTING,
        reason=lenient.text(status, "reason"),
        message=lenient.text(status, "message"),
        since=lenient.text(status, "lastScheduleTime"),
        last_exit=lenient.mapping(status, "lastExit") or None,
    )


COLUMNS = ("TYPE", "PROCESS", "STATE", "SINCE", "RESTARTS", "LAST EXIT", "REASON")
WIDE = ("NODE", "IMAGE", "MESSAGE")


def table(found: Iterable[Process], now: float, *, wide: bool = False) -> Table:
    """Return the processes as a table; a wide one says where each runs, with which image, and more of why."""
    found = [*found]
    planned = any(each.schedule for each in found)
    mixed = any(each.version == versions.OLD for each in found)
    marked = any(each.deletion_cost is not None for each in found)
    rows = [
        _row(each, now)
        + (Cell(each.version or "-"),) * mixed
        + (Cell(_cost(each.deletion_cost)),) * marked
        + _wide(each) * wide
        + (Cell(_schedule(each, now)),) * planned
        for each in found
    ]
    more = ("VERSION",) * mixed + ("DELETION COST",) * marked
    return Table(COLUMNS + more + WIDE * wide + ("SCHEDULE",) * planned, rows)


def _cost(cost: int | None) -> str:
    """Return a cost of deletion; the lowest is the mark of `scale --process`."""
    return "-" if cost is None else "lowest" if cost == LOWEST_COST else str(cost)


def _schedule(each: Process, now: float) -> str:
    """Return when a schedule runs, and how soon that is."""
    soon = until(each.next, now)
    return (each.schedule or "-") + (f", next in {soon}" if soon else "")


def _wide(each: Process) -> tuple[Cell, ...]:
    return Cell(each.node or "-"), Cell(each.image or "-"), Cell(each.message or "-")


def _row(each: Process, now: float) -> tuple[Cell, ...]:
    return (
        Cell(each.type, "bold"),
        Cell(each.process or "-", short=each.process and pod_state.label(each.type, each.process)),
        state(each.state),
        Cell(ago(each.since, now) or "-"),
        Cell(str(each.restarts), "yellow" if each.restarts else ""),
        Cell(last_exit(each, now), short=last_exit(each, now, why=False)),
        Cell(each.reason or "-"),
    )


def last_exit(each: Process, now: float, *, why: bool = True) -> str:
    """Return how a process ended last, and when: `code 1 (Exited), 3m ago`."""
    last = each.last_exit
    if not last:
        return "-"
    when = ago(lenient.text(last, "finishedAt"), now)
    how = f"signal {last['signal']}" if last.get("signal") else f"code {last.get('exitCode', '?')}"
    reason = f" ({lenient.text(last, 'reason')})" if why else ""
    return f"{how}{reason}" + (f", {when} ago" if when else "")
