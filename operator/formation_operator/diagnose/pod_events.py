"""The Events about a Pod as facts, and which of many are kept."""

import collections
from collections.abc import Iterable

from formation_operator.diagnose.finding import PodEvent
from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.port import Object

KEPT, ALIKE = 24, 2
"""How many Events about a Pod are kept, and how many that start alike; the latest ones."""
LONGEST_MESSAGE = 600
KILLING = "Killing"
"""The reason of kubelet's Event when it ends a container: the type isn't Warning, but it is a cause."""
COMBINED = "(combined from similar events): "
"""What client-go puts before the latest of many Events about an object."""


def matters(event: Object) -> bool:
    """Return whether an Event may say what is wrong."""
    return event.get("type") == "Warning" or event.get("reason") == KILLING


def pod_event(event: Object) -> PodEvent:
    """Return the facts of an Event; kubelet still records those of core/v1, which have other fields."""
    last = (
        lenient.text(lenient.mapping(event, "series"), "lastObservedTime")
        or lenient.text(event, "deprecatedLastTimestamp")
        or lenient.text(event, "eventTime")
        or lenient.text(lenient.mapping(event, "metadata"), "creationTimestamp")
    )
    message = lenient.text(event, "note").removeprefix(COMBINED)[:LONGEST_MESSAGE]
    # Such as spec.initContainers{proxy}.
    container = lenient.word(lenient.mapping(event, "regarding"), "fieldPath").partition("{")[2].rstrip("}")
    return PodEvent(
        lenient.word(event, "reason") or "Unknown", message, timestamps.epoch(last) or 0.0, container
    )


def with_earlier(events: tuple[PodEvent, ...], earlier: Iterable[PodEvent]) -> tuple[PodEvent, ...]:
    """Return Events together with the earlier ones that say that kubelet ended a container.

    In a long crash loop kubelet records no new ones for longer than the API server keeps Events.
    """
    present = {each.message for each in events}
    return newest(
        [*events, *(each for each in earlier if each.reason == KILLING and each.message not in present)]
    )


def newest(events: Iterable[PodEvent]) -> tuple[PodEvent, ...]:
    """Return the latest Events, with only a few that start alike, so that these don't displace others."""
    often: collections.Counter[tuple[str, str, str]] = collections.Counter()
    kept = []
    for event in sorted(events, key=lambda each: each.last, reverse=True):
        kind = event.reason, event.container, event.message.partition(" ")[0]
        often[kind] += 1
        if often[kind] <= ALIKE:
            kept.append(event)
    return tuple(kept[:KEPT])
