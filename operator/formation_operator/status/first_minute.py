"""Whether the revision that runs has run well: pure.

It has once all processes of each type have been available, and then for a minute no more than a quarter of
them were restarted or lost. Kubernetes counts a process as available that has been ready for
`minReadySeconds`. Each type has a minute of its own: adding processes doesn't start it again, and what had no
process has to run first.
"""

from collections.abc import Mapping
from typing import NamedTuple

from formation_operator.api.reasons import State
from formation_operator.observe.rollouts import DeploymentStatus
from formation_operator.status.observation import Observation
from formation_operator.status.type_health import TOLERATED

LASTS = 60.0
"""Seconds."""


class Begun(NamedTuple):
    """How a type was when all its processes were available."""

    at: float
    """By a clock in seconds that nobody sets."""
    version: str
    """Of its Deployment's Pod template: another one has other processes."""
    processes: int
    restarts: Mapping[str, int]
    """Of each Pod that isn't well or wasn't, by its uid."""


class FirstMinute(NamedTuple):
    """The types of a revision whose minute has begun."""

    revision: str
    types: Mapping[str, Begun]


def go_on(observation: Observation, before: FirstMinute | None, now: float) -> FirstMinute | None:
    """Return the minute of the revision that runs, given that at the last look; nothing if none has begun."""
    if observation.revision is None or observation.unrevised is not None or not observation.is_rolled_out:
        return None
    earlier = before.types if before is not None and before.revision == observation.revision.name else {}
    types = {name: _begun(observation, name, earlier.get(name), now) for name in running(observation)}
    begun = {name: each for name, each in types.items() if each is not None}
    return FirstMinute(observation.revision.name, begun) if begun else None


def remaining(observation: Observation, minute: FirstMinute | None, now: float) -> float | None:
    """Return the seconds until the revision has run well if nothing happens: 0 if it has.

    Nothing where that isn't known, as a type isn't available or no process is wanted.
    """
    names = running(observation)
    if minute is None or not names or any(name not in minute.types for name in names):
        return None
    return max(0.0, *(minute.types[name].at + LASTS - now for name in names))


def running(observation: Observation) -> list[str]:
    """Return the types that are to run now."""
    return [name for name, count in observation.desired.counts.items() if count.desired]


def is_crashing(observation: Observation) -> bool:
    """Return whether a process of what is rolled out crashes: findings are about the newest Pods alone.

    They are another content's if the revision of what runs couldn't be written.
    """
    if observation.unrevised is not None:
        return False
    types = (name for name in running(observation) if observation.is_as_intended(name))
    return any(each.state is State.CRASHING for name in types for each in observation.findings.get(name, ()))


def _begun(observation: Observation, name: str, before: Begun | None, now: float) -> Begun | None:
    """Return since when a type has run without harm; nothing if not all its processes are available."""
    child, desired = observation.snapshot.deployment(name), observation.desired.counts[name].desired
    if child is None:
        return None
    rollout = child.rollout
    restarts = {pod.uid: pod.restarts for pod in observation.pods.get(name, ()) if pod.restarts}
    if before is not None and not _is_harmed(before, rollout, desired, restarts):
        return before
    if rollout.current and rollout.updated >= rollout.total and rollout.available >= desired:
        return Begun(now, rollout.revision, rollout.available, restarts)
    return None


def _is_harmed(before: Begun, rollout: DeploymentStatus, desired: int, restarts: Mapping[str, int]) -> bool:
    """Return whether too many of the processes that were available were lost, restarted or replaced."""
    processes = min(before.processes, desired)
    restarted = sum(count > before.restarts.get(uid, 0) for uid, count in restarts.items())
    harmed = max(restarted, processes - rollout.available)
    return rollout.revision != before.version or harmed > TOLERATED * processes
