"""Objects as the API server has them, and the names and owners of those that the plugin makes."""

from typing import Any

from formation_operator.api import naming

Object = dict[str, Any]
FIELD_MANAGER = "formation-cli"
"""Flux takes back what managers set whose names begin with ``kubectl``."""
ONE_OFF = "run"
"""The type of a one-off process, where one is shown; no process type may have that name."""
ONE_OFF_LABEL = f"{naming.GROUP}/run"
"""On the Job and the Pod of a one-off process."""
CONFIG_LABEL = f"{naming.GROUP}/config"
"""On the Secrets that `config` makes, beside the Formation's label."""
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
"""The annotation by which kubectl, too, finds the process among the containers of a Pod."""
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
"""The annotation of a Pod by which Kubernetes chooses what goes when a count is lowered."""
LOWEST_COST = -(2**31)
"""The lowest value that it takes: by this `scale` marks a process."""
JOB_LABEL = "batch.kubernetes.io/job-name"
"""On the Pod of a Job, with its name."""


def owner(formation: Object) -> Object:
    """Return the reference by which an object goes with a Formation, without being a child of it."""
    return {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "name": formation["metadata"]["name"],
        "uid": formation["metadata"]["uid"],
        "blockOwnerDeletion": False,
    }
