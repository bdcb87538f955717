"""The Helm chart, as far as it can be known without Helm; `tests/distribution` renders and installs it."""

import argparse
import json
import math
import runpy
from typing import Any

import pytest
import yaml
from kubernetes import client, config

import formation_operator
from crds.generate import chart, crd, snapshot
from formation_operator.command_line import parser
from tests.cluster import paths
from tests.distribution import helm
from tests.images import operator_image
from tests.kustomization import built, by_key, load
from tests.unit import structural
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


def test_values_and_readme_are_made_of_the_descriptions_of_the_schema() -> None:
    assert (helm.CHART / "values.yaml").read_text() == chart.values(), "run python -m crds.generate"
    assert (helm.CHART / "README.md").read_text() == chart.readme(), "run python -m crds.generate"


def test_each_value_is_described_in_a_sentence_and_has_a_row_in_the_readme() -> None:
    def defaults(values: dict[str, Any], prefix: str = "") -> set[str]:
        inner = {name: value for name, value in values.items() if isinstance(value, dict) and value}
        paths = {prefix + name for name in values if name not in inner}
        return paths.union(*(defaults(value, f"{prefix}{name}.") for name, value in inner.items()))

    described = dict(chart.leaves())
    assert described.keys() == defaults(yaml.safe_load((helm.CHART / "values.yaml").read_text()))
    for path, node in described.items():
        assert node["description"].endswith((".", ":")), path
        assert f"| `{path}` | " in (helm.CHART / "README.md").read_text()


def examples() -> list[dict[str, Any]]:
    """Return the Formations that the chart shows: its first one, and that of its page in Artifact Hub."""
    (about,) = load(helm.CHART / "Chart.yaml")
    shown = yaml.safe_load(about["annotations"]["artifacthub.io/crdsExamples"])
    return [*load(helm.CHART / "files" / "hello.yaml"), *shown]


@pytest.mark.parametrize("formation", examples(), ids=lambda formation: str(formation["metadata"]["name"]))
def test_a_formation_that_the_chart_shows_can_be_applied(formation: dict[str, Any]) -> None:
    (version,) = crd.build(snapshot.read())["spec"]["versions"]
    assert [*structural.faults(version["schema"]["openAPIV3Schema"], formation)] == []
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


OF_PARENTS = {"global", "enabled"}
"""Values that a chart has for those that it depends on."""


def test_the_schema_knows_every_default_value() -> None:
    schema = json.loads((helm.CHART / "values.schema.json").read_text())
    values = yaml.safe_load((helm.CHART / "values.yaml").read_text())

    assert set(schema["properties"]) - OF_PARENTS == set(values)
    for name, value in values.items():
        inner = schema["properties"][name].get("properties")
        if inner and value:
            assert set(inner) == set(value)


def test_every_default_value_is_required_because_helm_drops_what_is_null() -> None:
    schema = json.loads((helm.CHART / "values.schema.json").read_text())
    values = yaml.safe_load((helm.CHART / "values.yaml").read_text())

    def check(inner: dict[str, Any], of: dict[str, Any]) -> None:
        assert set(inner["required"]) == {name for name, value in of.items() if value is not None}
        for name, value in of.items():
            if isinstance(value, dict) and value:
                check(inner["properties"][name], value)

    check(schema, values)


def test_every_link_of_the_chart_leads_into_this_repository() -> None:
    links = [path for path in (helm.CHART / "files").iterdir() if path.is_symlink()]
    assert len(links) == 6
    for link in links:
        assert not link.readlink().is_absolute()
        assert link.resolve().is_relative_to(paths.ROOT)
        assert link.exists()


OWN_IMAGE = "registry.invalid/none:v1"


class Formations:
    """The client's API of custom objects, as far as `helm test` asks it; the operator reports at once."""

    def __init__(self, *names: str, image: str = OWN_IMAGE) -> None:
        self.names = {*names}
        self.image = image

    def create_namespaced_custom_object(self, *of: Any) -> None:
        name = of[-1]["metadata"]["name"]
        if name in self.names:
            raise client.ApiException(status=409)
        self.names.add(name)

    def get_namespaced_custom_object(self, *of: str) -> dict[str, Any]:
        if of[-1] not in self.names:
            raise client.ApiException(status=404)
        ready = {"type": "Ready", "status": "True"}
        return {"spec": {"image": self.image}, "status": {"conditions": [ready]}}

    def delete_namespaced_custom_object(self, *of: str) -> None:
        if of[-1] not in self.names:
            raise client.ApiException(status=404)
        self.names.remove(of[-1])


def helms_test(formations: Formations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAMESPACE", "shop")
    monkeypatch.setattr(config, "load_incluster_config", lambda: None)
    monkeypatch.setattr(client, "CustomObjectsApi", lambda: formations)
    runpy.run_path(str(helm.CHART / "files" / "smoke.py"), run_name="__main__")


@pytest.mark.parametrize("left", [(), ("helm-test",)], ids=["nothing", "its Formation"])
def test_helms_test_works_whatever_one_that_was_killed_has_left(
    left: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    formations = Formations(*left)
    with pytest.raises(SystemExit, match=r"^0$"):
        helms_test(formations, monkeypatch)
    assert formations.names == set()


def test_helms_test_leaves_somebody_elses_formation_of_its_name_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    formations = Formations("helm-test", image="registry.example.com/shop:v1")
    with pytest.raises(SystemExit, match="left alone"):
        helms_test(formations, monkeypatch)
    assert formations.names == {"helm-test"}
