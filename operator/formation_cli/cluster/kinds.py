"""The kinds that commands ask for: the operator's, config, and what has no namespace."""

from formation_operator.kube.objects.kinds import BY_NAME as OF_OPERATOR
from formation_operator.kube.objects.kinds import Kind

POD = "Pod"
EVENT = "Event"
DEPLOYMENT = "Deployment"
REPLICA_SET = "ReplicaSet"
JOB = "Job"
CRON_JOB = "CronJob"
NAMESPACE = "Namespace"
ACCESS_REVIEW = "SelfSubjectAccessReview"
POD_METRICS = "PodMetrics"
SECRET = "Secret"  # noqa: S105  # it is a kind
CONFIG_MAP = "ConfigMap"
CONTROLLER_REVISION = "ControllerRevision"
BY_NAME = {
    **OF_OPERATOR,
    NAMESPACE: Kind(NAMESPACE, "", "v1", "namespaces"),
    ACCESS_REVIEW: Kind(ACCESS_REVIEW, "authorization.k8s.io", "v1", "selfsubjectaccessreviews"),
    POD_METRICS: Kind(POD_METRICS, "metrics.k8s.io", "v1beta1", "pods"),
    SECRET: Kind(SECRET, "", "v1", "secrets"),
    CONFIG_MAP: Kind(CONFIG_MAP, "", "v1", "configmaps"),
}
