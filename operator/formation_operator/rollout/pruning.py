"""Which revisions are too many, and the deletion of old objects."""

import logging
from collections.abc import Sequence

from formation_operator.api.formation import KEPT_REVISIONS, Metadata
from formation_operator.kube import errors
from formation_operator.kube.port import Cluster
from formation_operator.observe.snapshot import Snapshot
from formation_operator.rollout.memory import RolloutMemory
from formation_operator.rollout.revisions import History
from formation_operator.telemetry import records

logger = logging.getLogger(__name__)
MOST_DELETED = 100
"""How many old revisions one deploy deletes: as many as a Formation may keep."""
Old = tuple[str, str, str]
"""Name, uid and version of an object: what a deletion names."""


def surplus(snapshot: Snapshot, memory: RolloutMemory, digest: str, history: History) -> list[Old]:
    """Return the revisions that are too many, and neither run, as far as is known, nor are declared."""
    running = snapshot.claimed | ({memory.released.digest} if memory.released is not None else set())
    limit = snapshot.spec.revision_history_limit
    protected = {digest, memory.digest, *running, *snapshot.released_by_jobs}
    old = history.surplus(KEPT_REVISIONS if limit is None else limit, protected)
    return [(each.name, each.uid, each.version) for each in old[:MOST_DELETED]]


async def prune(cluster: Cluster, owner: Metadata, kind: str, old: Sequence[Old]) -> None:
    """Delete objects; what can't be deleted now goes at the next deploy."""
    for each in old:
        try:
            await cluster.delete(kind, owner.namespace, *each)
        except errors.ConflictError:
            continue  # somebody has just changed it
        except errors.ClusterError as error:
            records.say(logger, owner, f"an old {kind} can't be deleted: {error}", logging.WARNING)
            return
        records.say(logger, owner, f"delete {kind} {each[0]}")
