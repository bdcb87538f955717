"""The Events about a Pod: which of many are kept, and what only kubelet's say.

These are that kubelet ended a container, and a probe's output. The texts are kubelet's own
(pkg/kubelet/prober/prober.go, pkg/kubelet/kuberuntime).
"""

import collections
import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from formation_operator.api.reasons import Reason
from formation_operator.diagnose import exits, log_excerpt
from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.objects.containers import Container, Exit

KEPT, ALIKE = 24, 2
"""How many Events about a Pod are kept, and how many that start alike; the latest ones."""
LONGEST_MESSAGE = 600
KILLING = "Killing"
"""The reason of kubelet's Event when it ends a container: the type isn't Warning, but it is a cause."""
COMBINED = "(combined from similar events): "
"""What client-go puts before the latest of many Events about an object."""
PROBE_FAILED = {
    "liveness": Reason.LIVENESS_PROBE_FAILED,
    "readiness": Reason.READINESS_PROBE_FAILED,
    "startup": Reason.STARTUP_PROBE_FAILED,
}
FATAL = {"liveness", "startup", "postStart"}
"""The checks that kubelet ends a container for."""
REQUESTED_EXITS = (0, 128 + 9, 128 + 15)
SAYS = {
    kind: re.compile(rf"{kind.title()} probe (failed|errored[^:]*):\s*(?P<output>\S.*)")
    for kind in PROBE_FAILED
}
NO_PULL_SECRETS = re.compile(r"Unable to retrieve some image pull secrets \((?P<names>[^)]+)\)")


@dataclasses.dataclass(frozen=True, slots=True)
class PodEvent:
    """One Event about a Pod."""

    reason: str
    message: str
    last: float
    """When it was last seen, in seconds since 1970."""
    container: str = ""
    """Which container it is about; empty if none is named."""


Events = Sequence[PodEvent]


def matters(event: dict[str, Any]) -> bool:
    """Return whether an Event may say what is wrong."""
    return event.get("type") == "Warning" or event.get("reason") == KILLING


def pod_event(event: dict[str, Any]) -> PodEvent:
    """Return the facts of an Event; kubelet still records those of core/v1, which have other fields."""
    last = (
        lenient.text(lenient.mapping(event, "series"), "lastObservedTime")
        or lenient.text(event, "deprecatedLastTimestamp")
        or lenient.text(event, "eventTime")
        or lenient.text(lenient.mapping(event, "metadata"), "creationTimestamp")
    )
    note = lenient.last_lines(event, "note").removeprefix(COMBINED)
    check, failed, output = note.partition(" probe failed: ")
    if "\n" in output:  # of a command, which has a cause as a log has it
        note = check + failed + log_excerpt.message_line(output)
    message = lenient.in_one_line(note)[:LONGEST_MESSAGE]
    # Such as spec.initContainers{proxy}.
    container = lenient.word(lenient.mapping(event, "regarding"), "fieldPath").partition("{")[2].rstrip("}")
    reason = lenient.word(event, "reason") or "Unknown"
    return PodEvent(reason, message, timestamps.epoch(last) or 0.0, container)


def with_earlier(events: Events, earlier: Events) -> Events:
    """Return Events together with the earlier ones that say that kubelet ended a container.

    In a long crash loop kubelet records no new ones for longer than the API server keeps Events.
    """
    present = {each.message for each in events}
    killings = (each for each in earlier if each.reason == KILLING and each.message not in present)
    return newest([*events, *killings])


def newest(events: Iterable[PodEvent]) -> Events:
    """Return the latest Events, with only a few that start alike, so that these don't displace others."""
    often = collections.Counter[tuple[str, str, str]]()
    kept = []
    for event in sorted(events, key=lambda each: each.last, reverse=True):
        kind = event.reason, event.container, event.message.partition(" ")[0]
        often[kind] += 1
        if often[kind] <= ALIKE:
            kept.append(event)
    return tuple(kept[:KEPT])


def latest(events: Events, fits: Callable[[PodEvent], bool] = bool) -> PodEvent | None:
    """Return the latest Event that fits; without a condition all do."""
    return max(filter(fits, events), key=lambda event: event.last, default=None)


def of_container(container: str, events: Events) -> Events:
    """Return the Events that aren't about another container."""
    return [event for event in events if event.container in ("", container)]


def ended(container: Container, last: Exit, events: Events) -> tuple[Reason, str] | None:
    """Return what kubelet says if it ended a container itself, because of a probe or a hook."""
    if "postStart" in container.checks:
        hook = latest(events, lambda event: event.reason == "FailedPostStartHook")
        if hook is not None and _fits(hook, last):
            return Reason.POST_START_HOOK_FAILED, exits.hook_failed()  # its Event says no more
    for kind in ("liveness", "startup"):
        killed = latest(events, _ended_for(container, kind))
        earliest = next((first for each, first, _ in container.probing if each == kind), 0.0)
        if kind in container.checks and killed is not None and _fits(killed, last, earliest):
            message = f"was restarted because its {kind} probe failed{probe_says(kind, events)}"
            return PROBE_FAILED[kind], message
    return None


def probe_failed(kind: str, events: Events, start: float) -> bool:
    """Return whether a probe has failed at a time or later."""
    return any(each.last >= start and each.message.startswith(f"{kind.title()} probe ") for each in events)


def probe_says(kind: str, events: Events) -> str:
    """Return what a probe that fails said last, after a colon."""
    event = latest(events, lambda event: SAYS[kind].match(event.message) is not None)
    match = SAYS[kind].match(event.message) if event else None
    return f": {exits.without_preamble(match['output'])}" if match else ""


def missing_pull_secrets(events: Events) -> str:
    """Return the names of the Secrets for an image's registry that aren't there."""
    event = latest(events, lambda event: event.reason == "FailedToRetrieveImagePullSecret")
    match = NO_PULL_SECRETS.match(event.message) if event else None
    return match["names"] if match else ""


def _ended_for(container: Container, kind: str) -> Callable[[PodEvent], bool]:
    ended_so = f"ontainer {container.name} failed {kind} probe"  # "Init container ..." of those among them
    return lambda event: event.message.startswith((f"C{ended_so}", f"Init c{ended_so}"))


def _fits(ended: PodEvent, last: Exit, earliest: float = 0.0) -> bool:
    """Return whether an Event that kubelet ended a container explains its latest exit.

    After some two dozen Events about a Pod kubelet records none for minutes. So an earlier Event counts, too,
    if the exit code is that of a requested end, and the container ran for ``earliest`` seconds or longer.
    """
    started, finished = (timestamps.epoch(moment) or 0.0 for moment in (last.started_at, last.finished_at))
    alike = last.code in REQUESTED_EXITS and last.seconds + 1 >= earliest
    return started <= ended.last <= finished + 1 or (ended.last < started and alike)
