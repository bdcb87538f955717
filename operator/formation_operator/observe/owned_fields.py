"""The fields of a child that we hold, as they are kept with it.

Most children of types with the same name have the same entry. So the text of an entry is compared before it
is parsed (`kube.objects.listings`).
"""

import functools
import hashlib
import json
from typing import Any, NamedTuple

from formation_operator.api import bounds, naming
from formation_operator.kube.objects import lenient, listings, nesting
from formation_operator.observe.managed_fields import COMPACT, Path, entry_of, holds, lost

LARGEST = 65536
"""Characters of an entry that is kept whole. A Deployment with a thousand variables has as many."""
MOST_READ = 4 * LARGEST
"""Bytes up to which an entry is parsed to find out whether it is that large; a larger one isn't parsed."""
DIGEST = "sha256:"
COUNT: Path = ("spec", "replicas")
REMEMBERED_COUNT: Path = ("metadata", "annotations", naming.COUNT_ANNOTATION)
CONTENT: Path = ("metadata", "annotations", naming.CONTENT_ANNOTATION)
USUAL = 4096
"""Bytes of an entry whose parsed form is cached: most entries are smaller."""
REMEMBERED = 256
"""How many entries are cached."""
ANY_OWNER = "k:owner"
"""Stands for the reference to a child's owner. The API server takes no such key: it isn't JSON."""


class Owned(NamedTuple):
    """What is kept of our Apply entry."""

    text: str
    """The whole of it as JSON, or no more than its digest if it is large; empty if there is none.

    A stand-in replaces the owner's uid, so that most children have equal texts, which are interned.
    """
    holds_count: bool
    """Whether it holds the count."""
    holds_remembered: bool
    """Whether it holds the annotation with the count that is remembered."""
    holds_content: bool
    """Whether it holds the annotation that names a content."""


def of(managed: list[dict[str, Any]], owner: str = "") -> Owned:
    """Return what is kept of our entry; ``owner`` is the uid of the child's owner."""
    fields = entry_of(managed)
    text = bytes(fields) if isinstance(fields, listings.Text) else bounds.encoded(fields)
    reference = _quoted(_reference(owner))
    if text.count(reference) == 1:
        text = text.replace(reference, _quoted(ANY_OWNER))
    return _of_usual_text(text) if len(text) <= USUAL else _of_text(text)


def _of_text(text: bytes) -> Owned:
    if len(text) > MOST_READ:
        fields, kept = listings.entry_fields(text), DIGEST + hashlib.sha256(text).hexdigest()
    else:
        fields = lenient.mapping(nesting.parsed(text))
        kept = COMPACT.encode(fields) if fields else ""
        if len(kept) > LARGEST:
            kept = DIGEST + hashlib.sha256(kept.encode()).hexdigest()
    return Owned(lenient.shared(kept), *(holds(fields, each) for each in (COUNT, REMEMBERED_COUNT, CONTENT)))


_of_usual_text = functools.lru_cache(REMEMBERED)(_of_text)


def holds_count(entry: dict[str, Any]) -> bool:
    """Return whether an entry of any manager holds the count."""
    return holds(_fields_of(entry), COUNT)


def with_counts_alone(owned: Owned, managed: list[dict[str, Any]]) -> Owned:
    """Return what we hold of an object whose count we wrote last without the rest, by a patch."""
    ours = naming.FIELD_MANAGER, "Update", None
    entries = (
        each for each in managed if tuple(map(each.get, ("manager", "operation", "subresource"))) == ours
    )
    fields = _fields_of(next(entries, {}))
    return owned._replace(
        holds_count=owned.holds_count or holds(fields, COUNT),
        holds_remembered=owned.holds_remembered or holds(fields, REMEMBERED_COUNT),
    )


def _fields_of(entry: dict[str, Any]) -> dict[str, Any]:
    fields = entry.get("fieldsV1")
    return (
        listings.entry_fields(bytes(fields)) if isinstance(fields, listings.Text) else lenient.mapping(fields)
    )


def _quoted(key: str) -> bytes:
    return COMPACT.encode(key).encode()


def _reference(owner: str) -> str:
    """Return how an entry names the reference to an owner with a uid."""
    return f"k:{COMPACT.encode({'uid': owner})}"


def is_whole(owned: str) -> bool:
    """Return whether a child's entry is kept whole, and not as a digest."""
    return not owned.startswith(DIGEST)


def covers(manifest: dict[str, Any], owned: str, owner: str = "") -> bool:
    """Return whether our Apply entry, as it is kept with a child, holds every field of a manifest."""
    if not is_whole(owned):
        return False
    fields = json.loads(owned.replace(COMPACT.encode(ANY_OWNER), COMPACT.encode(_reference(owner))))
    return next(lost(manifest, fields), None) is None
