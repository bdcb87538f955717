"""Lists and watches of a kind, read but for the fields that a manager holds.

Half of a Deployment as it is listed is the `fieldsV1` of its managed fields, and most are alike. So they
stay text, which is known by its bytes.
"""

from collections.abc import Generator
from typing import Any, TypedDict

import msgspec
import pydantic_core

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


class Described(TypedDict, total=False):
    """What is read of an object's metadata, but for who manages which field."""

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


class Metadata(Described, total=False):
    """All that is read of an object's metadata."""

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


class Body(TypedDict, total=False):
    """An object without its managed fields."""

    apiVersion: Any
    kind: Any
    metadata: Described
    spec: Any
    status: Any


class PageOfBodies(TypedDict, total=False):
    """A page of such objects."""

    apiVersion: Any
    kind: Any
    metadata: Any
    items: list[Body]


class EventOfBody(TypedDict, total=False):
    """An event of such an object."""

    type: Any
    object: Body


Count = TypedDict("Count", {"f:replicas": Text}, total=False)
Remembered = TypedDict("Remembered", {"f:formations.dev/count": Text}, total=False)
Annotations = TypedDict("Annotations", {"f:annotations": Remembered}, total=False)
Held = TypedDict("Held", {"f:spec": Count, "f:metadata": Annotations}, total=False)
"""What is looked for in any entry: whether it holds the count, or the one that is remembered."""
Steps = Generator[None, None, Any]
_PAGES, _EVENTS = msgspec.json.Decoder(Page), msgspec.json.Decoder(WatchEvent)
_HELD = msgspec.json.Decoder(Held)
_PAGES_OF_BODIES, _EVENTS_OF_BODIES = msgspec.json.Decoder(PageOfBodies), msgspec.json.Decoder(EventOfBody)


def page(text: bytes) -> Steps:
    """Return what a page says, in steps; raise `ValueError` if it is no JSON.

    The `fieldsV1` of an entry is a `Text`. Where anything is odd about an object or about the page, all is
    read as `nesting` reads it, and nothing is left as text.
    """
    return _read(text, _PAGES)


def event(text: bytes) -> Steps:
    """Return what an event says, read as an object of a page is."""
    return _read(text, _EVENTS)


def page_of_bodies(text: bytes) -> Steps:
    """Return what a page says, without managed fields."""
    return _read(text, _PAGES_OF_BODIES)


def event_of_body(text: bytes) -> Steps:
    """Return what an event says, without managed fields."""
    return _read(text, _EVENTS_OF_BODIES)


def held(text: bytes) -> dict[str, Any]:
    """Return which counts an entry holds, and nothing else of it; nothing if it is odd."""
    try:
        return dict(_HELD.decode(text))
    except (ValueError, RecursionError):
        return {}


def _read(text: bytes, decoder: msgspec.json.Decoder[Any]) -> Steps:
    try:
        return (yield from nesting.read(text, decoder.decode))
    except ValueError:
        return (yield from nesting.read(text, pydantic_core.from_json))
