"""The Helm chart, as far as it can be known without Helm; `tests/distribution` renders and installs it."""

import argparse
import json
import math
from typing import Any

import pytest
import yaml

import formation_operator
from formation_operator.command_line import parser
from hack.cluster import paths
from hack.images import operator_image
from hack.kustomization import built, by_key, load
from tests.distribution import helm
from tests.unit import schemas, structural
from tests.unit.facts import intents, parsed

MANIFESTS = paths.ROOT / "manifests"
UPDATE = "`make distribution` builds Helm; then: pytest tests/distribution/test_rendering.py --update-golden"
OF_THE_CHART = {"help", "version", "namespace", "liveness", "lease"}
"""Flags with no value of their own: there is `namespaces`, and the probes and the Role rely on the others."""


def test_what_helm_made_of_the_chart_are_the_objects_of_the_manifests() -> None:
    made = by_key(load(helm.GOLDEN))
    wanted = by_key([item for item in built(MANIFESTS) if item["kind"] != "Namespace"])
    (container,) = wanted["Deployment", helm.NAMESPACE, helm.NAME]["spec"]["template"]["spec"]["containers"]
    container["image"] = operator_image.reference()

    assert made == wanted, UPDATE


def test_helm_has_seen_the_chart_as_it_is_now() -> None:
    assert helm.GOLDEN.read_text().splitlines()[0] == helm.HEADING + helm.digest(), UPDATE


def test_the_chart_has_the_version_of_the_operator() -> None:
    (chart,) = load(helm.CHART / "Chart.yaml")
    assert {chart["version"], chart["appVersion"]} == {formation_operator.__version__}


def examples() -> list[dict[str, Any]]:
    """Return the Formations that the chart shows: its first one, and that of its page in Artifact Hub."""
    (about,) = load(helm.CHART / "Chart.yaml")
    shown = yaml.safe_load(about["annotations"]["artifacthub.io/crdsExamples"])
    return [*load(helm.CHART / "files" / "hello.yaml"), *shown]


@pytest.mark.parametrize("formation", examples(), ids=lambda formation: str(formation["metadata"]["name"]))
def test_a_formation_that_the_chart_shows_can_be_applied(formation: dict[str, Any]) -> None:
    assert [*structural.faults(schemas.FORMATION, formation)] == []
    assert intents(parsed(formation))


def test_every_flag_of_the_operator_is_a_value_of_the_chart() -> None:
    schema = json.loads((helm.CHART / "values.schema.json").read_text())
    flags = {action.option_strings[-1].removeprefix("--"): action for action in parser()._actions}  # noqa: SLF001  # argparse has no other way to ask

    known = schema["properties"]["flags"]["properties"]

    assert set(known) == set(flags) - OF_THE_CHART
    for name, action in flags.items():
        if action.choices:
            assert known[name]["enum"] == list(action.choices)
        if isinstance(action, argparse._StoreTrueAction):  # noqa: SLF001  # as above
            assert known[name] == {"type": "boolean"}


@pytest.mark.parametrize(
    "text", ["-1", "0", "0.5", "1", "10", "1000", "1001", "86400.5", "1000000", "1000001", "inf", "nan"]
)
def test_a_flag_takes_the_numbers_that_the_chart_takes_and_is_named_where_it_refuses_one(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = json.loads((helm.CHART / "values.schema.json").read_text())
    for name, known in schema["properties"]["flags"]["properties"].items():
        if known.get("type") not in {"integer", "number"}:
            continue
        try:
            parser().parse_args([f"--{name}={text}"])
        except SystemExit:
            assert f"argument --{name}: '{text}' isn't a" in capsys.readouterr().err
            taken = False
        else:
            taken = True
        assert taken == is_within(known, float(text)), name


def is_within(known: dict[str, Any], value: float) -> bool:
    """Tell whether a number is as a schema says; JSON has no other ones than finite ones."""
    fits = known["type"] == "number" or value.is_integer()
    return math.isfinite(value) and fits and known["minimum"] <= value <= known["maximum"]
