"""Which rules hold where.

A rule is for what a schema can't say about one field alone.  The table goes from the whole
resource inwards; a ``*`` stands for any item of a list or any value of a map.
"""

from collections.abc import Callable
from typing import Any

from crds.generate.rules import autoscaling, containers, formation, process, release, schedules
from crds.generate.rules.cel import Rule

Json = dict[str, Any]

TYPE = "spec.processes.*"
OWNERS = ("spec", TYPE)
RELEASE = "spec.release"
SCHEDULE = "spec.schedules.*"
ENDING = (RELEASE, SCHEDULE)
PROBES = [f"{TYPE}.{kind}Probe" for kind in ("liveness", "readiness", "startup")]
PODS = [f"{owner}.podTemplate" for owner in OWNERS]
CONTAINERS = [f"{pod}.spec.{kind}.*" for pod in PODS for kind in containers.KINDS]
VARIABLES = [f"{owner}.env.*" for owner in (*OWNERS, *ENDING, *CONTAINERS)]
TABLE: list[tuple[str, list[Rule]]] = [
    ("", [*formation.RESOURCE, *schedules.RESOURCE]),
    (
        "spec",
        [
            *formation.IMAGES,
            *formation.OWN_COMMANDS,
            *formation.CANARY,
            *containers.SPEC,
            *release.SPEC,
            *schedules.SPEC,
        ],
    ),
    ("spec.labels", formation.LABELS),
    ("spec.annotations", formation.ANNOTATIONS),
    ("spec.processes", [*formation.TYPE_NAMES, *containers.PROCESSES]),
    (TYPE, [*process.PROCESS, *containers.PROCESS]),
    (RELEASE, release.RELEASE),
    ("spec.schedules", schedules.NAMES),
    (SCHEDULE, schedules.SCHEDULE),
    *((f"{owner}.command", process.COMMAND) for owner in (TYPE, *ENDING)),
    (f"{TYPE}.rollingUpdate", process.ROLLING_UPDATE),
    (f"{TYPE}.autoscaling", autoscaling.AUTOSCALING),
    (f"{TYPE}.autoscaling.metrics.*", autoscaling.METRIC),
    *(
        (f"{TYPE}.autoscaling.metrics.*.{each}.target", autoscaling.TARGET)
        for each in autoscaling.SOURCES.values()
    ),
    *((f"{owner}.disruptionBudget", process.DISRUPTION_BUDGET) for owner in OWNERS),
    *((variable, process.VARIABLE) for variable in VARIABLES),
    *((f"{variable}.valueFrom", process.VALUE_FROM) for variable in VARIABLES),
    *((f"{owner}.envFrom.*", process.ENV_FROM) for owner in (*OWNERS, *ENDING)),
    *((probe, process.PROBE) for probe in PROBES),
    *((f"{TYPE}.{kind}Probe", process.ONE_SUCCESS) for kind in ("liveness", "startup")),
    *((f"{place}.readinessProbe", process.READINESS) for place in (TYPE, *CONTAINERS)),
    *((f"{probe}.{how}", process.PROBE_PORT) for probe in PROBES for how in ("httpGet", "tcpSocket")),
    *((f"{pod}.metadata.labels", formation.LABELS) for pod in PODS),
    *((f"{pod}.metadata.annotations", formation.POD_ANNOTATIONS) for pod in PODS),
    *((f"{pod}.spec.containers.*", containers.CONTAINER) for pod in PODS),
    *((f"{pod}.spec.initContainers.*", containers.INIT_CONTAINER) for pod in PODS),
    *((f"spec.podTemplate.spec.{kind}.*", containers.SHARED_CONTAINER) for kind in containers.KINDS),
]


def attach(schema: Json) -> Json:
    """Return the schema with every rule in its place."""
    for path, rules in TABLE:
        schema = changed(schema, path.split(".") if path else [], adding(rules))
    return schema


def adding(rules: list[Rule]) -> Callable[[Json], Json]:
    """Return the function that adds rules to a node of the schema."""
    spelled = [rule.schema() for rule in rules]
    key = "x-kubernetes-validations"
    return lambda node: {**node, key: [*node.get(key, []), *spelled]}


def changed(node: Json, path: list[str], change: Callable[[Json], Json]) -> Json:
    """Return the schema with the node at the path changed, and everything else as it was."""
    if not path:
        return change(node)
    step, *rest = path
    if step == "*":
        inside = "items" if "items" in node else "additionalProperties"
        return {**node, inside: changed(node[inside], rest, change)}
    properties = node["properties"]
    return {**node, "properties": {**properties, step: changed(properties[step], rest, change)}}
