"""What was read about the Pods of each Formation, kept within a bound of memory."""

import dataclasses

from formation_operator.backoff import Attempt
from formation_operator.diagnose.pod_events import Events

Answer = Attempt[Events]
"""The Events about a Pod that had a fingerprint."""


@dataclasses.dataclass(slots=True, eq=False)
class Evidence:
    """What was read about a Formation's Pods, as long as some aren't well."""

    namespace: str = ""
    answers: dict[str, Answer] = dataclasses.field(default_factory=dict)
    """By uid of a Pod."""
    templates: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """By process type: a revision of its Deployment, and the hash of that revision's template."""
    over: bool = False
    """Whether its Formation is gone, so that the answers of a pass under way aren't kept."""
