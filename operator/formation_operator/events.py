"""Turn notices into Events of events.k8s.io, the same notice again into a series of one Event.

A client that fights us would otherwise fill the namespace with copies.
Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
"""

import collections
import dataclasses
import datetime
import os
import uuid
from typing import Any

from formation_operator import naming
from formation_operator.notices import Notice

LONGEST_NOTE = 1024
"""What the API takes, in bytes."""
REMEMBERED = 2048
SERIES_ENDS = datetime.timedelta(minutes=6)

Recorded = tuple[str, int, datetime.datetime]


class Recorder:
    """Remembers which Events were posted lately."""

    def __init__(self) -> None:
        self._recent: collections.OrderedDict[tuple[str, Notice], Recorded] = collections.OrderedDict()

    def record(self, formation: dict[str, Any], notice: Notice) -> tuple[str, dict[str, Any], bool]:
        """Return the Event's name and body, and whether it repeats one that was posted lately."""
        now = datetime.datetime.now(datetime.UTC)
        same = dataclasses.replace(notice, note="") if notice.topic else notice
        identity = (formation["metadata"]["uid"], same)
        name, count, last = self._recent.pop(identity, (_name(formation), 0, now))
        if now - last > SERIES_ENDS:
            name, count = _name(formation), 0
        count += 1
        self._recent[identity] = (name, count, now)
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return name, _body(formation, notice, name, count, now), count > 1


def _name(formation: dict[str, Any]) -> str:
    return f"{formation['metadata']['name']}.{uuid.uuid4().hex[:16]}"


def _body(
    formation: dict[str, Any], notice: Notice, name: str, count: int, now: datetime.datetime
) -> dict[str, Any]:
    metadata = formation["metadata"]
    time = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    body: dict[str, Any] = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": metadata["namespace"]},
        "eventTime": time,
        "type": "Warning" if notice.warning else "Normal",
        "reason": notice.reason,
        "action": notice.action,
        "note": _cut(notice.note),
        "reportingController": naming.REPORTING_CONTROLLER,
        "reportingInstance": os.environ.get("HOSTNAME", "formation-operator")[:128],
        "regarding": {
            "apiVersion": naming.API_VERSION,
            "kind": naming.KIND,
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
    }
    if count > 1:
        body["series"] = {"count": count, "lastObservedTime": time}
    return body


def _cut(note: str) -> str:
    return note.encode()[:LONGEST_NOTE].decode(errors="ignore")
