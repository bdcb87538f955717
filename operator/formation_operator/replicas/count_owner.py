"""How many processes of a type the Formation wants, and who decides about that count.

The Formation decides about a declared count.  If ``replicas`` is omitted, or an autoscaler exists, we set a
count only at creation (the last known one, or else 1) and while suspended, so that we never fight over it.
Before our intent stops setting a count, a hand-over gives the present count to a field manager of its own:
otherwise the Deployment would drop to Kubernetes' default of 1.
"""

import dataclasses
from collections.abc import Iterable

from formation_operator.api.formation import ProcessType
from formation_operator.api.formation_status import UNREPORTED, ProcessStatus
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child


@dataclasses.dataclass(frozen=True)
class Replicas:
    """The count of a type, and what to write of it: ``replicas``, and the annotation that remembers it."""

    desired: int
    """How many processes should run now."""
    rendered: int | None
    """The count in our intent; nothing if the count isn't ours."""
    remembered: int
    """The count to come back to after a suspension."""
    handed_over: int | None = None
    """The count that a hand-over sets before our intent stops setting one."""
    autoscaler: Autoscaler | None = None
    """The autoscaler that decides about the count, if one does."""
    undecided: "Replicas | None" = None
    """The count that was written last, if it isn't known who set the present one."""
    suspended: bool = False
    """Whether it is zero because of `suspend`, or has to stay so until a content is released."""
    alone: bool = False
    """Whether an old process has to end before a new one starts, as a singleton's."""

    @property
    def now(self) -> int | None:
        """The count to write now; nothing if it stays as another client has set it."""
        return self.handed_over if self.rendered is None else self.rendered


def decide(
    process: ProcessType,
    child: Child | None,
    autoscaler: Autoscaler | None = None,
    before: ProcessStatus = UNREPORTED,
    *,
    suspended: bool,
) -> Replicas:
    """Return the count of one type, given its own Deployment as it is now (or none).

    ``before`` is what an earlier pass said of it.
    """
    declared, bounds = declared_count(process), process.autoscaling
    least = 1 if bounds else 0  # an autoscaler leaves a zero of others as it is
    # The count of an autoscaler that somebody deleted stays until it is made again, as at a zero of ours.
    is_ours = bounds is None or child is None or (child.owns_count and child.replicas > 0)
    if declared is not None and autoscaler is None and is_ours:
        # Until an autoscaler decides, no process that it may want is stopped.
        declared = max(declared, least, child.replicas if child is not None and bounds else 0)
        desired = 0 if suspended else declared
        return Replicas(desired=desired, rendered=desired, remembered=declared, suspended=suspended)
    if child is None:
        # We set it at creation, and the next pass hands it over.
        first = max(_first((before.count, declared, bounds.min_replicas if bounds else None), 1), least)
        desired = 0 if suspended else first
        ours = desired if desired != 1 else None
        return Replicas(desired, ours, first, autoscaler=autoscaler, suspended=suspended)
    return _theirs(child, autoscaler, before, least, suspended=suspended)


def undecided(child: Child, *, suspended: bool) -> Replicas:
    """Return the count of a Deployment that another client set, perhaps an autoscaler.

    The count that was written last is kept as the base of a later judgement.
    """
    base, present = child.remembered, child.replicas
    if base is None:
        last = Replicas(desired=present, rendered=None, remembered=present)
    else:
        ours = 0 if suspended else base
        last = Replicas(desired=ours, rendered=ours, remembered=base)
    return dataclasses.replace(last, desired=present, rendered=None, undecided=last, suspended=suspended)


def is_down(child: Child | None, before: ProcessStatus) -> bool:
    """Return whether a type is at zero because of a suspension, or was until another client scaled it.

    The Deployment shows it. The status is written later: it counts where the Deployment shows nothing. A
    type that was at zero anyway isn't down.
    """
    if child is not None and child.is_suspended:
        return True
    # It runs processes by a count that we wrote, or have left to others.
    is_up = child is not None and child.replicas > 0 and (child.owns_count or child.remembered is None)
    return not is_up and bool(before.resume_replicas)


def _theirs(
    child: Child, autoscaler: Autoscaler | None, before: ProcessStatus, least: int, *, suspended: bool
) -> Replicas:
    """Return the count of a type whose count isn't ours, except while suspended.

    After a suspension it comes back with the ``least`` count, or more.
    """
    present = child.replicas
    if child.owns_count and child.replicas == 0:
        present = max(_first((child.remembered, before.count), 1), least)  # suspended: the zero is ours
    if suspended:
        kept = present
        if autoscaler is not None:
            # A count that it sets during a suspension isn't remembered: that would be an endless fight.
            kept = _first((child.remembered, before.resume_replicas), present)
            if autoscaler.scaled_to_zero:
                # A zero that we write over its count later is one that it would never scale up.
                kept = max(kept, 1)
        return Replicas(0, 0, kept, autoscaler=autoscaler, suspended=True)
    if child.owns_count and child.replicas == 0 < present:
        # Template and count come back in one write; the next pass hands the count over.
        return Replicas(desired=present, rendered=present, remembered=present, autoscaler=autoscaler)
    handed_over = present if child.owns_count else None
    return Replicas(present, None, present, handed_over, autoscaler)


def _first(counts: Iterable[int | None], otherwise: int) -> int:
    """Return the first count that there is."""
    return next((count for count in counts if count is not None), otherwise)


def declared_count(process: ProcessType) -> int | None:
    """Return the count that the Formation owns; a singleton's is 1 unless it says 0."""
    if process.replicas is None and process.singleton:
        return 1
    return process.replicas
