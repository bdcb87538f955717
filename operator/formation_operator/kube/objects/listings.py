"""Lists and watches of a kind, read but for the fields that a manager holds.

Half of a Deployment as it is listed is the `fieldsV1` of its managed fields, and most are alike. So they
stay text, which is known by its bytes.
"""

from typing import Any, TypedDict

import msgspec

from formation_operator.kube.objects import nesting

Text = msgspec.Raw
"""JSON that is left as it stands; `bytes` returns it."""


class Entry(TypedDict, total=False):
    """An entry of the managed fields: all that it has."""

    manager: Any
    operation: Any
    apiVersion: Any
    time: Any
    fieldsType: Any
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
    deletionGracePeriodSeconds: Any
    labels: Any
    annotations: Any
    ownerReferences: Any
    finalizers: Any
    managedFields: list[Entry]


class Item(TypedDict, total=False):
    """What is read of an object."""

    metadata: Metadata
    spec: Any
    status: Any


class Page(TypedDict, total=False):
    """What is read of a page."""

    kind: Any
    metadata: Any
    items: list[Item]


class WatchEvent(TypedDict, total=False):
    """What is read of an event of a watch."""

    type: Any
    object: Item


_PAGES, _EVENTS = msgspec.json.Decoder(Page), msgspec.json.Decoder(WatchEvent)


def parsed(text: bytes) -> Any:
    """Return what a page says; raise `ValueError` if it is no JSON.

    The `fieldsV1` of an entry is a `Text`. Where anything is odd about an object or about the page, all is
    read as `nesting` reads it, and nothing is left as text.
    """
    return _parsed(_PAGES, text)


def parsed_event(text: bytes) -> Any:
    """Return what an event says, read as an object of a page is."""
    return _parsed(_EVENTS, text)


def _parsed(decoder: msgspec.json.Decoder[Any], text: bytes) -> Any:
    try:
        return decoder.decode(text)
    except (ValueError, RecursionError):
        return nesting.parsed(text)
