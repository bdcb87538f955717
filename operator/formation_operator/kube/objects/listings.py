"""How objects of lists and watches are parsed: the `fieldsV1` of their managed fields stay text.

Half of a Deployment in a list is the `fieldsV1` of its managed fields, and most of these are alike. Text is
compared by its bytes. Fields that aren't used are skipped.
"""

from typing import Any, TypedDict

import msgspec

Text = msgspec.Raw
"""JSON that isn't parsed; `bytes` returns it."""


class Entry(TypedDict, total=False):
    """What is read of an entry of the managed fields."""

    manager: Any
    operation: Any
    time: Any
    fieldsV1: Text
    subresource: Any


class Metadata(TypedDict, total=False):
    """What is read of an object's metadata."""

    namespace: Any
    name: Any
    uid: Any
    resourceVersion: Any
    generation: Any
    creationTimestamp: Any
    deletionTimestamp: Any
    labels: Any
    annotations: Any
    ownerReferences: Any
    managedFields: list[Entry]


class Item(TypedDict, total=False):
    """What is read of an object."""

    apiVersion: Any
    kind: Any
    metadata: Metadata
    spec: Any
    status: Any


class Page(TypedDict, total=False):
    """What is read of a page of a list."""

    apiVersion: Any
    kind: Any
    metadata: Any
    items: list[Item]


class WatchEvent(TypedDict, total=False):
    """What is read of an event of a watch."""

    type: Any
    object: Item


Spec = TypedDict("Spec", {"f:replicas": Text, "f:strategy": Any}, total=False)
Remembered = TypedDict(
    "Remembered", {"f:formations.dev/count": Text, "f:formations.dev/content": Text}, total=False
)
Annotations = TypedDict("Annotations", {"f:annotations": Remembered}, total=False)
EntryFields = TypedDict("EntryFields", {"f:spec": Spec, "f:metadata": Annotations}, total=False)
"""The fields of an entry that matter, whoever its manager is: the count, how a rollout goes, and what our
annotations say of the count and of the content."""
ENTRY_FIELDS = msgspec.json.Decoder(EntryFields)
PAGE, EVENT = msgspec.json.Decoder(Page), msgspec.json.Decoder(WatchEvent)
"""Their `fieldsV1` are `Text`. They refuse what has a wrong type anywhere: `nesting` reads that whole."""


def entry_fields(text: bytes) -> dict[str, Any]:
    """Return which of these fields an entry holds; nothing if the entry is malformed."""
    try:
        return dict(ENTRY_FIELDS.decode(text))
    except (ValueError, RecursionError):
        return {}
