"""Revisions as they are called."""

from typing import NamedTuple

from formation_cli.objects import Object
from formation_operator.api import content
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.deploys import Deploy, End

SHORT = 7
"""Letters of a digest that stand for it, and digits from which on a word may be the beginning of one."""


class Revision(NamedTuple):
    """A content that was rolled out, or an object that only looks so."""

    number: int
    """0 for a content that this Formation hasn't rolled out, or of which no number is known."""
    name: str
    """The name of its ControllerRevision."""
    since: str
    """When it was rolled out last, or kept because its release began, or adopted; empty if it isn't kept."""
    content: Object
    flaw: str = ""
    """Why it is none of the Formation, so that nobody goes back to it; empty if it is one."""
    ran_well: bool = False
    """Whether it is known to have run well."""
    trial: str = ""
    """How far its canaries are, if it has some now."""
    deploys: tuple[Deploy, ...] = ()
    """The last deploys of it, the oldest first."""

    @property
    def called(self) -> str:
        """Return what is typed for it: its number, or else the beginning of its digest."""
        return str(self.number) if self.number else content.digest_in(self.name)[:SHORT]

    @property
    def numbers(self) -> list[int]:
        """Its number, and those that it had at earlier deploys."""
        return sorted({self.number, *(each.number for each in self.deploys)} - {0})

    @property
    def has_failed(self) -> bool:
        """Whether its last deploy has failed."""
        return bool(self.deploys) and self.deploys[-1].end is End.FAILED

    @property
    def images(self) -> str:
        """Its images, in words; empty if it names none."""
        parts = [self.content, *lenient.mapping(self.content, "processes").values()]
        found = sorted({lenient.text(lenient.mapping(each), "image") for each in parts} - {""})
        return f"image{'s' * (len(found) > 1)} {', '.join(found)}" if found else ""

    @property
    def named(self) -> str:
        """What it is called in a sentence that says what it runs."""
        return f"{self} ({self.images})" if self.images else str(self)

    def is_meant(self, word: str) -> bool:
        """Tell whether a word is one of its numbers or the beginning of its digest.

        A short number is no digest.
        """
        if word in map(str, self.numbers):
            return True
        is_digest = len(word) >= SHORT or not word.isdecimal()
        return bool(word) and is_digest and content.digest_in(self.name).startswith(word)

    def __str__(self) -> str:
        """Return what it is called in a sentence."""
        return f"revision {self.called}" if self.number or self.since else "the previous spec"
