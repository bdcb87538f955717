"""The kinds that commands ask for: those of the operator, the one-off processes, and config."""

from formation_operator.kube.objects.kinds import BY_NAME as OF_OPERATOR
from formation_operator.kube.objects.kinds import Kind

POD = "Pod"
EVENT = "Event"
DEPLOYMENT = "Deployment"
REPLICA_SET = "ReplicaSet"
JOB = "Job"
SECRET = "Secret"  # noqa: S105  # it is a kind
CONFIG_MAP = "ConfigMap"
BY_NAME = {
    **OF_OPERATOR,
    JOB: Kind(JOB, "batch", "v1", "jobs"),
    SECRET: Kind(SECRET, "", "v1", "secrets"),
    CONFIG_MAP: Kind(CONFIG_MAP, "", "v1", "configmaps"),
}
