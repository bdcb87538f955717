"""The line of a log's end that tells why its process ended.

Most languages end a trace with its frames, or with words about the runtime: the message comes before.
"""

import functools
import re

from formation_operator.kube.objects import lenient

LONGEST = 200
"""Characters of the line."""
LINES = 80
"""So many lines at the end are read: kubelet's excerpt has no more."""
# What stands at the left margin of a trace and isn't its message.
TRAILERS = re.compile(
    r"""
      \W*                                                   # brackets and the like
    | (Node\.js|Bun)\ v\d.* | Emitted\ '.*'\ event\b.*      # Node.js
    | npm\ (ERR!|error).*
    | goroutine\ \d.* | created\ by\ .* | exit\ status\ \d+ # Go
    | \[signal\ .* | (\S[^\s.]*\.\S+|panic)\((\)|\.{3}\)|\{?0x.*)
    | \#\d+\ .* | [Ss]tack\ (trace|backtrace): | thrown\ in\ .*  # PHP, Rust
    | note:\ run\ with\ .*
    | \(Background\ on\ this\ error\ at:.*                  # SQLAlchemy
    """,
    re.VERBOSE | re.DOTALL,
)
PANIC = re.compile(r"(panic|fatal error): .*")
"""How Go begins, whatever it says of its goroutines after that."""
GOROUTINE = "\ngoroutine "


@functools.lru_cache(maxsize=64)
def message_line(log: str) -> str:
    """Return the line of a log's end that carries the message, cut to what fits a table.

    It is cached, since each exit needs it several times in a row.
    """
    lines = [each for each in log.splitlines()[-LINES:] if _shown(each)]
    words = [each for each in lines if not TRAILERS.fullmatch(_shown(each))]
    margin = [each for each in words if not each[0].isspace()]
    panics = [each for each in margin if PANIC.fullmatch(_shown(each))] if GOROUTINE in log else []
    return _shown((panics or margin or words or lines or [""])[-1])


def _shown(line: str) -> str:
    return lenient.in_one_line(line).strip()[:LONGEST]
