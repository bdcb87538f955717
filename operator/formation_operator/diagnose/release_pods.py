"""The Pods of a Formation's releases, as they are now: whether one has started, and which haven't ended."""

from collections.abc import AsyncIterator

from formation_operator.api import naming
from formation_operator.api.formation import Metadata
from formation_operator.diagnose import diagnosis, pod_events
from formation_operator.kube.objects import containers, kinds, lenient
from formation_operator.kube.port import Cluster, Object, first_objects

ENDED = ("Succeeded", "Failed")
ON_THE_WAY = {"", "ContainerCreating", "PodInitializing"}
"""Why a container waits that may start at any moment."""


async def alive(cluster: Cluster, mine: Metadata) -> list[str]:
    """Return the Pods that haven't ended, each with its node."""
    return [_described(raw) async for raw in _pods(cluster, mine) if not _has_ended(raw)]


async def has_started(cluster: Cluster, mine: Metadata, digest: str) -> bool | None:
    """Return whether any container of a content's release has started; nothing if one may at any moment.

    Kubelet reports a start late, and an image may take minutes: so it is with a Pod on a node in no error
    state.
    """
    may_start = False
    for raw in [raw async for raw in _pods(cluster, mine, digest)]:
        started = _has_started(raw)
        if started:
            return True
        may_start = may_start or (started is None and not await _is_stuck(cluster, raw))
    return None if may_start else False


def labels(mine: Metadata, digest: str = "") -> str:
    """Return what selects the Jobs and Pods of releases, or of one content's."""
    of = f"={digest}" if digest else ""
    return f"{naming.FORMATION_LABEL}={mine.name},{naming.RELEASE_LABEL}{of}"


def _pods(cluster: Cluster, mine: Metadata, digest: str = "") -> AsyncIterator[Object]:
    return first_objects(cluster.select(kinds.POD, mine.namespace, labels=labels(mine, digest)))


async def _is_stuck(cluster: Cluster, raw: Object) -> bool:
    """Return whether kubelet said last that it can't even begin with a Pod's containers."""
    said, about = {True: 0.0, False: 0.0}, f"regarding.uid={raw['metadata']['uid']}"
    pages = cluster.select(kinds.EVENT, raw["metadata"]["namespace"], fields=about)
    async for each in first_objects(pages, most=1):
        event = pod_events.pod_event(each)
        fails = event.reason in diagnosis.ON_THE_WAY
        said[fails] = max(said[fails], event.last)
    return said[True] > said[False]


def _has_started(raw: Object) -> bool | None:
    """Return whether a container of a Pod has started; nothing if it waits for nothing that has failed.

    One that is being deleted won't start any: its node may be gone.
    """
    found = containers.containers(raw, of_job=True)
    if any(each.has_started for each in found):
        return True
    going = "deletionTimestamp" in raw["metadata"] or _has_ended(raw)
    bound = bool(lenient.mapping(raw, "spec").get("nodeName"))
    return None if bound and not going and {each.waiting for each in found} <= ON_THE_WAY else False


def _has_ended(raw: Object) -> bool:
    """Return whether no container of a Pod runs or will run."""
    return lenient.mapping(raw, "status").get("phase") in ENDED


def _described(raw: Object) -> str:
    node = lenient.text(lenient.mapping(raw, "spec"), "nodeName")
    return f"{raw['metadata']['name']}" + (f" on node {node}" if node else "")
