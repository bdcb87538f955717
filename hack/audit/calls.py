"""What the operator asked for, as the API server has recorded it."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hack.cluster import audit

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

    def __str__(self) -> str:
        """Say it as a sentence's end."""
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
    """Yield what was called, but for what is no resource, such as ``/apis``: everybody may read that.

    Of a line that is cut off, as the last one may be, nothing. An apply that creates needs two rights.
    """
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if about := event.get("objectRef"):
            status, time = event.get("responseStatus", {}), event["requestReceivedTimestamp"]
            call, code = call_of(event["verb"], about), status.get("code", 0)
            yield Record(call, code, time)
            created = code == CREATED or NOT_CREATED.search(status.get("message", ""))
            if call.verb == "patch" and created:
                yield Record(call._replace(verb="create"), code, time)


def call_of(verb: str, about: dict[str, str]) -> Call:
    """Return what was asked for, given the object that it was about."""
    resource, below = about["resource"], about.get("subresource")
    kind = f"{resource}/{below}" if below else resource
    return Call(verb, about.get("apiGroup", ""), kind, about.get("namespace", ""), about.get("name", ""))
