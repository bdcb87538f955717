"""Commands as users declare them: what is run, and what it is given beside what all of the app is given."""

from typing import Annotated, Literal

from pydantic import Field

from formation_operator.api import fields
from formation_operator.api.fields import Model


class Command(Model):
    """What is run, and what it is given beside the app's."""

    command: Annotated[fields.Words, Field(min_length=1)] | None = None
    """The program and its arguments, in place of the image's ENTRYPOINT. No shell is involved: write
    ["/bin/sh", "-c", "exec ..."] if you need one. $(NAME) is replaced by an environment variable. Without
    command and args, a process type runs the image's own, and a release or a schedule is refused.
    """
    args: fields.Words | None = None
    """Arguments, in place of the image's CMD."""
    env: fields.Env | None = None
    """Its own environment. Overrides variables of spec.env with the same name."""
    env_from: fields.EnvFrom | None = None
    """ConfigMaps and Secrets whose keys become its own environment."""
    resources: fields.ResourceRequirements | None = None
    """CPU and memory that each process of it requests and may use at most."""


SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"


class Ending(Command):
    """A command that ends."""

    service_account_name: Annotated[str, Field(max_length=253, pattern=f"^{SUBDOMAIN}$")] | None = None
    """Its service account, in place of podTemplate's."""
    backoff_limit: fields.Count | None = None
    """How often it is tried again if it fails (default 0; 2 for the release command of a first deploy). Raise
    it only if the command may run twice.
    """


DEADLINE = 3600
"""Seconds that a release command may run where its Formation doesn't say."""


class Release(Ending):
    """The command that runs before a deploy changes any process, and what it is given beside the app's."""

    active_deadline_seconds: Annotated[int, Field(ge=1, le=fields.INT32)] | None = None
    """Seconds after which a release command that still runs has failed (default 3600)."""


LATE = 300
"""Seconds by which a run may begin too late where its schedule doesn't say."""
CRON_FIELD = r"[-0-9A-Za-z*?/,]+"
SCHEDULE = (
    rf"^({CRON_FIELD}( +{CRON_FIELD}){{4}}"
    r"|@(annually|yearly|monthly|weekly|daily|midnight|hourly|every ([0-9]+(\.[0-9]+)?(h|m|s))+))$"
)
TIME_ZONE = r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"
ConcurrencyPolicy = Literal["Allow", "Forbid", "Replace"]


class Schedule(Ending):
    """A command that runs on a schedule and ends, and what it is given beside the app's."""

    schedule: Annotated[str, Field(max_length=128, pattern=SCHEDULE)]
    """When it runs, as cron has it: minute, hour, day of the month, month and day of the week ("0 3 * * *"),
    or @hourly, @daily, @weekly, @monthly, @yearly.
    """
    time_zone: Annotated[str, Field(max_length=64, pattern=TIME_ZONE)] | None = None
    """The time zone of schedule, such as Europe/Berlin (default: the cluster's, mostly UTC)."""
    image: fields.Image | None = None
    """The image of this schedule, in place of spec.image."""
    concurrency_policy: ConcurrencyPolicy | None = None
    """What happens when a run is due while another one is active. Forbid (default): it is skipped. Allow:
    both run. Replace: the old one is ended.
    """
    starting_deadline_seconds: Annotated[int, Field(ge=1, le=fields.INT32)] | None = None
    """How many seconds late a run may start; after that it is skipped (default 300)."""
    active_deadline_seconds: Annotated[int, Field(ge=1, le=fields.INT32)] | None = None
    """Seconds after which a run that is still active has failed (default: none)."""
    successful_jobs_history_limit: fields.Count | None = None
    """How many Jobs of runs that succeeded are kept (default 3)."""
    failed_jobs_history_limit: fields.Count | None = None
    """How many Jobs of runs that failed are kept (default 1)."""
    suspend: bool | None = None
    """true: no run starts until it is false again; an active one isn't ended."""
