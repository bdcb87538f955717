"""Lines of several processes in one stream, as Foreman writes them: ``web.x7k2p  | line``."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from formation_cli.objects import Object
from formation_cli.views import pod_state
from formation_operator.kube.objects import lenient, timestamps

COLOURS = ("cyan", "yellow", "green", "magenta", "red", "blue")
"""One for each type, in the order of their names, as Foreman's."""
SYSTEM = "system"
"""Whose the lines are that say which process comes and goes."""
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(Z|[+-][0-9:]{5})")
RESET = "\x1b[0m"
TOKEN = re.compile(
    r"""
    (\x1b\[[0-9;:]*m)  # a colour: the only one that stays
    | (?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]  # moves the cursor, changes a mode
    | (?:\x1b[P\]X^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]*(?:\x1b\\|[\x07\x9c])  # has a text: a title
    | \x1b[ -/]*[0-~]
    | [\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069]
    """,
    re.VERBOSE,
)
"""What a terminal or a reader doesn't take as letters: sequences, controls, changes of direction.

Source: https://ecma-international.org/publications-and-standards/standards/ecma-48/
"""


class Source(NamedTuple):
    """A container's log, of one run of it."""

    pod: str
    uid: str
    container: str
    run: int
    """How often the container was started before."""
    label: str
    """How the process is named in front of its lines: its type, and the end of its Pod's name.

    What somebody's Job runs is named by its container.
    """
    type: str


class Line(NamedTuple):
    """A line, when it was written, and whose it is."""

    time: str
    text: str
    source: Source


def source(pod: Object) -> Source:
    """Return whose log a Pod's is now."""
    name, own = pod["metadata"]["name"], pod_state.container_status(pod)
    type_, container = pod_state.process_type(pod), pod_state.container(pod)
    word = type_ if pod_state.is_of(pod) else container
    return Source(
        pod=name,
        uid=pod["metadata"]["uid"],
        container=container,
        run=lenient.number(own, "restartCount"),
        label=pod_state.label(word, name),
        type=type_,
    )


def is_named(pod: Object, word: str) -> bool:
    """Tell whether a Pod is meant: by its name, with or without its kind, or as `logs` names its process."""
    return word.removeprefix("pod/") in (pod["metadata"]["name"], source(pod).label)


def parsed(line: str, whose: Source) -> Line:
    """Return a line that begins with its time, unless it is kubelet's own word about the log."""
    moment, _, text = line.partition(" ")
    return Line(moment, text, whose) if TIME.fullmatch(moment) else Line("", line, whose)


def moment(time: str) -> tuple[float, str]:
    """Return what orders lines by their times, which nodes write in time zones of their own.

    In a microsecond the text decides.
    """
    return timestamps.epoch(time) or 0.0, time


def width(types: Iterable[str]) -> int:
    """Return how wide the names of processes are: a Pod's name ends in five letters."""
    return max([len(SYSTEM), *(len(each) + 6 for each in types)])


def prefix(label: str, width: int) -> str:
    """Return what is in front of a line."""
    return f"{label.ljust(width)} | "


def colour(type_: str, types: list[str]) -> str:
    """Return the colour of a type's lines."""
    return COLOURS[types.index(type_) % len(COLOURS)] if type_ in types else "white"


def harmless(text: str) -> str:
    """Return a line of which only colours, which end with it, and what can be printed are left."""
    if text.isprintable():
        return text
    kept = TOKEN.sub(r"\1", text)
    return kept if "\x1b" not in kept or kept.endswith(RESET) else kept + RESET
