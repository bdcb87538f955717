"""What pages say of the operator is so: names, and what restarts a process."""

import json
import math
import re
from typing import Any

import pytest

from crds.generate.pictures import badge
from formation_cli.objects import ONE_OFF_LABEL
from formation_operator.api import naming
from formation_operator.api.formation import ProcessType
from formation_operator.rollout.canary import changing
from hack.cluster import paths
from tests.shared import builders, documents
from tests.unit.facts import intents, parsed

DOCS = paths.ROOT / "docs"
OTHER: dict[str, Any] = {
    "command": ["/other"],
    "args": ["--other"],
    "image": "registry.example.com/other:v1",
    "replicas": 5,
    "autoscaling": {"maxReplicas": 5},
    "port": 9000,
    "service": False,
    "appProtocol": "kubernetes.io/h2c",
    "trafficDistribution": "PreferClose",
    "env": [{"name": "OTHER", "value": "1"}],
    "envFrom": [{"configMapRef": {"name": "other"}}],
    "resources": {"requests": {"cpu": "100m"}},
    "livenessProbe": {"exec": {"command": ["true"]}},
    "readinessProbe": {"exec": {"command": ["true"]}},
    "startupProbe": {"exec": {"command": ["true"]}},
    "terminationGracePeriodSeconds": 7,
    "minReadySeconds": 7,
    "progressDeadlineSeconds": 7,
    "rollingUpdate": {"maxSurge": 1},
    "singleton": True,
    "disruptionBudget": {},
    "securityDefaults": "none",
    "podTemplate": {"metadata": {"labels": {"team": "shop"}}},
}
"""A value of each field that a type of ours doesn't have."""


def templates(**shop: Any) -> list[str]:
    """Return the Pods that a Formation asks for."""
    made = intents(parsed(builders.a_formation(**shop)))
    return [
        json.dumps(each.manifest["spec"]["template"]) for each in made if "template" in each.manifest["spec"]
    ]


def section(page: str, heading: str = "") -> str:
    """Return the part of a page below a heading, or all of it."""
    text = (DOCS / page).read_text()
    return re.split(r"\n#+ ", text.partition(f"# {heading}\n")[2])[0] if heading else text


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    lines = [line for line in section(page, heading).splitlines() if line.startswith("|")]
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]


def said_to_restart(field: str) -> bool:
    (says,) = {
        cells[1].strip()
        for cells in rows("how-to/everyday.md", "What restarts a process")
        if f"`{field}`" in cells[0]
    }
    return not says.startswith("nothing")


@pytest.mark.parametrize("field", [item.alias for item in ProcessType.model_fields.values()])
def test_a_change_of_a_field_restarts_a_process_where_the_page_says_so(field: str) -> None:
    web = builders.a_process("/shop", "web", port=8080)
    restarts = templates(processes={"web": web}) != templates(processes={"web": {**web, field: OTHER[field]}})
    assert restarts == said_to_restart(field)


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_labels_and_annotations_of_the_spec_restart_nothing(field: str) -> None:
    assert templates(**{field: {"team": "shop"}}) == templates()
    assert not said_to_restart(field)


def test_the_page_names_the_minors_that_are_pinned_for_the_tests_as_the_badge_does() -> None:
    page = section("compatibility.md")
    assert f"![tested on {badge.tested()}](tried.svg)" in page
    assert f"| {badge.tested()} | tested |" in page


def test_the_page_has_each_label_of_ours_by_which_a_shipper_finds_the_logs_of_a_pod() -> None:
    (shop,) = (shown for place, shown in documents.objects() if place.startswith("README.md"))
    templates = [
        each["spec"].get("jobTemplate", each)["spec"]["template"]
        for each in documents.made(shop)
        if each["kind"] in {"Deployment", "CronJob", "Job"}
    ]
    labels = {label for each in templates for label in each["metadata"]["labels"]} | {ONE_OFF_LABEL}
    page = rows("how-to/everyday.md", "Keep logs")
    assert {cells[0].strip() for cells in page} == {f"`{label}`" for label in labels if naming.GROUP in label}


DEPLOYS: dict[str, dict[str, Any]] = {
    "by default": {},
    "`singleton: true`": {"type": {"singleton": True}},
    "`maxSurge: 0`": {"type": {"rollingUpdate": {"maxSurge": 0}}},
    "`maxSurge: 0`, and `canary` in the spec": {
        "type": {"rollingUpdate": {"maxSurge": 0}},
        "canary": {"seconds": 10},
    },
    "`canary: {seconds: 0}`": {"canary": {"seconds": 0}},
}


@pytest.mark.parametrize(
    ("type_", "count", "figures"),
    [
        (cells[0].strip(), int(cells[1]), [int(each) for each in cells[2:]])
        for cells in rows("how-to/canary.md", "How much room a deploy takes")
    ],
)
def test_a_deploy_takes_as_much_room_as_the_page_says(type_: str, count: int, figures: list[int]) -> None:
    deploy = {"canary": None, **DEPLOYS[type_]}
    worker = builders.a_process(replicas=count, **deploy.pop("type", {}))
    before, after = (
        parsed(builders.a_formation(image=image, processes={"worker": worker}, **deploy))
        for image in ("x:1", "x:2")
    )
    changed = [
        each
        for _, each in changing(before.metadata, before.spec, after.spec, may_skip=after.spec.canary is None)
        if each
    ]
    canaries = len(changed) if after.spec.canary_seconds else 0
    (deployment,) = intents(after)
    rolling = deployment.manifest["spec"]["strategy"].get("rollingUpdate", {"maxSurge": 0})
    surge = rounded_up(rolling["maxSurge"], count)
    assert figures == [canaries, surge, count + canaries + surge]


def rounded_up(share: int | str, count: int) -> int:
    """Return how many processes a share is, as the Deployment's controller counts them for `maxSurge`."""
    return share if isinstance(share, int) else math.ceil(int(share.removesuffix("%")) * count / 100)
