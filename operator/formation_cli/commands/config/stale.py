"""The Secrets that nothing names any more."""

import datetime
import time

from formation_cli.changes import config_secrets
from formation_cli.cluster import kinds
from formation_cli.cluster.port import Cluster, Object
from formation_operator.api import naming

HOLDERS = (kinds.DEPLOYMENT, kinds.POD, kinds.JOB, kinds.CONTROLLER_REVISION)
"""The kinds whose objects count as naming a Secret, where they have the Formation's label.

A Pod of the version before needs its Secret whenever it starts anew; a revision, if somebody goes back to it.
"""
FRESH = 60.0
"""Seconds for which a Secret is left alone: whoever has just made it is about to name it."""


def find(cluster: Cluster, formation: Object) -> tuple[list[str], list[str]]:
    """Return the names of a Formation's Secrets that nothing names: those that may go, and quite new ones."""
    secrets = cluster.select(kinds.SECRET, labels=config_secrets.selector(formation)).items
    if not config_secrets.unnamed(secrets, formation, ()):
        return [], []
    labels = f"{naming.FORMATION_LABEL}={formation['metadata']['name']}"
    holders = [each for kind in HOLDERS for each in cluster.select(kind, labels=labels).items]
    names = config_secrets.unnamed(secrets, formation, holders)
    fresh = {each["metadata"]["name"] for each in secrets if _age(each) < FRESH}
    return [each for each in names if each not in fresh], [each for each in names if each in fresh]


def _age(secret: Object) -> float:
    """Return for how many seconds an object has been there, by this machine's clock."""
    created = datetime.datetime.fromisoformat(secret["metadata"]["creationTimestamp"])
    return time.time() - created.timestamp()
