"""The kinds of objects that the operator reads and writes, and how the API server knows them."""

import enum
from typing import NamedTuple
from urllib.parse import quote

from formation_operator.api import naming

HPA = "HorizontalPodAutoscaler"
SCALED_OBJECT = "ScaledObject"
AUTOSCALERS = (HPA, SCALED_OBJECT)
POD = "Pod"
REPLICA_SET = "ReplicaSet"
CONTROLLER_REVISION = "ControllerRevision"
JOB = "Job"
EVENT = "Event"
LEASE = "Lease"
OURS = naming.FORMATION_LABEL
"""What selects the objects that are a Formation's by their labels."""
Key = tuple[str, str]
"""Namespace and name of an object."""


class Kind(NamedTuple):
    """A kind of object, by its place in the API."""

    name: str
    group: str
    version: str
    plural: str
    label_selector: str = ""
    """Which objects are watched, by their labels; all are if it is empty."""
    optional: bool = False
    """Whether it may be installed or taken away at any time."""
    metadata_only: bool = False
    """Whether nothing but the metadata of an object is listed."""
    dispensable: bool = False
    """Whether the rest works without the right to list and watch it."""
    selector: tuple[str, ...] = ("spec", "selector", "matchLabels")
    """The path of the labels that select a child's Pods, or that its Jobs have; empty if there are none."""
    runs_processes: bool = False
    """Whether it runs the processes: then it has a count, images and a rollout."""
    without: str = ""
    """How a Formation does without it, as an order that has a place for the type; empty if it can't."""
    label: str = naming.PROCESS_TYPE_LABEL
    """The label with the name of its type or schedule."""

    @property
    def path(self) -> str:
        """The path of its group and version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    def place(self, namespace: str | None, name: str | None = None) -> str:
        """Return the path of a collection, in a namespace or in all, or of one object in it."""
        scope = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
        return f"{self.path}{scope}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")

    @property
    def api_version(self) -> str:
        """Its group and version as a manifest has them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def labels(self, formation: str, name: str, track: str = "") -> dict[str, str]:
        """Return the labels by which a child of the kind is a Formation's, and by which it selects."""
        tracked = {naming.TRACK_LABEL: track} if track else {}
        return {naming.FORMATION_LABEL: formation, self.label: name, **tracked}


class ChildKind(enum.StrEnum):
    """A kind of object that a process type or a schedule has.

    Another one needs a member here, and its traits in `ALL`; `render` has its manifest, and what decides
    about its fields.
    """

    DEPLOYMENT = "Deployment"
    SERVICE = "Service"
    POD_DISRUPTION_BUDGET = "PodDisruptionBudget"
    CRON_JOB = "CronJob"
    HORIZONTAL_POD_AUTOSCALER = HPA

    @property
    def traits(self) -> Kind:
        """What is known of the kind."""
        return BY_NAME[self]


ALL = (
    Kind(naming.KIND, naming.GROUP, naming.VERSION, naming.PLURAL),
    Kind(ChildKind.DEPLOYMENT, "apps", "v1", "deployments", OURS, runs_processes=True),
    Kind(
        *(ChildKind.SERVICE, "", "v1", "services", OURS),
        selector=("spec", "selector"),
        without="set spec.processes.{}.service to false",
    ),
    Kind(
        *(ChildKind.POD_DISRUPTION_BUDGET, "policy", "v1", "poddisruptionbudgets", OURS),
        dispensable=True,
        without="remove disruptionBudget (of spec.processes.{} or of spec)",
    ),
    Kind(
        *(ChildKind.CRON_JOB, "batch", "v1", "cronjobs", OURS),
        dispensable=True,
        selector=("spec", "jobTemplate", "metadata", "labels"),
        without="remove spec.schedules.{}",
        label=naming.SCHEDULE_LABEL,
    ),
    # Those of others are watched, too: they decide about counts.
    Kind(
        *(ChildKind.HORIZONTAL_POD_AUTOSCALER, "autoscaling", "v2", "horizontalpodautoscalers"),
        selector=(),
        without="remove spec.processes.{}.autoscaling",
    ),
    Kind(SCALED_OBJECT, "keda.sh", "v1alpha1", "scaledobjects", optional=True),
    Kind(POD, "", "v1", "pods", OURS),
    Kind(REPLICA_SET, "apps", "v1", "replicasets"),
    Kind(CONTROLLER_REVISION, "apps", "v1", "controllerrevisions", metadata_only=True),
    Kind(JOB, "batch", "v1", "jobs", OURS, dispensable=True),
    Kind(EVENT, "events.k8s.io", "v1", "events"),
    Kind(LEASE, "coordination.k8s.io", "v1", "leases"),
)
BY_NAME = {kind.name: kind for kind in ALL}
"""The kinds that are read or written by their names; `observe.watched` has those that are watched."""
OTHER_BUDGET = BY_NAME[ChildKind.POD_DISRUPTION_BUDGET]._replace(label_selector=f"!{OURS}")
"""The budgets without our label: a namespace may have ten thousand with it."""
