"""Who may write, as far as one replica can know: from the Lease as it saw it, and a clock of its own.

The rules are client-go's, and that a new Lease is waited for.  No time that another machine wrote is compared
with a time of this one: of another replica's Lease only that it changes counts, and when that was seen.
Source: ``k8s.io/client-go/tools/leaderelection/leaderelection.go``.
"""

import math
from typing import NamedTuple

from formation_operator.kube.objects import lenient, timestamps
from formation_operator.kube.port import Object


class Times(NamedTuple):
    """How the Lease is used; all times are in seconds."""

    lease: float = 10.0
    """For how long a Lease that nobody renews stays with its last holder."""
    deadline: float = 7.0
    """For how long after the start of its last renewal a replica may write.

    What is less than the lease leaves time for a request that is under way, and for clocks that run unalike.
    """
    renew: float = 1.0
    """The pause between two renewals."""
    look: float = 0.5
    """The pause between two looks of a replica that stands by."""
    attempt: float = 3.0
    """For how long one request may take: a connection that has died leaves time for another."""


TIMES = Times()


class Election:
    """What a replica knows of the Lease; each ``now`` is of one clock that never goes back."""

    def __init__(self, identity: str, times: Times) -> None:
        """Take a name that no other process has, not even the next one here."""
        self.identity = identity
        self._times = times
        self._lease: Object = {}
        self._changed = math.inf
        """Since when it is seen as it is; never, as long as nobody has looked."""
        self._until = -math.inf

    def leads(self, now: float) -> bool:
        """Tell whether this replica may begin to write."""
        return now < self._until

    def remaining(self, now: float) -> float:
        """Return for how long it may, in seconds."""
        return max(0.0, self._until - now)

    @property
    def version(self) -> str:
        """The version of the Lease that was seen last: what is written over it mustn't meet another one."""
        return lenient.text(lenient.mapping(self._lease, "metadata"), "resourceVersion")

    @property
    def holder(self) -> str:
        """Who holds the Lease, or held it last; empty if it was released."""
        return lenient.text(_spec(self._lease), "holderIdentity")

    def see(self, lease: Object, now: float) -> None:
        """Take the Lease as it was answered: who sees another holder, or a release, leads no more.

        A new one takes nothing from who leads: whoever else sees it waits for longer than this one may write.
        """
        if _held(lease) != _held(self._lease):
            self._changed = now
        self._lease = lease
        if self.holder != self.identity and not self.is_new:
            self._until = -math.inf

    @property
    def is_new(self) -> bool:
        """Whether nobody has held the Lease since it was made, as far as it says.

        An older one may have been deleted a moment ago, and its holder not know of that yet.
        """
        return _is_new(self._lease)

    def is_free(self, now: float) -> bool:
        """Tell whether the Lease may be taken: released, its own, or left alone for long enough."""
        is_left = not self.is_new and self.holder in ("", self.identity)
        return is_left or now - self._changed >= self._times.lease

    def held(self, written: Object, sent: float) -> None:
        """Take the answer to a write at a time: this replica leads from then on."""
        self._lease, self._changed = written, sent
        self._until = sent + self._times.deadline

    def ended(self) -> None:
        """Lead no more."""
        self._until = -math.inf

    def taken(self, time: str) -> Object:
        """Return the spec by which this replica holds the Lease, renewed at a time for people to read."""
        before = _spec(self._lease)
        mine = self.holder == self.identity
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": int(self._times.lease),
            "acquireTime": before.get("acquireTime") if mine else time,
            "renewTime": time,
            "leaseTransitions": lenient.number(before, "leaseTransitions") + (not mine),
        }

    def released(self, time: str) -> Object:
        """Return the spec of a Lease that nobody holds."""
        return {**self.taken(time), "holderIdentity": "", "leaseDurationSeconds": 1}


def _spec(lease: Object) -> Object:
    return lenient.mapping(lease, "spec")


def _is_new(lease: Object) -> bool:
    """Tell whether a Lease was last renewed before it was made, as a copy of an older one was, or never."""
    renewed = timestamps.epoch(lenient.text(_spec(lease), "renewTime"))
    made = timestamps.epoch(lenient.text(lenient.mapping(lease, "metadata"), "creationTimestamp"))
    return renewed is None or renewed < (made or 0.0)


def _held(lease: Object) -> tuple[str, str, Object]:
    """Return what a holder changes of a Lease, and of no other one; others may change what else there is.

    Of a new one that is all: it may have been held meanwhile, and made new again.
    """
    metadata, spec = lenient.mapping(lease, "metadata"), _spec(lease)
    version = lenient.text(metadata, "resourceVersion") if _is_new(lease) else ""
    return lenient.text(metadata, "uid"), version, spec
