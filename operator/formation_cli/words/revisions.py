"""Revisions as they are called."""

from typing import Any, NamedTuple

Object = dict[str, Any]


class Revision(NamedTuple):
    """A content that was rolled out, or an object that only looks so."""

    number: int
    """0 for a content that isn't rolled out, or of which no number is known."""
    name: str
    """The name of its ControllerRevision."""
    since: str
    """When it was rolled out last, or kept because its release began."""
    content: Object
    flaw: str = ""
    """Why it is none of the Formation, so that nobody goes back to it; empty if it is one."""
    ran_well: bool = False
    """Whether it is known to have run well."""

    def __str__(self) -> str:
        """Return what it is called."""
        return f"revision {self.number}" if self.number else "what was declared before"
