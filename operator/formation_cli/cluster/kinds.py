"""The kinds that commands ask for: those of the operator, one-off processes, and what is in no namespace."""

from formation_operator.kube.objects.kinds import BY_NAME as OF_OPERATOR
from formation_operator.kube.objects.kinds import Kind

POD = "Pod"
EVENT = "Event"
DEPLOYMENT = "Deployment"
REPLICA_SET = "ReplicaSet"
JOB = "Job"
NAMESPACE = "Namespace"
ACCESS_REVIEW = "SelfSubjectAccessReview"
BY_NAME = {
    **OF_OPERATOR,
    JOB: Kind(JOB, "batch", "v1", "jobs"),
    NAMESPACE: Kind(NAMESPACE, "", "v1", "namespaces"),
    ACCESS_REVIEW: Kind(ACCESS_REVIEW, "authorization.k8s.io", "v1", "selfsubjectaccessreviews"),
}
