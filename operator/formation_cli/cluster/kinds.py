"""The kinds that commands ask for: those of the operator, and the one-off processes."""

from formation_operator.kube.objects.kinds import BY_NAME as OF_OPERATOR
from formation_operator.kube.objects.kinds import Kind

POD = "Pod"
EVENT = "Event"
DEPLOYMENT = "Deployment"
REPLICA_SET = "ReplicaSet"
JOB = "Job"
BY_NAME = {**OF_OPERATOR, JOB: Kind(JOB, "batch", "v1", "jobs")}
