"""The fields of a child that we hold, as they are kept with it.

Most children of a type's name are written alike, so what is kept of one is most often what was kept of
another, and no more is read of a child of a list than shows that (`kube.objects.listings`).
"""

import functools
import hashlib
import json
import marshal
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from formation_operator.api import naming
from formation_operator.kube.objects import lenient, listings, nesting
from formation_operator.observe.managed_fields import COMPACT, Fields, Path, entry_of, holds, lost

T = TypeVar("T")
LARGEST = 65536
"""Characters of an entry that is kept whole. A Deployment with a thousand variables has as many."""
MOST_READ = 4 * LARGEST
"""Bytes of an entry that is parsed to find out whether it is that large; of a larger one the text counts."""
DIGEST = "sha256:"
COUNT: Path = ("spec", "replicas")
REMEMBERED_COUNT: Path = ("metadata", "annotations", naming.COUNT_ANNOTATION)
USUAL = 4096
"""Bytes of an entry that is remembered, packed or as text: most entries are as many others."""
REMEMBERED = 256
"""How many of these are; what is kept of one may be six times as long."""
ANY_OWNER = "k:owner"
"""Stands for the reference to a child's owner. The API server takes no such key: it isn't JSON."""


class Owned(NamedTuple):
    """What is kept of our Apply entry."""

    text: str
    """The whole of it, as `kept` has it."""
    holds_count: bool
    """Whether it holds the count."""
    holds_remembered: bool
    """Whether it holds the annotation with the count that is remembered."""


def _remembering(read: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Remember what usual entries came to."""
    usual = functools.lru_cache(REMEMBERED)(read)
    return lambda text: usual(text) if len(text) <= USUAL else read(text)


def of(managed: list[dict[str, Any]], owner: str = "") -> Owned:
    """Return what is kept of our entry with a child of an owner's, whose uid that is."""
    return _read(entry_of(managed), owner)


def holds_count(entry: dict[str, Any]) -> bool:
    """Tell whether an entry, be it of somebody else's, holds the count."""
    fields = entry.get("fieldsV1")
    if not isinstance(fields, listings.Text):
        return holds(lenient.mapping(fields), COUNT)
    return _count_in_text(bytes(fields))


def _read(fields: Any, owner: str = "") -> Owned:
    """Return what is kept of an entry, if there is one. What is still text is most often as another was."""
    if not isinstance(fields, listings.Text):
        return _of_fields(lenient.mapping(fields), owner)
    text, reference = bytes(fields), _quoted(_reference(owner))
    if len(text) > MOST_READ:
        return _of_large_text(text)
    if len(text) > USUAL or text.count(reference) != 1:
        return _of_text(text, owner)
    return _of_usual_text(text.replace(reference, _quoted(ANY_OWNER)))


def _of_fields(fields: Fields, owner: str) -> Owned:
    return Owned(kept(fields, owner), holds(fields, COUNT), holds(fields, REMEMBERED_COUNT))


def _of_text(text: bytes, owner: str = "") -> Owned:
    return _of_fields(lenient.mapping(nesting.parsed(text)), owner)


def _of_large_text(text: bytes) -> Owned:
    """Return what is kept of an entry that is larger than any of ours: only its counts are parsed."""
    found = listings.held(text)
    digest = DIGEST + hashlib.sha256(text).hexdigest()
    return Owned(digest, holds(found, COUNT), holds(found, REMEMBERED_COUNT))


_of_usual_text = functools.lru_cache(REMEMBERED)(_of_text)


@_remembering
def _count_in_text(text: bytes) -> bool:
    return holds(listings.held(text), COUNT)


def _quoted(key: str) -> bytes:
    return COMPACT.encode(key).encode()


def kept(entry: Fields | None, owner: str = "") -> str:
    """Return an entry as it is kept with a child: as JSON, or no more than its digest if it is large.

    Of the owner's uid only that it is there is kept: so the entries of most children of a type's name are one
    text, which is interned.
    """
    if not entry:
        return ""
    # Packed, it is known by its bytes, and by its size: in a text no value has less than a third of that.
    packed = marshal.dumps(_with_any_owner(entry, _reference(owner)), 2)
    if len(packed) > 3 * LARGEST:
        return lenient.shared(DIGEST + hashlib.sha256(packed).hexdigest())
    return _unpacked(packed)


@_remembering
def _unpacked(packed: bytes) -> str:
    text = COMPACT.encode(marshal.loads(packed))  # noqa: S302  # of our own making
    return lenient.shared(
        text if len(text) <= LARGEST else DIGEST + hashlib.sha256(text.encode()).hexdigest()
    )


def _with_any_owner(entry: Fields, reference: str) -> Fields:
    """Return an entry with a key that is the same for all owners in place of the one for this reference."""
    metadata = lenient.mapping(entry, "f:metadata")
    references = lenient.mapping(metadata, "f:ownerReferences")
    if reference not in references:
        return entry
    others = {key: value for key, value in references.items() if key != reference}
    everybodys = {**others, ANY_OWNER: references[reference]}
    return {**entry, "f:metadata": {**metadata, "f:ownerReferences": everybodys}}


def _reference(owner: str) -> str:
    """Return how an entry names the reference to an owner with a uid."""
    return f"k:{COMPACT.encode({'uid': owner})}"


def is_whole(owned: str) -> bool:
    """Tell whether it is known what a child's entry holds, and not only if it is the same again."""
    return not owned.startswith(DIGEST)


def covers(manifest: dict[str, Any], owned: str, owner: str = "") -> bool:
    """Tell whether our Apply entry, as it is kept with an owner's child, holds every field of a manifest."""
    if not is_whole(owned):
        return False
    fields = json.loads(owned.replace(COMPACT.encode(ANY_OWNER), COMPACT.encode(_reference(owner))))
    return next(lost(manifest, fields), None) is None
