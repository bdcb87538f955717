"""The line at the end of a log that says why its process ended.

In most languages the message of a trace comes before its frames, and before lines about the runtime. Python's
comes after them, and its first line says most: a database driver, for one, adds several. Of exceptions that
led to one another, the first is the cause.
"""

import functools
import re
from collections.abc import Mapping, Sequence

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
    | (ERROR:\s+)?Traceback\ \(most\ recent\ call\ last\):  # Python
    | (During\ handling\ of|The)\ (the\ )?above\ exception\b.*
    | \(Background\ on\ this\ error\ at:.*                  # SQLAlchemy
    | (LINE\ \d+|DETAIL|HINT|CONTEXT|QUERY):.*              # PostgreSQL
    | Tasks:\ TOP\ =>.* | \(See\ full\ trace\ by\ .*       # Rake
    | /[^\s:]+:\d+:in\ [`'][^'`]*'
    """,
    re.VERBOSE | re.DOTALL,
)
PANIC = re.compile(r"(panic|fatal error): .*")
"""The first line of a crash in Go; its goroutines follow."""
GOROUTINE = "\ngoroutine "
FRAME = re.compile(r'(?P<margin>[ |]*)  File "[^"]*", line \d+(, in .*)?')
"""A frame of Python's, which stands two columns right of its exception; in a group both are behind bars."""
CHAINED = re.compile(r"\W*(During handling of|The) (the )?above exception\b.*")
"""What stands between two of Python's traces where the first has led to the second."""
# What a server says when it ends because the app has failed: that is above.
GOODBYE = re.compile(
    r"\] (Worker exiting \(|Worker \(pid:\d+\) (exited with|was sent SIGTERM)|Shutting down: Master"
    r"|Reason: (App failed to load|Worker failed to boot))|^gunicorn\.errors\.HaltServer: "
    r"|^ERROR:\s+Application startup failed\. Exiting"
    r"|^INFO:\s+(Shutting down|(Waiting for a|A)pplication shutdown|Finished server process)"
)
RECORD = re.compile(
    r"[\[(]?(\d{4}[-/]\d\d|\d\d:\d\d:|\d+\.\d+\.\d+\.\d+ "
    r'|(TRACE|DEBUG|INFO|WARN(ING)?|ERROR|CRITICAL|FATAL)\b|(time|ts|level)=|\{")',
    re.IGNORECASE,
)
"""The beginning of a line of a log, which is no part of an exception's message."""
BESIDE = 3
"""How many other lines a server may log between what explains its end and its last line."""


@functools.lru_cache(maxsize=64)
def message_line(log: str) -> str:
    """Return the line of a log's end that carries the message, cut to what fits a table.

    It is cached, because each exit needs it several times in a row.
    """
    lines = [each for each in lenient.COLOUR.sub("", log).splitlines()[-LINES:] if _shown(each)]
    raised = _raised(lines)
    messages = [place for place, line in enumerate(lines) if not TRAILERS.fullmatch(_shown(line))]
    margin = [place for place in messages if place in raised or not lines[place][0].isspace()]
    panics = [place for place in margin if PANIC.fullmatch(_shown(lines[place]))] if GOROUTINE in log else []
    if panics or not margin:
        return _shown(lines[(panics or messages or [-1])[-1]]) if lines else ""
    return _explained(lines, margin, raised)


def _raised(lines: Sequence[str]) -> dict[int, str]:
    """Return the first lines of the exceptions that end Python's traces, by their places."""
    raised = dict[int, str]()
    margin, cause, text = None, "", ""
    for place, line in enumerate(lines):
        if CHAINED.fullmatch(line):
            cause = text
        elif frame := FRAME.fullmatch(line):
            margin = len(frame["margin"])
        elif margin is not None and not line[margin : margin + 1].isspace():
            text = cause or _shown(line[margin:])
            raised |= {place: text} if text else {}
            margin, cause = None, ""
    return raised


def _explained(lines: Sequence[str], margin: Sequence[int], raised: Mapping[int, str]) -> str:
    """Return the last line, or the exception that it is part of; of a server's goodbye what explains it."""
    texts = {place: raised.get(place) or _shown(lines[place]) for place in margin}
    last = margin[-1]
    if GOODBYE.search(texts[last]):
        before = [place for place in margin if not GOODBYE.search(texts[place])][-BESIDE - 1 :]
        last = next((place for place in reversed(before) if not RECORD.match(texts[place])), last)
    for place in reversed([each for each in margin if each <= last]):
        if place in raised:
            return texts[place]
        if RECORD.match(texts[place]):
            break
    return texts[last]


def _shown(line: str) -> str:
    return lenient.in_one_line(line).strip()[:LONGEST]
