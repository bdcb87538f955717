"""How many processes of a type the Formation asks for, and whose that number is.

A declared count is the Formation's.  An omitted one is left to whoever scales the Deployment:
it is never written, so it is never owned, and nothing of ours can fight over it.  Between the
two lies the hand-over: taking ``replicas`` away must not drop the Deployment to Kubernetes'
default of 1, so the present count first passes to a field manager of its own.
"""

import dataclasses

from formation_operator.model import FormationSpec, ProcessType
from formation_operator.observed import Child


@dataclasses.dataclass(frozen=True)
class Count:
    """What to write of a type's count: ``replicas`` and the annotation that remembers it."""

    desired: int
    """How many processes should run now."""
    rendered: int | None
    """What our intent says, or nothing where the count isn't ours."""
    remembered: int
    """The count to come back to after a suspension."""
    handed_over: int | None = None
    """The count to leave behind before our intent stops mentioning it."""


def decide(spec: FormationSpec, process: ProcessType, child: Child | None) -> Count:
    """Return the count of one type, given its Deployment as it is now (or none)."""
    declared = declared_count(process)
    if declared is not None:
        desired = 0 if spec.suspend else declared
        return Count(desired=desired, rendered=desired, remembered=declared)
    present = 1 if child is None else child.replicas
    if child is not None and child.owns_count and child.replicas == 0 and child.count is not None:
        present = child.count  # suspended: the zero is ours
    if spec.suspend:
        return Count(desired=0, rendered=0, remembered=present)
    released = present if child is not None and child.owns_count else None
    return Count(desired=present, rendered=None, remembered=present, handed_over=released)


def declared_count(process: ProcessType) -> int | None:
    """Return the count that the Formation owns; a singleton's is 1 unless it says 0."""
    if process.replicas is None and process.singleton:
        return 1
    return process.replicas
