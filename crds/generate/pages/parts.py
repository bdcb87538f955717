"""The generated parts of a page: each stands between two comments, and a person writes the rest.

Each part is named by what it is generated from, so a page holds no part that nothing generates.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

BEGIN = "<!-- Generated from {source} by `python -m crds.generate`: don't edit. -->\n\n"
END = "\n\n<!-- The end of what is generated. -->"


def filled(page: str, parts: Mapping[str, str]) -> str:
    """Return a page with its parts as they are now; raise `ValueError` if the page has others."""
    if page.count(END.strip()) != len(parts):
        raise ValueError(
            f"a page has another number of generated parts than {len(parts)}: {', '.join(parts)}"
        )
    for source, content in parts.items():
        begin = BEGIN.format(source=source)
        before, found, rest = page.partition(begin.strip())
        _, end, after = rest.partition(END.strip())
        if not (found and end):
            raise ValueError(f"a page has no part that begins with {begin.strip()}")
        page = f"{before}{begin}{content}{END}{after}"
    return page


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    first, *others = (
        f"| {' | '.join(line)} |" for line in (head, *([cell(each) for each in row] for row in rows))
    )
    return "\n".join([first, "|" + "---|" * len(head), *others])


def when_and_where(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the days on which something was measured, from the first to the last, and the machines."""
    found = [datetime.date.fromisoformat(row["date"]) for row in rows]
    days = dict.fromkeys(f"{day.day} {day:%B %Y}" for day in (min(found), max(found)))
    return "; ".join([" to ".join(days), *dict.fromkeys(row["machine"] for row in rows)])


def cell(text: str) -> str:
    """Return a text as a table shows it as it is."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def code(words: Iterable[str]) -> str:
    """Return some words, each as code."""
    return ", ".join(f"`{word}`" for word in words)


def size(number: int) -> str:
    """Return a number of bytes in the largest unit that it is a multiple of."""
    units = ((2**20, "MiB"), (2**10, "KiB"))
    return next((f"{number // unit} {name}" for unit, name in units if number % unit == 0), f"{number} bytes")


def seconds(number: float) -> str:
    """Return a time in minutes if they are whole and several, else in seconds."""
    return f"{number / 60:g} minutes" if number > 60 and number % 60 == 0 else f"{number:g} s"
