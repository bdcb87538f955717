"""Conditions as Kubernetes and kstatus read them.

`Ready` is always there; the others are listed only while they are true, and `Reconciling` and
`Stalled` never together, because kstatus takes the first of the two.  ``lastTransitionTime`` moves
only when ``status`` does: a condition that changed by itself would make each status write cause
the next.
Source: https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus
"""

import dataclasses
from collections.abc import Iterable
from typing import Any

from formation_operator.api.formation_status import FormationStatus
from formation_operator.api.reasons import ConditionType
from formation_operator.kube.objects import lenient


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One condition, without the times and generations that the last step adds."""

    type: ConditionType
    reason: str
    message: str
    true: bool = True

    def __post_init__(self) -> None:
        """Cut the texts to the lengths that a status may have."""
        object.__setattr__(self, "reason", lenient.shown(self.reason, lenient.LONGEST_WORD))
        object.__setattr__(self, "message", lenient.shown(self.message, lenient.LONGEST_SUMMARY))


def rendered(
    wanted: Iterable[Verdict], previous: FormationStatus, generation: int, now: str
) -> list[dict[str, Any]]:
    """Return conditions as the API has them; ``now`` is an RFC 3339 time in UTC."""
    return [
        {
            "type": condition.type,
            "status": str(condition.true),
            "observedGeneration": generation,
            "lastTransitionTime": _transition_time(condition, previous, now),
            "reason": condition.reason,
            "message": condition.message,
        }
        for condition in wanted
    ]


def _transition_time(condition: Verdict, previous: FormationStatus, now: str) -> str:
    before = previous.condition(condition.type)
    same = before is not None and before.status == str(condition.true)
    return before.last_transition_time if same and before else now
