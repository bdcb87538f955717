"""The log on a revision: the deploys of its content. The operator writes it, and the plugin shows it.

Anyone who may write in a namespace may write another one: what can't be read counts for nothing.
"""

import dataclasses
import enum
import json
from collections.abc import Iterable, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.api.content import HIGHEST
from formation_operator.kube.objects import lenient, nesting

MOST = 10
"""Deploys that a log keeps."""
LONGEST = 8192
"""Characters of a log that is read; ours are all shorter."""
LONGEST_NOTE = 200
"""Bytes."""


class End(enum.StrEnum):
    """How a deploy has ended."""

    NONE = ""
    """It hasn't, or another deploy came before."""
    LEFT = "Left"
    """Another content was declared before it was let through."""
    RAN = "Ran"
    """Its processes ran well."""
    FAILED = "Failed"
    """Its canaries failed, or a process crashed before it had run well."""


@dataclasses.dataclass(frozen=True, slots=True)
class Deploy:
    """One deploy of a content."""

    number: int = 0
    """0 for one that was never let through."""
    at: str = ""
    """When its first canary, or its rollout, began."""
    by: str = ""
    """The field manager that changed the content; empty if that isn't known."""
    note: str = ""
    end: End = End.NONE


def read(annotations: Mapping[str, Any]) -> tuple[Deploy, ...]:
    """Return the deploys that the annotations of a revision say, the oldest first."""
    text = annotations.get(naming.DEPLOYS_ANNOTATION)
    try:
        found = (
            nesting.parsed(text.encode(), json.loads)
            if isinstance(text, str) and len(text) <= LONGEST
            else None
        )
    except ValueError:
        return ()
    return tuple(map(_deploy, lenient.items({"": found}, "")[-MOST:]))


def _deploy(raw: dict[str, Any]) -> Deploy:
    number, end = lenient.number(raw, "number"), lenient.word(raw, "end")
    note = lenient.shown(lenient.text(raw, "note"), LONGEST_NOTE)
    return Deploy(
        number=number if 0 < number < HIGHEST else 0,
        at=lenient.word(raw, "at"),
        by=lenient.word(raw, "by"),
        note=note,
        end=End(end) if end in [*End] else End.NONE,
    )


def text(deploys: Iterable[Deploy]) -> str:
    """Return the annotation; nothing if there is no deploy."""
    entries = [{key: value for key, value in dataclasses.asdict(each).items() if value} for each in deploys]
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":")) if entries else ""
