"""The Events that are recorded on a Formation; a notice that is repeated becomes a series of one Event.

Otherwise a client that undoes our writes would fill the namespace with copies.
Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
"""

import dataclasses
import datetime
import os
import uuid
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.objects import kinds, lenient
from formation_operator.shares import Shares

REMEMBERED = 4096
"""How many Events of all namespaces are remembered; each namespace has its share."""
SERIES_ENDS = datetime.timedelta(minutes=6)


@dataclasses.dataclass(frozen=True)
class Notice:
    """One Event: its reason is for programs, its note for people."""

    reason: str
    action: str
    note: str
    warning: bool = False
    process_type: str = ""
    """The process type that it is about, if any; a field of the log."""
    topic: str = ""
    """Events with the same topic are one series although their notes differ; empty if the note decides."""

    def __post_init__(self) -> None:
        """Cut the texts to the lengths that the API accepts, and to one line."""
        object.__setattr__(self, "note", lenient.shown(self.note))
        for word in ("reason", "action"):
            object.__setattr__(self, word, lenient.shown(getattr(self, word), lenient.LONGEST_WORD))


class Recorder:
    """Remembers which Events were posted lately."""

    def __init__(self) -> None:
        self._recent: Shares[tuple[str, Notice], tuple[str, int, datetime.datetime]] = Shares(REMEMBERED)
        """The Event's name, how often it was posted, and when it was last."""

    def record(self, formation: dict[str, Any], notice: Notice) -> dict[str, Any]:
        """Return the Event; one that repeats an Event posted lately has its name, and a series."""
        now = datetime.datetime.now(datetime.UTC)
        metadata = formation["metadata"]
        # Two Events of one series have the topic in common, or else the note.
        identity = metadata["uid"], dataclasses.replace(notice, note="" if notice.topic else notice.note)
        name, count, last = self._recent.get(metadata["namespace"], identity) or ("", 0, now)
        if not count or now - last > SERIES_ENDS:
            name, count = f"{metadata['name']}.{uuid.uuid4().hex[:16]}", 0
        self._recent.put(metadata["namespace"], identity, (name, count + 1, now))
        time = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body: dict[str, Any] = {
            "apiVersion": kinds.BY_NAME[kinds.EVENT].api_version,
            "kind": kinds.EVENT,
            "metadata": {"name": name, "namespace": metadata["namespace"]},
            "eventTime": time,
            "type": "Warning" if notice.warning else "Normal",
            "reason": notice.reason,
            "action": notice.action,
            "note": notice.note,
            "reportingController": naming.REPORTING_CONTROLLER,
            "reportingInstance": os.environ.get("HOSTNAME", "formation-operator")[:128],
            "regarding": {
                "apiVersion": naming.API_VERSION,
                "kind": naming.KIND,
                **{field: metadata[field] for field in ("namespace", "name", "uid")},
            },
        }
        if count:
            body["series"] = {"count": count + 1, "lastObservedTime": time}
        return body
