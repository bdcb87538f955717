"""Turn notices into Events of events.k8s.io; a repeated notice becomes a series of one Event.

Otherwise a client that undoes our writes would fill the namespace with copies.
Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
"""

import dataclasses
import datetime
import os
import uuid
from typing import Any

from formation_operator.api import naming
from formation_operator.kube.events.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.shares import Shares

REMEMBERED = 4096
"""How many Events of all namespaces are remembered; each namespace has its share."""
SERIES_ENDS = datetime.timedelta(minutes=6)

Recorded = tuple[str, int, datetime.datetime]


class Recorder:
    """Remembers which Events were posted lately."""

    def __init__(self) -> None:
        self._recent: Shares[tuple[str, Notice], Recorded] = Shares(REMEMBERED)

    def record(self, formation: dict[str, Any], notice: Notice) -> tuple[str, dict[str, Any], bool]:
        """Return the Event's name and body, and whether it repeats one that was posted lately."""
        now = datetime.datetime.now(datetime.UTC)
        namespace, identity = formation["metadata"]["namespace"], _identity(formation, notice)
        name, count, last = self._recent.get(namespace, identity) or (_name(formation), 0, now)
        if now - last > SERIES_ENDS:
            name, count = _name(formation), 0
        count += 1
        self._recent.put(namespace, identity, (name, count, now))
        return name, _body(formation, notice, name, count, now), count > 1

    def forget(self, formation: dict[str, Any], notice: Notice) -> None:
        """Forget an Event that was deleted, so that the next one is new."""
        self._recent.pop(formation["metadata"]["namespace"], _identity(formation, notice))


def _identity(formation: dict[str, Any], notice: Notice) -> tuple[str, Notice]:
    """Return what two Events of one series have in common: the topic, or else the note."""
    note = "" if notice.topic else notice.note
    return formation["metadata"]["uid"], dataclasses.replace(notice, note=note)


def _name(formation: dict[str, Any]) -> str:
    return f"{formation['metadata']['name']}.{uuid.uuid4().hex[:16]}"


def _body(
    formation: dict[str, Any], notice: Notice, name: str, count: int, now: datetime.datetime
) -> dict[str, Any]:
    metadata = formation["metadata"]
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
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        },
    }
    if count > 1:
        body["series"] = {"count": count, "lastObservedTime": time}
    return body
