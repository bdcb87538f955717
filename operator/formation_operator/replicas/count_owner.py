"""How many processes of a type the Formation wants, and whose that number is.

A declared count is the Formation's.  If ``replicas`` is omitted, or an autoscaler exists, we set a count
only at creation (the last one that is known, or else 1) and while suspended, so we never fight over it.
When we let a count go, the hand-over comes first: the present count passes to a field manager of its
own, because the Deployment would otherwise drop to Kubernetes' default of 1.
"""

import dataclasses
from collections.abc import Iterable

from formation_operator.api.formation import INT32, FormationSpec, ProcessType
from formation_operator.api.formation_status import FormationStatus
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child


@dataclasses.dataclass(frozen=True)
class Reported:
    """What the Formation's status says of a type's count, from an earlier pass."""

    desired: int | None = None
    resumed: int | None = None
    """The count to come back to, if it was suspended then."""
    autoscaled: bool = False
    current: bool = False
    """Whether that was about the present spec."""

    @property
    def count(self) -> int | None:
        """The count without a suspension."""
        return self.desired if self.resumed is None else self.resumed


UNREPORTED = Reported()


def reported(status: FormationStatus, name: str, generation: int) -> Reported:
    """Return what a status says of a type, for a Formation that has a generation now."""
    process = status.process(name)
    return Reported(
        desired=_possible(process.desired_replicas),
        resumed=_possible(process.resume_replicas),
        autoscaled=process.replicas_managed_by is not None,
        current=status.observed_generation == generation,
    )


def _possible(count: int | None) -> int | None:
    """Return a count, or nothing for a number that can't be one: anybody may have written it."""
    return count if count is not None and 0 <= count <= INT32 else None


@dataclasses.dataclass(frozen=True)
class Replicas:
    """What to write of a type's count: ``replicas`` and the annotation that remembers it."""

    desired: int
    """How many processes should run now."""
    rendered: int | None
    """What our intent says, or nothing where the count isn't ours."""
    remembered: int
    """The count to come back to after a suspension."""
    handed_over: int | None = None
    """The count to leave behind before our intent stops mentioning it."""
    autoscaler: Autoscaler | None = None
    """Whose the count is, if an autoscaler's."""
    undecided: "Replicas | None" = None
    """The count that was written last, where nobody knows whose it is by now."""


def decide(
    spec: FormationSpec,
    process: ProcessType,
    child: Child | None,
    autoscaler: Autoscaler | None = None,
    before: Reported = UNREPORTED,
) -> Replicas:
    """Return the count of one type, given its own Deployment as it is now (or none)."""
    declared = declared_count(process)
    if declared is not None and autoscaler is None:
        desired = 0 if spec.suspend else declared
        return Replicas(desired=desired, rendered=desired, remembered=declared)
    if child is None:
        # It is ours until it is there: then the next pass hands it over.
        first = _first((before.count, declared), 1)
        desired = 0 if spec.suspend else first
        ours = desired if desired != 1 else None
        return Replicas(desired=desired, rendered=ours, remembered=first, autoscaler=autoscaler)
    return _theirs(spec, child, autoscaler, before)


def left_as_it_is(spec: FormationSpec, child: Child) -> Replicas:
    """Return the count of a Deployment that somebody set, while nobody knows whether an autoscaler did.

    What was written last stays, too: it is the base by which the count will be judged.
    """
    base, present = child.remembered, child.replicas
    if base is None:
        last = Replicas(desired=present, rendered=None, remembered=present)
    else:
        ours = 0 if spec.suspend else base
        last = Replicas(desired=ours, rendered=ours, remembered=base)
    return dataclasses.replace(last, desired=present, rendered=None, undecided=last)


def _theirs(spec: FormationSpec, child: Child, autoscaler: Autoscaler | None, before: Reported) -> Replicas:
    """Return the count of a type whose count isn't ours, but for a suspension."""
    present = child.replicas
    if child.owns_count and child.replicas == 0:
        present = _first((child.remembered, before.count), 1)  # suspended: the zero is ours
    if spec.suspend:
        kept = present
        if autoscaler is not None:
            # What it sets during a suspension is no wish for later: that would be a fight without end.
            kept = _first((child.remembered, before.resumed), present)
            if autoscaler.scaled_to_zero:
                # If it starts a process meanwhile, it leaves the zero that we write then for good.
                kept = max(kept, 1)
        return Replicas(desired=0, rendered=0, remembered=kept, autoscaler=autoscaler)
    released = present if child.owns_count else None
    return Replicas(
        desired=present, rendered=None, remembered=present, handed_over=released, autoscaler=autoscaler
    )


def _first(known: Iterable[int | None], otherwise: int) -> int:
    """Return the first count that is known."""
    return next((count for count in known if count is not None), otherwise)


def declared_count(process: ProcessType) -> int | None:
    """Return the count that the Formation owns; a singleton's is 1 unless it says 0."""
    if process.replicas is None and process.singleton:
        return 1
    return process.replicas
