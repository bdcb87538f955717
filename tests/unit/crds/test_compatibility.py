"""What `v1` promises (docs/compatibility.md): whatever the last release took is taken, and means the same."""

import ast
from typing import Any

import pytest
import yaml

from crds.generate.rules.formation import CANARY
from crds.generate.rules.process import SERVED
from hack.cluster import paths
from tests.shared import earlier as released
from tests.unit.crds.narrowing import narrowings
from tests.unit.schemas import CRD, FORMATION

Json = dict[str, Any]
ACCEPTED = {
    f"a rule is new: {CANARY[0].schema()['message']}": "canaries became the default",
    f"a rule is new: {SERVED.schema()['message']}": "but for service, the fields are new, too",
}
"""What was narrowed since the last release all the same, because nothing that runs is refused by it."""


@pytest.fixture(scope="module")
def before() -> Json:
    """The CRD of the last release."""
    try:
        text = released.text("crds/formations.yaml")
    except released.NotHereError as error:
        pytest.skip(str(error))
    return dict(
        yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    )  # as safe, and ten times as fast


def test_no_field_of_the_last_release_is_gone_and_none_is_narrower(before: Json) -> None:
    (version,) = before["spec"]["versions"]
    found = [*narrowings(version["schema"]["openAPIV3Schema"], FORMATION)]
    assert [str(each) for each in found if each.what not in ACCEPTED] == []
    assert {each.what for each in found} >= ACCEPTED.keys(), "take what is no longer so out of the table"


def test_names_scope_and_subresources_are_those_of_the_last_release(before: Json) -> None:
    for key in ("group", "names", "scope"):
        assert CRD["spec"][key] == before["spec"][key]
    (version,), (earlier,) = CRD["spec"]["versions"], before["spec"]["versions"]
    for key in ("name", "served", "storage", "subresources"):
        assert version[key] == earlier[key]


def test_each_column_of_the_last_release_is_there(before: Json) -> None:
    (version,), (earlier,) = CRD["spec"]["versions"], before["spec"]["versions"]
    shown = {column["name"]: column["jsonPath"] for column in version["additionalPrinterColumns"]}
    kept = {column["name"]: column["jsonPath"] for column in earlier["additionalPrinterColumns"]}
    assert kept.items() <= shown.items()


REASONS = "operator/formation_operator/api/reasons.py"
"""Where the words for programs are."""


def words(module: str) -> set[str]:
    """Return the text of each member of a module's enumerations."""
    classes = (node for node in ast.parse(module).body if isinstance(node, ast.ClassDef))
    values = (each.value for node in classes for each in node.body if isinstance(each, ast.Assign))
    return {
        value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def test_each_word_that_programs_read_in_a_status_is_still_one(before: Json) -> None:
    now = (paths.ROOT / REASONS).read_text()
    assert {"Crashing", "InvalidSpec"} <= words(released.text(REASONS)) <= words(now)
