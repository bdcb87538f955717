"""The Secrets that nothing names any more."""

import datetime

from formation_cli.changes import config_secrets
from formation_cli.cluster import kinds
from formation_cli.cluster.port import Cluster, Object
from formation_operator.api import naming
from formation_operator.kube.objects import lenient

HOLDERS = (
    naming.KIND,
    kinds.DEPLOYMENT,
    kinds.REPLICA_SET,
    kinds.CRON_JOB,
    kinds.JOB,
    kinds.POD,
    kinds.CONTROLLER_REVISION,
)
"""The kinds whose objects count as naming a Secret, whoever made them: anything of the namespace may.

A Pod of the version before needs its Secret whenever it starts anew, and a ReplicaSet makes such Pods. A
revision needs it if somebody goes back to it.
"""
FRESH = 60.0
"""Seconds for which a Secret is left alone: whoever has just made it is about to name it."""


def find(cluster: Cluster, formation: Object) -> tuple[list[str], list[str]]:
    """Return the names of a Formation's Secrets that nothing names: those that may go, and quite new ones."""
    secrets, _, now = cluster.select(kinds.SECRET, labels=config_secrets.selector(formation))
    if not config_secrets.unnamed(secrets, formation, ()):
        return [], []
    holders = (each for kind in HOLDERS for each in cluster.select(kind).items if not _is_over(kind, each))
    names = config_secrets.unnamed(secrets, formation, holders)
    fresh = {each["metadata"]["name"] for each in secrets if now - _made(each) < FRESH}
    return [each for each in names if each not in fresh], [each for each in names if each in fresh]


def _is_over(kind: str, each: Object) -> bool:
    """Tell whether an object starts nothing any more: the operator brings back no older ReplicaSet."""
    return kind == kinds.REPLICA_SET and lenient.mapping(each, "spec").get("replicas") == 0


def _made(secret: Object) -> float:
    """Return when an object was made, by the server's clock, as its answers are."""
    return datetime.datetime.fromisoformat(secret["metadata"]["creationTimestamp"]).timestamp()
