"""The kinds that commands ask for: those of the operator, and the one-off processes."""

from urllib.parse import quote

from formation_operator.kube.kinds import BY_NAME as OF_OPERATOR
from formation_operator.kube.kinds import Kind

POD = "Pod"
EVENT = "Event"
DEPLOYMENT = "Deployment"
REPLICA_SET = "ReplicaSet"
JOB = "Job"
BY_NAME = {**OF_OPERATOR, JOB: Kind(JOB, "batch", "v1", "jobs")}


def path(kind: str, namespace: str, name: str = "") -> str:
    """Return the path of a collection in a namespace, or of one object in it."""
    known = BY_NAME[kind]
    where = f"{known.path}/namespaces/{quote(namespace, safe='')}/{known.plural}"
    return f"{where}/{quote(name, safe='')}" if name else where
