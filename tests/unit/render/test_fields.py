"""Each field of a Formation is declared with what it decides about, as it is rendered."""

from collections.abc import Iterator
from typing import Any

import pytest

from formation_operator.api.formation import FormationSpec, Model, ProcessType, Schedule
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe.managed_fields import Path
from formation_operator.render import fields
from formation_operator.render.fields import FIELDS, Field
from tests.builders import a_formation
from tests.unit.facts import intents, parsed

PROBE = {"httpGet": {"path": "/health", "port": 9000}}
SHARED: dict[str, Any] = {"image": "shop:v2"}
OWN: dict[str, Any] = {"command": ["run"], "image": None}
REPORT: dict[str, Any] = {"schedule": "@hourly", "command": ["run"]}
# What each field that decides about a part is changed to.
OTHER: dict[tuple[type[Model], str], Any] = {
    (ProcessType, "command"): ["run", "--fast"],
    (ProcessType, "args"): ["--verbose"],
    (ProcessType, "image"): "shop:other",
    (FormationSpec, "image"): "shop:other",
    (ProcessType, "replicas"): 3,
    (ProcessType, "port"): 8080,
    (ProcessType, "env"): [{"name": "OWN", "value": "1"}],
    (FormationSpec, "env"): [{"name": "SHARED", "value": "1"}],
    (ProcessType, "env_from"): [{"secretRef": {"name": "own"}}],
    (FormationSpec, "env_from"): [{"secretRef": {"name": "shared"}}],
    (ProcessType, "resources"): {"limits": {"cpu": 1}},
    (ProcessType, "liveness_probe"): PROBE,
    (ProcessType, "readiness_probe"): PROBE,
    (ProcessType, "startup_probe"): PROBE,
    (ProcessType, "termination_grace_period_seconds"): 60,
    (ProcessType, "min_ready_seconds"): 0,
    (ProcessType, "progress_deadline_seconds"): 60,
    (ProcessType, "singleton"): True,
    (ProcessType, "disruption_budget"): {"maxUnavailable": 2},
    (FormationSpec, "disruption_budget"): {},
    (ProcessType, "rolling_update"): {"maxSurge": 1},
    (ProcessType, "pod_template"): {"spec": {"hostNetwork": True}},
    (Schedule, "command"): ["run", "--fast"],
    (Schedule, "args"): ["--verbose"],
    (Schedule, "image"): "shop:other",
    (Schedule, "suspend"): True,
    (Schedule, "schedule"): "@daily",
    (Schedule, "time_zone"): "Europe/Berlin",
    (Schedule, "concurrency_policy"): "Allow",
    (Schedule, "starting_deadline_seconds"): 60,
    (Schedule, "successful_jobs_history_limit"): 1,
    (Schedule, "failed_jobs_history_limit"): 2,
    (Schedule, "active_deadline_seconds"): 60,
    (Schedule, "backoff_limit"): 1,
    (Schedule, "service_account_name"): "reporter",
    (Schedule, "env"): [{"name": "OWN", "value": "1"}],
    (Schedule, "env_from"): [{"secretRef": {"name": "own"}}],
    (Schedule, "resources"): {"limits": {"cpu": 1}},
    (FormationSpec, "pod_template"): {"spec": {"hostNetwork": True}},
    (FormationSpec, "suspend"): True,
    (FormationSpec, "labels"): {"team": "blue"},
    (FormationSpec, "annotations"): {"team": "blue"},
}
Rendered = dict[tuple[ChildKind, Path], Any]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield what is in a manifest, under the paths by which its fields are owned."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict) and "name" in value[0]:
        for item in value:
            yield from leaves(item, (*path, f'{{"name":"{item["name"]}"}}'))
    else:
        yield path, value


def rendered(spec: FormationSpec) -> Rendered:
    formation = parsed(a_formation(**spec.model_dump(by_alias=True, exclude_none=True)))
    return {
        (intent.kind, path): value
        for intent in intents(formation)
        for path, value in leaves({part: intent.manifest[part] for part in ("metadata", "spec")})
    }


def changed(field: Field) -> FormationSpec:
    """Return a Formation in which one field is another."""
    aliased = {str(field.model.model_fields[field.name].alias): OTHER[field.model, field.name]}
    return spec_of(**{MAPS.get(field.model, "shared"): aliased})


MAPS = {ProcessType: "web", Schedule: "report"}
"""What has the fields of a model in these Formations."""


def spec_of(
    web: dict[str, Any] | None = None,
    report: dict[str, Any] | None = None,
    shared: dict[str, Any] | None = None,
) -> FormationSpec:
    """Return a Formation with a type and a schedule, and fields of both and of all."""
    types, schedules = {"web": {**OWN, **(web or {})}}, {"report": {**REPORT, **(report or {})}}
    return FormationSpec.model_validate(
        {**SHARED, **(shared or {}), "processes": types, "schedules": schedules}
    )


DECIDING = [field for field in FIELDS if field.parts]
BEFORE = rendered(spec_of())


@pytest.mark.parametrize("model", [ProcessType, Schedule, FormationSpec])
def test_every_field_of_the_model_is_declared_once(model: type[Model]) -> None:
    declared = [field.name for field in FIELDS if field.model is model]
    assert sorted(declared) == sorted(model.model_fields)


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.parts], ids=lambda it: it.written("NAME")
)
def test_a_field_is_named_where_it_changes_what_it_decides_about(field: Field) -> None:
    spec = changed(field)
    after = rendered(spec)
    others = [where for where, value in after.items() if where not in BEFORE or BEFORE[where] != value]
    named = {
        fields.field_of(spec, "report" if where[0] is ChildKind.CRON_JOB else "web", *where)
        for where in others
    }
    assert field.written(MAPS.get(field.model, "")) in named


def test_a_grace_period_of_another_container_is_that_of_the_pod_template() -> None:
    spec = changed(FIELDS[0])
    sidecar = (*fields.CONTAINERS, '{"name":"proxy"}', "livenessProbe", "terminationGracePeriodSeconds")
    assert fields.field_of(spec, "web", ChildKind.DEPLOYMENT, sidecar) == "spec.processes.web.podTemplate"
