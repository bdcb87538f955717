"""If many Pods have the same trouble, only a few are examined, and their findings apply to the others."""

import collections
import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from formation_operator.api.reasons import State
from formation_operator.diagnose.finding import Finding
from formation_operator.observe.pods import Pod

FEW = 3
"""How many Pods are examined of those that look alike."""


@dataclasses.dataclass(frozen=True)
class Sample:
    """Pods of one type whose trouble looks the same by their own status."""

    examined: Sequence[Pod]
    others: Sequence[Pod]


def samples(pods: Iterable[Pod], found: Mapping[str, Finding | None]) -> list[Sample]:
    """Return Pods by their type and by what their own status says, which ``found`` holds by name.

    The first Pods of each kind are examined, so with the same order they stay the same.
    """
    alike: dict[tuple[str, State | None, str], list[Pod]] = collections.defaultdict(list)
    for pod in pods:
        own = found[pod.name]
        alike[pod.process_type, own.state if own else None, own.reason if own else ""].append(pod)
    return [Sample(each[:FEW], each[FEW:]) for each in alike.values()]


def spoken_for(pod: Pod, own: Finding | None, findings: Sequence[Finding | None]) -> Finding | None:
    """Return the most frequent finding about similar Pods, with this Pod's own time and restarts."""
    often = collections.Counter(each and (each.state, each.reason) for each in findings)
    likely = max(findings, key=lambda each: often[each and (each.state, each.reason)])
    if likely is None:
        return None
    return dataclasses.replace(likely, last=own.last if own else likely.last, restarts=pod.restarts)
