"""What people are told by Events on their Formation: a fact, and the way out."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Notice:
    """One Event: its reason is for programs, its note for people."""

    reason: str
    action: str
    note: str
    warning: bool = False
    topic: str = ""
    """What makes two Events the same although their notes differ, such as in a figure."""
