"""The names that the plugin gives, beside those of the operator."""

from formation_operator.api import naming

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
JOB_LABEL = "batch.kubernetes.io/job-name"
"""On the Pod of a Job, with its name."""
