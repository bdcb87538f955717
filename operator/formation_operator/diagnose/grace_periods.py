"""How long a Pod may be unready before we report it, and when a process is trusted again.

A process in a crash loop looks fine between two crashes.  We trust it once it has run for twice as long
as before its last crash, so the status doesn't flap.
"""

from formation_operator.diagnose import waits
from formation_operator.kube.objects import timestamps
from formation_operator.kube.objects.containers import Container, Exit
from formation_operator.observe.pods import Pod

PATIENCE = 10.0
"""Seconds that a Pod has for becoming ready before it is examined."""
UNTIL_PULLED = 30.0
"""Seconds that a Pod has for the creation of its containers: by then most images are pulled."""
AFTER_FIRST_CRASH = 60.0
"""Seconds at most after the first crash, which may well stay the only one."""
FIRST_PROBES = ("startup", "readiness")
"""Which probes a process has to pass before it gets requests, one after the other."""
RELIABLE = 600.0
"""Seconds after which kubelet, too, starts counting a container's crashes from zero."""


def trusted_after(container: Container) -> float | None:
    """Return the time from which a container that was restarted after a crash counts as running."""
    if container.running_since is None or container.exit is None or container.restarts == 0:
        return None
    most = AFTER_FIRST_CRASH if container.restarts == 1 else RELIABLE
    return container.running_since + _probation(container.exit.seconds, most)


def failed_until(pod: Pod) -> float:
    """Return the time until which a Pod that failed as a whole counts, even if it has been replaced."""
    failed = timestamps.epoch(pod.failure.time) if pod.failure else None
    return (failed or pod.created) + _probation((failed or pod.created) - pod.created)


def _probation(lasted: float, most: float = RELIABLE) -> float:
    """Return the seconds that a process has to run to be trusted, if it ran for ``lasted`` the last time."""
    return PATIENCE if lasted >= RELIABLE else min(most, max(PATIENCE, 2 * lasted))


def crashed(container: Container, now: float) -> Exit | None:
    """Return how a container ended if it has crashed and isn't trusted yet."""
    if container.exit is None or container.exit.succeeded:
        return None
    if container.running_since is None:
        return container.exit
    trusted = trusted_after(container)
    return container.exit if trusted is not None and now < trusted else None


def just_started(container: Container, now: float) -> bool:
    """Return whether a container hasn't run for long enough to be judged."""
    return container.running_since is not None and now - container.running_since < PATIENCE


def unready_for_long(pod: Pod, now: float) -> bool:
    """Return whether a Pod has been unready for so long that it is examined."""
    return pod.unready is not None and now - unready_since(pod) >= PATIENCE


def unready_since(pod: Pod) -> float:
    """Return the time from which a Pod hasn't been ready: its creation, unless its condition has one."""
    return (timestamps.epoch(pod.unready.time) if pod.unready else None) or pod.created


def making_since(pod: Pod) -> float:
    """Return the time from which a Pod's containers can be created: the end of its init containers."""
    ends = (timestamps.epoch(item.exit.finished_at) for item in pod.containers if item.init and item.exit)
    return max([unready_since(pod), *filter(None, ends)])


def is_being_made(pod: Pod) -> bool:
    """Return whether nothing holds up a container that doesn't exist yet, so that its image may be pulled."""
    busy = any(item.running_since is not None and not item.ready for item in pod.containers)
    new = (item for item in pod.containers if item.running_since is None and not item.ended)
    return pod.set_up and not busy and any(item.waiting in waits.ORDINARY for item in new)


def has_had(pod: Pod, seconds: float, now: float) -> bool:
    """Return whether a Pod on a node has had so many seconds since what isn't ready has last started.

    It has had none before its node has seen it, and while an image may be pulled.
    """
    starts = (item.running_since or 0.0 for item in pod.containers if not item.ready)
    since = max(starts, default=0.0) or unready_since(pod)
    return bool(pod.containers) and not is_being_made(pod) and now - since >= seconds


def held_until(pod: Pod) -> float:
    """Return the time until which containers may go on beside one that has ended well."""
    ends = (timestamps.epoch(item.exit.finished_at) for item in pod.containers if item.done and item.exit)
    return max(filter(None, ends), default=0.0) + PATIENCE


def tried_until(container: Container) -> float:
    """Return the time until which a container's first probes may fail without being reported."""
    passing = FIRST_PROBES if container.started else FIRST_PROBES[:1]
    allowed = sum(seconds for kind, _, seconds in container.probing if kind in passing)
    return (container.running_since or 0.0) + allowed
