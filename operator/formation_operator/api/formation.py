"""The resource as users write it: its fields, and the limits and defaults that they name; no logic.

These classes are the single source of the CRD: ``crds/generate`` turns them into its schema.
The docstring of a field is what ``kubectl explain`` shows; a test compares the defaults that it names.

An object that was stored under an older schema may not fit any more.  Parsing then raises
`pydantic.ValidationError`, which the pass reports on the object; it never stops the operator.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from formation_operator.api import fields
from formation_operator.api.commands import SUBDOMAIN, Command, Release, Schedule
from formation_operator.api.fields import Model

MOST_TYPES = 32
MOST_SCHEDULES = 32
MOST_LABELS = 64


class RollingUpdate(Model):
    """How many processes a rollout may add or take away at a time."""

    max_surge: fields.Surge | None = None
    """Processes above the count during a rollout, as a number or a percentage (default 25%)."""
    max_unavailable: fields.Unavailable | None = None
    """Processes below the count during a rollout, as a number or a percentage (default 25%; for a type with a
    port 0, so that no request is lost, or 1 where maxSurge is 0).
    """


BUDGET = "25%"
"""How many processes of a type a drain may have down at a time, where its budget doesn't say."""


class DisruptionBudget(Model):
    """How many processes a drain of nodes, or any other eviction, may take away at a time."""

    max_unavailable: fields.Unavailable | None = None
    """Processes that may be down at a time, as a number or a percentage of the count, rounded up (default
    25%). At least 1.
    """


UTILIZATION = 80
"""Per cent of the requested CPU that an autoscaler without metrics keeps a process at."""
MOST_METRICS = 16


class Autoscaling(Model):
    """The bounds between which Kubernetes sets a count, and by what; the fields are autoscaling/v2's own."""

    min_replicas: fields.Count | None = None
    """The lowest count (default 1). 0 needs a metric of type External or Object, and Kubernetes 1.37 or
    newer.
    """
    max_replicas: Annotated[int, Field(ge=1, le=fields.INT32)]
    """The highest count."""
    metrics: Annotated[list[fields.Metric], Field(fail_fast=True, max_length=MOST_METRICS)] | None = Field(
        None,
        description="What the count follows; of several metrics, the one that asks for most. By default the "
        f"CPU of the process's own container, or of the Pod if only the Pod requests CPU, at {UTILIZATION} % "
        "of the request. In a ContainerResource, the name process means this type's own container.",
    )
    behavior: fields.Behavior | None = None
    """How fast the count may go up and down."""

    def __str__(self) -> str:
        """Return its bounds as the plugin takes them."""
        return f"{1 if self.min_replicas is None else self.min_replicas}..{self.max_replicas}"


PROOF_SECONDS = 5
"""How long a process must be ready before it replaces one of the version before.

Where nothing of the app itself says that it is: a process that crashes is ready for a moment, too.
"""
PROGRESS_DEADLINE = 600
"""Seconds without progress after which Kubernetes takes a rollout for failed, where nothing else is said."""


PROTOCOL = rf"^({SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?$"


class ProcessType(Command):
    """One process type: what it runs, and how many of it."""

    image: fields.Image | None = None
    """The image of this type, in place of spec.image."""
    replicas: fields.Count | None = None
    """The count: how many processes of this type run. 0 keeps the type, idle. Omitted: it starts with 1, or
    with its last count if the Deployment was deleted, and anyone who scales the Deployment sets it, such as
    an autoscaler; a singleton is kept at 1.
    """
    autoscaling: Autoscaling | None = None
    """Makes the HorizontalPodAutoscaler <formation>-<type>, which then sets the count; replicas is the first
    count, and the one after autoscaling is removed.
    """
    port: fields.Port | None = None
    """The port that the process listens on. Sets PORT, names the container port http, and makes the Service
    <formation>-<type> with that port.
    """
    service: bool | None = None
    """false: no Service for the port."""
    app_protocol: Annotated[str, Field(max_length=317, pattern=PROTOCOL)] | None = None
    """The appProtocol of the Service's port, such as kubernetes.io/h2c."""
    traffic_distribution: Literal["PreferClose", "PreferSameZone", "PreferSameNode"] | None = None
    """The trafficDistribution of the Service: which processes get a client's requests. Kubernetes takes
    PreferSameZone and PreferSameNode from 1.34 on.
    """
    liveness_probe: fields.Probe | None = None
    """Restarts a process that fails it. None by default."""
    readiness_probe: fields.Probe | None = None
    """Keeps traffic from a process that fails it. By default a type with a port is ready when the port
    accepts a connection, 5 s after its start at the earliest.
    """
    startup_probe: fields.Probe | None = None
    """Holds the other probes back until the process has started."""
    termination_grace_period_seconds: fields.Seconds | None = None
    """Seconds that a process has between SIGTERM and SIGKILL (default 30). A type with a port has 5 s more
    before SIGTERM, in which traffic moves away.
    """
    min_ready_seconds: fields.Seconds | None = None
    """Seconds that a new process has to stay ready before a rollout ends an old one for it (default 5; 0 for
    a type with a readinessProbe of its own, which says more than that the process runs). It is part of a
    revision, and a change of it restarts nothing.
    """
    progress_deadline_seconds: Annotated[int, Field(ge=1, le=fields.INT32)] | None = None
    """Seconds without progress after which a rollout has failed (default 600). More than minReadySeconds. It
    is part of a revision, and a change of it restarts nothing.
    """
    rolling_update: RollingUpdate | None = None
    """The speed of a rollout of this type. With hostNetwork or a hostPort set maxSurge: 0, because a new
    process can't start beside the old one on its node.
    """
    disruption_budget: DisruptionBudget | None = None
    """Makes the PodDisruptionBudget <formation>-<type>, in place of spec.disruptionBudget: {} means
    maxUnavailable 25%. A process that isn't ready never blocks a drain.
    """
    singleton: bool | None = None
    """true: at most one process, and never two during a rollout: the old one ends before the new one starts.
    """
    security_defaults: fields.SecurityDefaults | None = None
    """In place of spec.securityDefaults, for this type."""
    pod_template: fields.PodTemplate | None = None
    """Anything else that a Pod can have (volumes, sidecars, tolerations, ...), merged over what the operator
    renders; the container named process is this type's own. Overrides spec.podTemplate.
    """


class Canary(Model):
    """What a new version has to prove before it replaces any process."""

    seconds: Annotated[int, Field(ge=0, le=3600)]
    """How many seconds one new process of each changed type has to stay ready. 0: a new version needs no
    proof.
    """


CANARY_SECONDS = 10
"""How long a canary has to stay ready where the Formation doesn't say."""


MOST_REVISIONS, KEPT_REVISIONS = 100, 10
"""How many old revisions of a Formation may be kept, and how many are where it doesn't say."""
Revisions = Annotated[int, Field(ge=0, le=MOST_REVISIONS)]


class FormationSpec(Model):
    """The process types of one app, and what they share."""

    image: fields.Image | None = None
    """The image that every type runs, unless it names its own."""
    env: fields.Env | None = None
    """Environment of every type."""
    env_from: fields.EnvFrom | None = None
    """ConfigMaps and Secrets whose keys become environment of every type."""
    labels: Annotated[dict[str, fields.LabelValue], Field(max_length=MOST_LABELS)] | None = None
    """Labels for the Deployments, Services, disruption budgets, autoscalers, CronJobs and Jobs of releases
    (for Pods: podTemplate.metadata.labels).
    """
    annotations: Annotated[dict[str, str], Field(max_length=MOST_LABELS)] | None = None
    """Annotations for the Deployments, Services, disruption budgets, autoscalers, CronJobs and Jobs of
    releases (for Pods: podTemplate.metadata.annotations).
    """
    suspend: bool | None = None
    """true: every type runs zero processes, and no schedule begins a run, until it is false again; counts are
    kept.
    """
    paused: bool | None = None
    """true: the operator changes no Deployment, Service or CronJob of this Formation until it is false again.
    """
    disruption_budget: DisruptionBudget | None = None
    """The disruption budget of each type that has none of its own and isn't a singleton."""
    release: Release | None = None
    """A command that runs with the new image and configuration before a deploy changes any process, such as a
    migration. Until it has succeeded, the last release keeps running. A change of what it is given runs it
    again.
    """
    canary: Canary | None = None
    """How long one new process of each type that a deploy changes (Deployment <formation>-<type>-canary) has
    to stay ready first: 10 seconds by default, if there is room. Until then, and if one fails, nothing else
    changes. Singletons and types with the count 0 have none.
    """
    revision_history_limit: Revisions | None = None
    """How many old revisions that ran well are kept, and how many that didn't (default 10)."""
    security_defaults: fields.SecurityDefaults | None = None
    """restricted (default): Pods meet the restricted Pod Security Standard, so the image must run as a
    numeric user other than root. none: the cluster's own defaults.
    """
    pod_template: fields.PodTemplate | None = None
    """Anything else that a Pod can have (volumes, sidecars, tolerations, ...), merged over what the operator
    renders for every type; the container named process is each type's own.
    """
    processes: Annotated[dict[str, ProcessType], Field(min_length=1, max_length=MOST_TYPES)]
    """The process types, keyed by name: web, worker, clock, ... If a type is removed, its processes stop and
    its Deployment is deleted.
    """
    schedules: Annotated[dict[str, Schedule], Field(max_length=MOST_SCHEDULES)] | None = None
    """What runs on a schedule and ends, keyed by name (nightly-report). Each is a CronJob,
    <formation>-<name>. One that is removed is suspended, and deleted when no run is active.
    """

    def schedule(self, name: str) -> Schedule | None:
        """Return a schedule by its name, if there is one."""
        return (self.schedules or {}).get(name)

    @property
    def canary_seconds(self) -> int:
        """How many seconds a canary has to stay ready; 0 if a new version needs no proof."""
        return CANARY_SECONDS if self.canary is None else self.canary.seconds

    def suspends(self, schedule: str) -> bool:
        """Return whether a schedule may begin no run."""
        own = self.schedule(schedule)
        return bool(self.suspend or (own is not None and own.suspend))


class Metadata(Model):
    """The part of an object's metadata that matters here."""

    model_config = ConfigDict(extra="ignore")

    name: str
    namespace: str
    uid: str
    generation: int = 0


class Formation(Model):
    """A twelve-factor app's formation: its process types, and how many of each run."""

    model_config = ConfigDict(extra="ignore")

    metadata: Metadata
    spec: FormationSpec
