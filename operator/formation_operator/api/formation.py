"""The resource as users write it: its fields, and the limits and defaults that they name; no logic.

These classes are the single source of the CRD: ``crds/generate`` turns them into its schema.
A description is what ``kubectl explain`` shows.  Types that Kubernetes defines itself are kept
as the plain JSON that the user wrote, marked with the definition whose schema checks them at
``kubectl apply``.

An object that was stored under an older schema may not fit any more.  Parsing then raises
`pydantic.ValidationError`, which the pass reports on the object; it never stops the operator.
"""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema


@dataclasses.dataclass(frozen=True)
class Embedded:
    """Marks a value whose schema is a definition of Kubernetes' own OpenAPI, narrowed where we need to."""

    definition: str
    narrowed: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)

    def __get_pydantic_json_schema__(self, _: CoreSchema, __: GetJsonSchemaHandler) -> dict[str, Any]:
        """Leave a note in the JSON schema for the generator of the CRD."""
        return {"embedded": self.definition, **self.narrowed}


CORE = "io.k8s.api.core.v1"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
INT32 = 2**31 - 1

# What CEL looks into needs an upper limit: the API server refuses rules of unbounded cost.
MOST_TYPES = 32
MOST_VARIABLES = 256
MOST_LABELS = 64
LONGEST_WORD = 131_071
"""Bytes of a word of a command. Linux takes 32 pages of memory, of 4 KiB mostly, with a zero byte at the end.

Source: MAX_ARG_STRLEN in https://man7.org/linux/man-pages/man2/execve.2.html
"""
LONGEST_IMAGE = 1024
"""Characters of an image: a host of 255, a repository of 255, a tag of 128 and a digest leave room.

Source: https://github.com/distribution/reference/blob/main/reference.go
"""

Count = Annotated[int, Field(ge=0, le=INT32)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=0, le=INT32)]
# The schema counts characters. Parsing takes what was stored before there was a limit.
Word = Annotated[str, Field(json_schema_extra={"maxLength": LONGEST_WORD})]
# A rule compares images. Parsing takes what was stored before there was a limit.
Image = Annotated[str, Field(min_length=1, pattern=r"^\S+$", json_schema_extra={"maxLength": LONGEST_IMAGE})]
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
LabelValue = Annotated[str, Field(max_length=63, pattern=LABEL_VALUE)]
SecurityDefaults = Literal["restricted", "none"]
AMOUNT = {"minimum": 0, "maximum": INT32}
Surge = Annotated[
    int | str, Embedded(INT_OR_STRING, {**AMOUNT, "maxLength": 5, "pattern": "^(0|[1-9][0-9]*)%$"})
]
Unavailable = Annotated[
    int | str, Embedded(INT_OR_STRING, {**AMOUNT, "maxLength": 4, "pattern": "^(100|[1-9]?[0-9])%$"})
]
EnvVar = Annotated[dict[str, Any], Embedded(f"{CORE}.EnvVar")]
EnvFromSource = Annotated[dict[str, Any], Embedded(f"{CORE}.EnvFromSource")]
# Of what doesn't fit the first item is enough: all of them can be many thousands.
Words = Annotated[list[Word], Field(fail_fast=True)]
Env = Annotated[list[EnvVar], Field(fail_fast=True, max_length=MOST_VARIABLES)]
EnvFrom = Annotated[list[EnvFromSource], Field(fail_fast=True, max_length=MOST_VARIABLES)]
ResourceRequirements = Annotated[dict[str, Any], Embedded(f"{CORE}.ResourceRequirements")]
Probe = Annotated[dict[str, Any], Embedded(f"{CORE}.Probe")]
PodTemplate = Annotated[dict[str, Any], Embedded(f"{CORE}.PodTemplateSpec")]


class Model(BaseModel):
    """Immutable, camelCase on the wire, and strict about fields that it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class RollingUpdate(Model):
    """How many processes a rollout may add or take away at a time."""

    max_surge: Surge | None = Field(
        None,
        description="Processes above the count during a rollout, as a number or a percentage (default 25%).",
    )
    max_unavailable: Unavailable | None = Field(
        None,
        description="Processes below the count during a rollout, as a number or a percentage "
        "(default 25%; for a type with a port 0, so that no request is lost, or 1 where maxSurge is 0).",
    )


BUDGET = "25%"
"""How many processes of a type a drain may have down at a time, where its budget doesn't say."""


class DisruptionBudget(Model):
    """How many processes a drain of nodes, or any other eviction, may take away at a time."""

    max_unavailable: Unavailable | None = Field(
        None,
        description="Processes that may be down at a time, as a number or a percentage of the count, rounded "
        f"up (default {BUDGET}). At least 1.",
    )


PROOF_SECONDS = 5
"""How long a process must be ready before it replaces one of the version before.

Where nothing of the app itself says that it is: a process that crashes is ready for a moment, too.
"""
PROGRESS_DEADLINE = 600
"""Seconds without progress after which Kubernetes takes a rollout for failed, where nothing else is said."""


class ProcessType(Model):
    """One process type: what it runs, and how many of it."""

    command: Annotated[Words, Field(min_length=1)] | None = Field(
        None,
        description="The program and its arguments, in place of the image's ENTRYPOINT. No shell is "
        'involved: write ["/bin/sh", "-c", "exec ..."] if you need one. $(NAME) is replaced by an '
        "environment variable. Without command and args the image's own command runs.",
    )
    args: Words | None = Field(None, description="Arguments, in place of the image's CMD.")
    image: Image | None = Field(None, description="The image of this type, in place of spec.image.")
    replicas: Count | None = Field(
        None,
        description="The count: how many processes of this type run. 0 keeps the type, idle. "
        "Omitted: it starts with 1, or with its last count if the Deployment was deleted, and anyone who "
        "scales the Deployment sets it, such as an autoscaler; a singleton is kept at 1.",
    )
    port: Port | None = Field(
        None,
        description="The port that the process listens on. Sets PORT, names the container port http, and "
        "makes the Service <formation>-<type> with that port.",
    )
    service: bool | None = Field(None, description="false: no Service for the port.")
    env: Env | None = Field(
        None, description="Environment of this type. Overrides variables of spec.env with the same name."
    )
    env_from: EnvFrom | None = Field(
        None, description="ConfigMaps and Secrets whose keys become environment of this type."
    )
    resources: ResourceRequirements | None = Field(
        None, description="CPU and memory that each process requests and may use at most."
    )
    liveness_probe: Probe | None = Field(
        None, description="Restarts a process that fails it. None by default."
    )
    readiness_probe: Probe | None = Field(
        None,
        description="Keeps traffic from a process that fails it. By default a type with a port is ready "
        "when the port accepts a connection, 5 s after its start at the earliest.",
    )
    startup_probe: Probe | None = Field(
        None, description="Holds the other probes back until the process has started."
    )
    termination_grace_period_seconds: Seconds | None = Field(
        None,
        description="Seconds that a process has between SIGTERM and SIGKILL (default 30). A type with a "
        "port has 5 s more before SIGTERM, in which traffic moves away.",
    )
    min_ready_seconds: Seconds | None = Field(
        None,
        description="Seconds that a new process has to stay ready before a rollout ends an old one for it "
        f"(default {PROOF_SECONDS}; 0 for a type with a readinessProbe of its own, which says more than that "
        "the process runs). It is part of a revision, and a change of it restarts nothing.",
    )
    progress_deadline_seconds: Annotated[int, Field(ge=1, le=INT32)] | None = Field(
        None,
        description="Seconds without progress after which a rollout has failed (default "
        f"{PROGRESS_DEADLINE}). More than minReadySeconds. It is part of a revision, and a change of it "
        "restarts nothing.",
    )
    rolling_update: RollingUpdate | None = Field(
        None,
        description="The speed of a rollout of this type. With hostNetwork or a hostPort set maxSurge: 0, "
        "because a new process can't start beside the old one on its node.",
    )
    disruption_budget: DisruptionBudget | None = Field(
        None,
        description="Makes the PodDisruptionBudget <formation>-<type>, in place of spec.disruptionBudget: {} "
        f"means maxUnavailable {BUDGET}. A process that isn't ready never blocks a drain.",
    )
    singleton: bool | None = Field(
        None,
        description="true: at most one process, and never two during a rollout: the old one ends before "
        "the new one starts.",
    )
    security_defaults: SecurityDefaults | None = Field(
        None, description="In place of spec.securityDefaults, for this type."
    )
    pod_template: PodTemplate | None = Field(
        None,
        description="Anything else that a Pod can have (volumes, sidecars, tolerations, ...), merged over "
        "what the operator renders; the container named process is this type's own. Overrides "
        "spec.podTemplate.",
    )


DEADLINE = 3600
"""Seconds that a release command may run where its Formation doesn't say."""
ACCOUNT = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"


class Release(Model):
    """The command that runs before a deploy changes any process, and what it is given beside the app's."""

    command: Annotated[Words, Field(min_length=1)] | None = Field(
        None,
        description="The program and its arguments, in place of the image's ENTRYPOINT. No shell is "
        'involved: write ["/bin/sh", "-c", "exec ..."] if you need one.',
    )
    args: Words | None = Field(None, description="Arguments, in place of the image's CMD.")
    env: Env | None = Field(
        None,
        description="Environment of the release command, over spec.env by name. A change of it runs the "
        "command again.",
    )
    env_from: EnvFrom | None = Field(
        None, description="ConfigMaps and Secrets whose keys become environment of the release command."
    )
    resources: ResourceRequirements | None = Field(
        None, description="CPU and memory that the release command requests and may use at most."
    )
    service_account_name: Annotated[str, Field(max_length=253, pattern=ACCOUNT)] | None = Field(
        None, description="The service account of the release command, in place of podTemplate's."
    )
    active_deadline_seconds: Annotated[int, Field(ge=1, le=INT32)] | None = Field(
        None,
        description=f"Seconds after which a release command that still runs has failed (default {DEADLINE}).",
    )
    backoff_limit: Count | None = Field(
        None,
        description="How often a release command that fails is tried again (default 0, of a first deploy 2). "
        "Raise it only if the command may run twice.",
    )


MOST_SCHEDULES = 32
LATE = 300
"""Seconds by which a run may begin too late where its schedule doesn't say."""
CRON_FIELD = r"[-0-9A-Za-z*?/,]+"
SCHEDULE = (
    rf"^({CRON_FIELD}( +{CRON_FIELD}){{4}}"
    r"|@(annually|yearly|monthly|weekly|daily|midnight|hourly|every ([0-9]+(\.[0-9]+)?(h|m|s))+))$"
)
TIME_ZONE = r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"
ConcurrencyPolicy = Literal["Allow", "Forbid", "Replace"]


class Schedule(Model):
    """A command that runs on a schedule and ends, and what it is given beside the app's."""

    schedule: Annotated[str, Field(max_length=128, pattern=SCHEDULE)] = Field(
        description="When it runs, as cron has it: minute, hour, day of the month, month and day of the week "
        '("0 3 * * *"), or @hourly, @daily, @weekly, @monthly, @yearly.'
    )
    time_zone: Annotated[str, Field(max_length=64, pattern=TIME_ZONE)] | None = Field(
        None,
        description="The time zone of schedule, such as Europe/Berlin (default: the cluster's, mostly UTC).",
    )
    command: Annotated[Words, Field(min_length=1)] | None = Field(
        None,
        description="The program and its arguments, in place of the image's ENTRYPOINT. No shell is "
        'involved: write ["/bin/sh", "-c", "exec ..."] where you need one.',
    )
    args: Words | None = Field(None, description="Arguments, in place of the image's CMD.")
    image: Image | None = Field(None, description="The image of this schedule, in place of spec.image.")
    env: Env | None = Field(None, description="Environment of this schedule; wins over spec.env by name.")
    env_from: EnvFrom | None = Field(
        None, description="ConfigMaps and Secrets whose keys become environment of this schedule."
    )
    resources: ResourceRequirements | None = Field(
        None, description="CPU and memory that each run requests and may use at most."
    )
    service_account_name: Annotated[str, Field(max_length=253, pattern=ACCOUNT)] | None = Field(
        None, description="The service account of this schedule, in place of podTemplate's."
    )
    concurrency_policy: ConcurrencyPolicy | None = Field(
        None,
        description="What happens when a run is due while another one is active. Forbid (default): it is "
        "skipped. Allow: both run. Replace: the old one is ended.",
    )
    starting_deadline_seconds: Annotated[int, Field(ge=1, le=INT32)] | None = Field(
        None,
        description=f"How many seconds late a run may start; after that it is skipped (default {LATE}).",
    )
    active_deadline_seconds: Annotated[int, Field(ge=1, le=INT32)] | None = Field(
        None, description="Seconds after which a run that is still active has failed (default: none)."
    )
    backoff_limit: Count | None = Field(
        None,
        description="How often a run that fails is tried again (default 0: raise it only if the command may "
        "run twice).",
    )
    successful_jobs_history_limit: Count | None = Field(
        None, description="How many Jobs of runs that succeeded are kept (default 3)."
    )
    failed_jobs_history_limit: Count | None = Field(
        None, description="How many Jobs of runs that failed are kept (default 1)."
    )
    suspend: bool | None = Field(
        None, description="true: no run starts until it is false again; an active one isn't ended."
    )


MOST_REVISIONS, KEPT_REVISIONS = 100, 10
"""How many old revisions of a Formation may be kept, and how many are where it doesn't say."""
Revisions = Annotated[int, Field(ge=0, le=MOST_REVISIONS)]


class FormationSpec(Model):
    """The process types of one app, and what they share."""

    image: Image | None = Field(None, description="The image that every type runs, unless it names its own.")
    env: Env | None = Field(None, description="Environment of every type.")
    env_from: EnvFrom | None = Field(
        None, description="ConfigMaps and Secrets whose keys become environment of every type."
    )
    labels: Annotated[dict[str, LabelValue], Field(max_length=MOST_LABELS)] | None = Field(
        None,
        description="Labels for the Deployments, Services, disruption budgets, CronJobs and Jobs of "
        "releases (for Pods: podTemplate.metadata.labels).",
    )
    annotations: Annotated[dict[str, str], Field(max_length=MOST_LABELS)] | None = Field(
        None,
        description="Annotations for the Deployments, Services, disruption budgets, CronJobs and Jobs "
        "of releases (for Pods: podTemplate.metadata.annotations).",
    )
    suspend: bool | None = Field(
        None,
        description="true: every type runs zero processes, and no schedule begins a run, until it is false "
        "again; counts are kept.",
    )
    paused: bool | None = Field(
        None,
        description="true: the operator changes no Deployment, Service or CronJob of this Formation until it "
        "is false again.",
    )
    disruption_budget: DisruptionBudget | None = Field(
        None,
        description="The disruption budget of each type that has none of its own and isn't a singleton.",
    )
    release: Release | None = Field(
        None,
        description="A command that runs with the new image and configuration before a deploy changes any "
        "process, such as a migration. Until it has succeeded, the last release keeps running.",
    )
    revision_history_limit: Revisions | None = Field(
        None,
        description=f"How many old revisions are kept (default {KEPT_REVISIONS}).",
    )
    security_defaults: SecurityDefaults | None = Field(
        None,
        description="restricted (default): Pods meet the restricted Pod Security Standard, so the image "
        "must run as a numeric user other than root. none: the cluster's own defaults.",
    )
    pod_template: PodTemplate | None = Field(
        None,
        description="Anything else that a Pod can have (volumes, sidecars, tolerations, ...), merged over "
        "what the operator renders for every type; the container named process is each type's own.",
    )
    processes: Annotated[dict[str, ProcessType], Field(min_length=1, max_length=MOST_TYPES)] = Field(
        description="The process types, keyed by name: web, worker, clock, ... If a type is removed, "
        "its processes stop and its Deployment is deleted."
    )
    schedules: Annotated[dict[str, Schedule], Field(max_length=MOST_SCHEDULES)] | None = Field(
        None,
        description="What runs on a schedule and ends, keyed by name (nightly-report). Each is a CronJob, "
        "<formation>-<name>. One that is removed is suspended, and deleted when no run is active.",
    )

    def schedule(self, name: str) -> Schedule | None:
        """Return a schedule by its name, if there is one."""
        return (self.schedules or {}).get(name)


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
