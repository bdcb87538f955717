"""Write log lines with their process in front, in a colour for each type."""

import sys

from formation_cli.terminal import screen
from formation_cli.views import log_lines
from formation_cli.views.log_lines import Line


class Writer:
    """Writes for a person in colours, and without what moves the cursor.

    It writes to stdout, or to stderr what is said ``beside`` a result.
    """

    def __init__(self, types: list[str], *, timestamps: bool = False, beside: bool = False) -> None:
        """Take the types in the order of their colours, and whether lines begin with their times."""
        self._types = types
        self._timestamps = timestamps
        self._beside = beside
        self._terminal = screen.is_terminal()
        self._width = log_lines.width(types)

    def write(self, line: Line) -> None:
        """Write one line; who comes and goes is for a person only."""
        if self._terminal or line.source.type != log_lines.SYSTEM:
            prefix = log_lines.prefix(line.source.label, self._width)
            time = f"{line.time} " if self._timestamps and line.time else ""
            text = log_lines.harmless(line.text) if self._terminal else line.text
            colour = log_lines.colour(line.source.type, self._types)
            stream = sys.stderr if self._beside else sys.stdout
            stream.write(f"{screen.coloured(prefix, colour)}{time}{text}\n")
            stream.flush()
