"""The metrics of the operator, from the registry that it serves: their HELP, and what `MORE` adds."""

from typing import Any

from prometheus_client import CollectorRegistry

from crds.generate.pages import parts
from formation_operator.controller.intake import Controller
from formation_operator.settings import Settings
from formation_operator.telemetry import census
from formation_operator.telemetry.instruments import PREFIX
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Time

SOURCE = "operator/formation_operator/telemetry"
MORE = {
    "passes": "`success`; `retry`: it will be tried again; `stuck`: waiting won't help; `error`: a bug in "
    "the operator",
    "api_requests": "The code is `none` if there was no answer",
    "watch_age_seconds": "With several namespaces the longest, without those left out. At most 75 in "
    "normal operation",
    "namespaces_left_out": "It does little or nothing there, or is late "
    "([how](how-to/install.md#for-some-namespaces-only))",
    "queue_depth": "`change`; `build`: a Formation is new, or a child is missing; `report`: only the status "
    "may change",
    "formations": "Reasons that aren't the operator's own are `Other`",
    "process_type_replicas_desired": f"Listed for {census.LISTED:,} types; namespaces with few types are "
    "always listed completely",
    "process_type_replicas_ready": "With the same limit",
    "releases": "See [releases](how-to/releases.md)",
    "release_running_seconds": "0 if none runs",
    "schedules": "See [schedules](how-to/schedules.md)",
    "schedule_failing": "With the same limit, for schedules",
    "schedule_last_success_age_seconds": "Only of schedules with such a run. With the same limit",
    "schedules_unlisted": "The limit is the same",
}
"""What a reader of the page needs beside the HELP, by the metric's name without its prefix."""


def table() -> str:
    """Return a row for each metric of the operator's own."""
    registry = Controller(FakeCluster(), Settings(), Time()).instruments.registry
    labels = labels_of(registry)
    rows = []
    for family in registry.collect():
        name = family.name.removeprefix(f"{PREFIX}_")
        if name != family.name:
            shown = f"{name}_total" if family.type == "counter" else name
            says = [family.documentation, *([MORE[name]] if name in MORE else [])]
            rows.append([f"`{shown}`", parts.code(labels[family.name]), family.type, ". ".join(says)])
    return parts.table([f"metric, after `{PREFIX}_`", "labels", "type", "meaning"], rows)


def labels_of(registry: CollectorRegistry) -> dict[str, tuple[str, ...]]:
    """Return the labels of each metric, by its name: a metric without samples has no public way to ask."""
    found = {}
    for collector in registry._collector_to_names:  # noqa: SLF001  # as above
        for each in [collector] if hasattr(collector, "_labelnames") else collector.collect():
            named: Any = each
            found[getattr(named, "_name", None) or named.name] = tuple(named._labelnames)  # noqa: SLF001  # as above
    return found
