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
    """The process type that it is about, if any; a field of the log."""
    topic: str = ""
    """Events with the same topic are one series although their notes differ; empty if the note decides."""

    def __post_init__(self) -> None:
        """Cut the texts to the lengths that the API accepts, and to one line."""
        object.__setattr__(self, "note", lenient.shown(self.note))
        for word in ("reason", "action"):
            object.__setattr__(self, word, lenient.shown(getattr(self, word), lenient.LONGEST_WORD))
