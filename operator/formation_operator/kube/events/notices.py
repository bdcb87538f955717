"""The content of an Event on a Formation: a fact, and the way out."""

import dataclasses

from formation_operator.kube.objects import lenient


@dataclasses.dataclass(frozen=True)
class Notice:
    """One Event: its reason is for programs, its note for people."""

    reason: str
    action: str
    note: str
    warning: bool = False
    process_type: str = ""
    """Which type it is about, if it is about one; a field of the log."""
    topic: str = ""
    """What makes two Events the same although their notes differ, such as in a figure."""

    def __post_init__(self) -> None:
        """Keep to what the API takes, and the log to one line."""
        object.__setattr__(self, "note", lenient.shown(self.note))
        for word in ("reason", "action"):
            object.__setattr__(self, word, lenient.shown(getattr(self, word), lenient.LONGEST_WORD))
