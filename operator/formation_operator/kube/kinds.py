"""The kinds of objects that the operator reads and writes, and how the API server knows them."""

from typing import NamedTuple

from formation_operator.api import naming

HPA = "HorizontalPodAutoscaler"
SCALED_OBJECT = "ScaledObject"
AUTOSCALERS = (HPA, SCALED_OBJECT)


class Kind(NamedTuple):
    """A kind of object, by its place in the API."""

    name: str
    group: str
    version: str
    plural: str
    labelled: bool = False
    """Whether only those with our label are of interest."""

    @property
    def task(self) -> str:
        """The name of kopf's task that watches it, but for the namespace."""
        return ".".join(filter(None, (f"watcher for {self.plural}", self.version, self.group)))

    @property
    def path(self) -> str:
        """Where the API server serves its version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


POLLED = (Kind(SCALED_OBJECT, "keda.sh", "v1alpha1", "scaledobjects"),)
"""May be installed or taken away at any time, and kopf ends with a kind that it watches."""
# Autoscalers first: a count must never be taken for ours before they are known. Formations before what is
# theirs: of objects that are nobody's only some are kept.
WATCHED = (
    Kind(HPA, "autoscaling", "v2", "horizontalpodautoscalers"),
    Kind(naming.KIND, naming.GROUP, naming.VERSION, naming.PLURAL),
    Kind("Deployment", "apps", "v1", "deployments", labelled=True),
    Kind("Service", "", "v1", "services", labelled=True),
    Kind("Pod", "", "v1", "pods", labelled=True),
)
ASKED = (
    Kind("ReplicaSet", "apps", "v1", "replicasets"),
    Kind("Event", "events.k8s.io", "v1", "events"),
)
"""Read or written where there is a reason."""
BY_NAME = {kind.name: kind for kind in (*POLLED, *WATCHED, *ASKED)}
