"""The line at the end of a log that says why its process ended.

In most languages the message of a trace comes before its frames, and before lines about the runtime.
"""

import functools
import re

from formation_operator.kube.objects import lenient

LONGEST = 200
"""Characters of the line."""
LINES = 80
"""How many lines at the end are read: kubelet's excerpt has no more."""
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
"""The first line of a crash in Go; its goroutines follow."""
GOROUTINE = "\ngoroutine "


@functools.lru_cache(maxsize=64)
def message_line(log: str) -> str:
    """Return the line of a log's end that carries the message, cut to what fits a table.

    It is cached, because each exit needs it several times in a row.
    """
    lines = [each for each in log.splitlines()[-LINES:] if _shown(each)]
    messages = [each for each in lines if not TRAILERS.fullmatch(_shown(each))]
    margin = [each for each in messages if not each[0].isspace()]
    panics = [each for each in margin if PANIC.fullmatch(_shown(each))] if GOROUTINE in log else []
    return _shown((panics or margin or messages or lines or [""])[-1])


def _shown(line: str) -> str:
    return lenient.in_one_line(line).strip()[:LONGEST]
