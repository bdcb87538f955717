"""Leader election: whether this replica may write, by the Lease, its times and its own clock.

The rules are client-go's, with one more: a replica waits before it takes a new Lease. Times that another
machine wrote are never compared with times of this one. A replica only sees that another one's Lease changes,
and notes by its own clock when it saw that.
Source: ``k8s.io/client-go/tools/leaderelection/leaderelection.go``.
"""

import math

from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.port import Object

LEASE = 10.0
"""Seconds for which a Lease stays with its last holder if it isn't renewed (`leaseDuration` of client-go)."""
DEADLINE = 7.0
"""Seconds for which a replica may write after the start of its last renewal (`renewDeadline`).

They are fewer than those of the lease: requests under way need the rest, and clocks run at different speeds.
"""
RENEW = 1.0
"""Seconds between two renewals (`retryPeriod`)."""
LOOK = 0.5
"""Seconds between two reads of a replica that stands by."""
ATTEMPT = 3.0
"""Seconds that one request may take: if its connection has died, there is time for another request."""


class Election:
    """What a replica knows of the Lease; each ``now`` is of one clock that never goes back."""

    def __init__(self, identity: str) -> None:
        """Take a name that no other process has, not even the next one here."""
        self.identity = identity
        self._lease: Object = {}
        self._changed = math.inf
        """When this replica first saw the Lease as it is now; infinite before the first read."""
        self._until = -math.inf

    def leads(self, now: float) -> bool:
        """Return whether this replica may start to write."""
        return now < self._until

    def remaining(self, now: float) -> float:
        """Return for how many seconds it may."""
        return max(0.0, self._until - now)

    @property
    def metadata(self) -> Object:
        """That of the Lease that was read last: a write fails if the Lease has changed since then."""
        return lenient.mapping(self._lease, "metadata")

    @property
    def holder(self) -> str:
        """Who holds the Lease, or held it last; empty if it was released."""
        return lenient.text(_spec(self._lease), "holderIdentity")

    def see(self, lease: Object, now: float) -> None:
        """Take the Lease as it was read; a replica that sees another holder, or a release, leads no more.

        A new Lease doesn't end the leadership: others wait for it longer than this replica may write.
        """
        if _held(lease) != _held(self._lease):
            self._changed = now
        self._lease = lease
        if self.holder != self.identity and not self.is_new:
            self._until = -math.inf

    @property
    def is_new(self) -> bool:
        """Whether no replica has held the Lease since it was created, as far as it says.

        An older one may have been deleted a moment ago, and its holder may not know that yet.
        """
        return _is_new(self._lease)

    def is_free(self, now: float) -> bool:
        """Return whether the Lease may be taken: it was released, is its own, or has expired."""
        is_open = not self.is_new and self.holder in ("", self.identity)
        return is_open or now - self._changed >= LEASE

    def held(self, written: Object, sent: float) -> None:
        """Take the answer to a write that was sent at a time: this replica leads from that time on."""
        self._lease, self._changed = written, sent
        self._until = sent + DEADLINE

    def ended(self) -> None:
        """Lead no more."""
        self._until = -math.inf

    def taken(self, time: str) -> Object:
        """Return the spec by which this replica holds the Lease; people read the time of renewal."""
        return {"holderIdentity": self.identity, "leaseDurationSeconds": int(LEASE), "renewTime": time}

    def released(self, time: str) -> Object:
        """Return the spec of a released Lease."""
        return {**self.taken(time), "holderIdentity": "", "leaseDurationSeconds": 1}


def _spec(lease: Object) -> Object:
    return lenient.mapping(lease, "spec")


def _is_new(lease: Object) -> bool:
    """Return whether a Lease was never renewed, or last before its creation, as a copy of an older one."""
    renewed = timestamps.epoch(lenient.text(_spec(lease), "renewTime"))
    made = timestamps.epoch(lenient.text(lenient.mapping(lease, "metadata"), "creationTimestamp"))
    return renewed is None or renewed < (made or 0.0)


def _held(lease: Object) -> tuple[str, str, Object]:
    """Return what identifies a Lease, and what only its holder changes of it.

    Every change of a new Lease counts: it may have been held meanwhile, and then created again.
    """
    metadata, spec = lenient.mapping(lease, "metadata"), _spec(lease)
    version = lenient.text(metadata, "resourceVersion") if _is_new(lease) else ""
    return lenient.text(metadata, "uid"), version, spec
