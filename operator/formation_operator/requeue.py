"""How a pass of a Formation is asked for: how urgent it is, and after what time."""

import enum
from collections.abc import Callable


class Lane(enum.IntEnum):
    """What a pass is asked for; the lower goes first."""

    CHANGE = 0
    """A spec is another, or the count of a child."""
    BUILD = 1
    """A Formation is new, or something of it is missing or isn't as it was written."""
    REPORT = 2
    """Figures are others, or something is tried again."""


Ask = Callable[[tuple[str, str], Lane, float], None]
"""Asks for a pass of a Formation in a lane, after some seconds."""
