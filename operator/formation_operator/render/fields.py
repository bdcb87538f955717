"""Which field of a Formation decides about which part of its children: each field, and nowhere else.

An Event that says that a part was set back names the field to change instead.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import FormationSpec, Model, ProcessType, Schedule
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe.managed_fields import Path

CONTAINERS: Path = ("spec", "template", "spec", "containers")
OF_JOBS: Path = ("spec", "jobTemplate", *CONTAINERS)
"""The containers of a Deployment and of a CronJob."""


@dataclasses.dataclass(frozen=True)
class Part:
    """A field of a child, with all that is in it."""

    path: Path
    kinds: tuple[ChildKind, ...]

    def holds(self, kind: ChildKind, path: Path) -> bool:
        """Return whether a field of a child is in it."""
        return kind in self.kinds and path[: len(self.path)] == self.path


def _any_child(*path: str) -> Part:
    return Part(path, tuple(ChildKind))


def _deployment(*path: str) -> Part:
    return Part(("spec", *path), (ChildKind.DEPLOYMENT,))


def _service(*path: str) -> Part:
    return Part(("spec", *path), (ChildKind.SERVICE,))


def _budget(*path: str) -> Part:
    return Part(("spec", *path), (ChildKind.POD_DISRUPTION_BUDGET,))


def _container(*path: str) -> Part:
    """Return a part of the container that runs the process, under the name that it has in a podTemplate."""
    return Part((*CONTAINERS, naming.PROCESS_CONTAINER, *path), (ChildKind.DEPLOYMENT,))


def _job_container(*path: str) -> Part:
    """Return the same of a CronJob."""
    return Part((*OF_JOBS, naming.PROCESS_CONTAINER, *path), (ChildKind.CRON_JOB,))


def _cron_job(*path: str) -> Part:
    return Part(("spec", *path), (ChildKind.CRON_JOB,))


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of a Formation, and the parts of its children that it decides about."""

    model: type[Model]
    name: str
    parts: tuple[Part, ...] = ()
    by_name: bool = False
    """Whether it decides only about those items of a list that it names."""

    def written(self, process_type: str) -> str:
        """Return it as users write it."""
        own = f"{MAPS[self.model]}.{process_type}." if self.model in MAPS else ""
        return f"spec.{own}{self.model.model_fields[self.name].alias}"

    def says(self, spec: FormationSpec, process_type: str, item: str) -> bool:
        """Return whether it is set, and says something about an item of the part, if that is a list."""
        own: Mapping[str, Model] = getattr(spec, MAPS[self.model]) if self.model in MAPS else {}
        value = getattr(own.get(process_type, spec), self.name)
        return bool(value) and (not self.by_name or item in map(_item, value))


MAPS: Mapping[type[Model], str] = {ProcessType: "processes", Schedule: "schedules"}
"""The field of a spec that has the values of a model by name."""


def _of_type(name: str, *parts: Part, by_name: bool = False) -> Field:
    return Field(ProcessType, name, parts, by_name)


def _of_schedule(name: str, *parts: Part, by_name: bool = False) -> Field:
    return Field(Schedule, name, parts, by_name)


def _of_all(name: str, *parts: Part) -> Field:
    return Field(FormationSpec, name, parts)


FIELDS = (
    _of_type("command", _container("command")),
    _of_type("args", _container("args")),
    _of_type("image", _container("image")),
    _of_schedule("command", _job_container("command")),
    _of_schedule("args", _job_container("args")),
    _of_schedule("image", _job_container("image")),
    _of_all("image", _container("image"), _job_container("image")),
    _of_all("suspend", _deployment("replicas"), _cron_job("suspend")),
    _of_schedule("suspend", _cron_job("suspend")),
    _of_schedule("schedule", _cron_job("schedule")),
    _of_schedule("time_zone", _cron_job("timeZone")),
    _of_schedule("concurrency_policy", _cron_job("concurrencyPolicy")),
    _of_schedule("starting_deadline_seconds", _cron_job("startingDeadlineSeconds")),
    _of_schedule("successful_jobs_history_limit", _cron_job("successfulJobsHistoryLimit")),
    _of_schedule("failed_jobs_history_limit", _cron_job("failedJobsHistoryLimit")),
    _of_schedule("active_deadline_seconds", _cron_job("jobTemplate", "spec", "activeDeadlineSeconds")),
    _of_schedule("backoff_limit", _cron_job("jobTemplate", "spec", "backoffLimit")),
    _of_schedule(
        "service_account_name",
        *(_cron_job(*OF_JOBS[1:-1], field) for field in ("serviceAccountName", "serviceAccount")),
    ),
    _of_type("replicas", _deployment("replicas")),
    _of_type("port", _container("ports"), _service("ports")),
    _of_type("env", _container("env"), by_name=True),
    _of_schedule("env", _job_container("env"), by_name=True),
    _of_all("env", _container("env"), _job_container("env")),
    # Which item of this list was changed, the API server doesn't say.
    _of_all("env_from", _container("envFrom"), _job_container("envFrom")),
    _of_type("env_from", _container("envFrom")),
    _of_schedule("env_from", _job_container("envFrom")),
    _of_type("resources", _container("resources")),
    _of_schedule("resources", _job_container("resources")),
    _of_type("liveness_probe", _container("livenessProbe")),
    _of_type("readiness_probe", _container("readinessProbe")),
    _of_type("startup_probe", _container("startupProbe")),
    _of_type(
        "termination_grace_period_seconds", _deployment("template", "spec", "terminationGracePeriodSeconds")
    ),
    _of_type("min_ready_seconds", _deployment("minReadySeconds")),
    _of_type("progress_deadline_seconds", _deployment("progressDeadlineSeconds")),
    _of_type("singleton", _deployment("strategy")),
    _of_type("rolling_update", _deployment("strategy")),
    _of_type("disruption_budget", _budget("maxUnavailable")),
    _of_all("disruption_budget", _budget("maxUnavailable")),
    _of_type("pod_template", _deployment()),
    _of_all("labels", _any_child("metadata", "labels")),
    _of_all("annotations", _any_child("metadata", "annotations")),
    # Whether a child exists, and whether anything is done: these decide about no part of a child.
    _of_type("service"),
    _of_all("processes"),
    _of_all("schedules"),
    _of_all("paused"),
    _of_all("release"),
    _of_all("revision_history_limit"),
    # What they render is changed by the type's podTemplate, which goes over it.
    _of_type("security_defaults"),
    _of_all("security_defaults"),
    _of_all("pod_template", _cron_job("jobTemplate", "spec", "template")),
)
"""Every field. If several are about a part, the first that is set counts, or else the type's last one."""
OPERATORS_OWN = _deployment("selector")


def field_of(spec: FormationSpec, process_type: str, kind: ChildKind, path: Path) -> str | None:
    """Return the field that decides about a field of a child, or nothing if none does."""
    if OPERATORS_OWN.holds(kind, path) or any(step.startswith(f"{naming.GROUP}/") for step in path):
        return None
    parts = [part for field in FIELDS for part in field.parts if part.holds(kind, _plain(process_type, path))]
    if not parts:
        return None
    closest = max(parts, key=lambda part: len(part.path))
    found = [field for field in FIELDS if closest in field.parts]
    item = (*path, "")[len(closest.path)]
    saying = (field for field in found if field.says(spec, process_type, item))
    own = (field for field in reversed(found) if field.model in MAPS)
    return next(saying, next(own, found[0])).written(process_type)


def _plain(process_type: str, path: Path) -> Path:
    """Return a path with the process's own container under the name that it has in a podTemplate."""
    for containers in (CONTAINERS, OF_JOBS):
        own = (*containers, f'{{"name":"{process_type}"}}')
        if path[: len(own)] == own:
            return (*containers, naming.PROCESS_CONTAINER, *path[len(own) :])
    return path


def _item(value: dict[str, Any]) -> str:
    return f'{{"name":"{value["name"]}"}}'
