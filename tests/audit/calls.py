"""What the operator asked for, as the API server has recorded it."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tests.cluster import audit

Event = dict[str, Any]
CREATED = 201
NOT_CREATED = re.compile(r"cannot create resource")
"""How the API server refuses server-side apply where the object isn't there: it asks for ``create`` itself.

Source: ``withAuthorization`` in ``k8s.io/apiserver/pkg/endpoints/handlers/update.go``.
"""


class Call(NamedTuple):
    """What one right is needed for."""

    verb: str
    group: str = ""
    resource: str = ""
    """With its subresource, as roles write it: ``formations/status``."""
    namespace: str = ""
    """Empty for the whole cluster."""
    name: str = ""
    path: str = ""
    """Of what is no resource, such as ``/apis``."""

    def __str__(self) -> str:
        """Say it as a sentence's end."""
        if self.path:
            return f"{self.verb} {self.path}"
        kind = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {kind} in {self.namespace or 'all namespaces'}"


class Record(NamedTuple):
    """A call, and what came of it."""

    call: Call
    code: int
    time: str
    """When it came, in UTC: of two such texts the later one is the larger."""


def recorded(since: str = "") -> Iterator[Record]:
    """Yield what was called on the cluster that is up, from a moment on."""
    for file in audit.files():
        with file.open() as lines:
            yield from (record for record in read(lines) if record.time >= since)


def read(lines: Iterable[str]) -> Iterator[Record]:
    """Yield what was called; of a line that is cut off, as the last one may be, nothing."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        yield from records_of(event)


def records_of(event: Event) -> Iterator[Record]:
    """Yield what one request needed: server-side apply that creates an object needs two rights."""
    code = event.get("responseStatus", {}).get("code", 0)
    time = event["requestReceivedTimestamp"]
    call = call_of(event)
    yield Record(call, code, time)
    message = event.get("responseStatus", {}).get("message", "")
    if call.verb == "patch" and (code == CREATED or NOT_CREATED.search(message)):
        yield Record(call._replace(verb="create"), code, time)


def call_of(event: Event) -> Call:
    """Return what was asked for itself."""
    about = event.get("objectRef")
    if about is None:
        return Call(event["verb"], path=event["requestURI"].partition("?")[0])
    below = about.get("subresource")
    return Call(
        event["verb"],
        about.get("apiGroup", ""),
        f"{about['resource']}/{below}" if below else about["resource"],
        about.get("namespace", ""),
        about.get("name", ""),
    )
