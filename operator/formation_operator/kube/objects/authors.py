"""Who has changed the content of a Formation, by its managed fields, which are too large to be kept."""

import json
from typing import Any

from formation_operator.api import content, naming
from formation_operator.kube.objects import lenient, listings, nesting
from formation_operator.kube.objects.deploys import Deploy

MOST_READ = 2**16
"""Bytes of an entry that is read."""
AUTHOR = "author"
"""Stands in metadata in place of the managed fields."""
NOTE = ("metadata", "annotations", naming.NOTE_ANNOTATION)


def author(metadata: dict[str, Any]) -> Deploy:
    """Return who has changed the content of a Formation last, of those that still hold a field, and when."""
    if isinstance(kept := metadata.get(AUTHOR), dict):
        return Deploy(at=lenient.word(kept, "at"), by=lenient.word(kept, "by"))
    ours = naming.FIELD_MANAGER, naming.COUNT_MANAGER
    found = (
        Deploy(at=lenient.word(entry, "time"), by=lenient.word(entry, "manager"))
        for entry in lenient.items(metadata, "managedFields")
        if not (entry.get("subresource") or entry.get("manager") in ours)
        and _holds_content(lenient.mapping(_parsed(entry.get("fieldsV1")), "f:spec"))
    )
    return max(found, key=lambda each: each.at, default=Deploy())


def note_time(metadata: dict[str, Any]) -> str:
    """Return when the note was written, if that is known: one that is older than a change isn't about it."""
    if isinstance(kept := metadata.get(AUTHOR), dict):
        return lenient.word(kept, "noted")
    entries = lenient.items(metadata, "managedFields")
    holders = (entry for entry in entries if lenient.holds(_parsed(entry.get("fieldsV1")), NOTE))
    return max((lenient.word(entry, "time") for entry in holders), default="")


def _holds_content(spec: dict[str, Any]) -> bool:
    others = {key.removeprefix("f:") for key in spec} - content.OF_FORMATION - content.WITHOUT.keys()
    return bool(others) or any(
        not own or bool({key.removeprefix("f:") for key in own} - without)
        for part, without in content.WITHOUT.items()
        for own in lenient.mapping(spec, f"f:{part}").values()
    )


def _parsed(fields: Any) -> dict[str, Any]:
    """Return the fields of an entry, which may be text; none of one that is too long to be read."""
    if not isinstance(fields, listings.Text):
        return lenient.mapping(fields)
    raw = bytes(fields)
    return lenient.mapping(nesting.parsed(raw, json.loads)) if len(raw) <= MOST_READ else {}


def without_managed_fields(metadata: dict[str, Any]) -> None:
    """Replace the managed fields of a Formation by who has changed its content."""
    found, note = author(metadata), note_time(metadata)
    metadata.pop("managedFields", None)
    if found.by:
        metadata[AUTHOR] = {"at": found.at, "by": found.by, **({"noted": note} if note else {})}
