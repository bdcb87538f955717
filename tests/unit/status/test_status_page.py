"""The page that people read when something is down knows every word that a status can say."""

import re

import pytest

from formation_operator.api import formation_status
from formation_operator.api.reasons import ConditionType, Reason, ReleaseState, State, Trouble
from formation_operator.diagnose import diagnosis
from tests.cluster import paths
from tests.unit.troubles import CASES

PAGE = (paths.ROOT / "docs" / "status.md").read_text()
ROWS = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
EXPLAINED = {word for row in ROWS for word in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize("word", [*State, *Reason, *Trouble, *ReleaseState, *diagnosis.ON_THE_WAY])
def test_each_state_and_each_reason_has_a_row_in_a_table(word: str) -> None:
    assert word in EXPLAINED


def test_whatever_is_found_wrong_with_a_pod_has_a_row_in_a_table() -> None:
    found = {case.reason for case in CASES.values()}
    others = {word for word in found if word.endswith("Error")}  # one row for all of these
    assert found - others <= EXPLAINED
    assert "others in `...Error`" in PAGE


def test_each_condition_is_explained() -> None:
    assert {kind for kind in ConditionType if f"`{kind}`" not in PAGE} == set()


def test_kubectl_explain_names_each_state() -> None:
    described = formation_status.ProcessStatus.model_fields["state"].description or ""
    assert {state for state in State if state not in described} == set()


def test_the_page_explains_no_word_that_is_never_said() -> None:
    kubernetes = {"NetworkNotReady", "ReadinessGatesNotReady", "Evicted"}
    kubernetes |= {"CreateContainerError", *diagnosis.ON_THE_WAY}
    words = {*State, *Reason, *Trouble, *ReleaseState, *ConditionType, "True", "False"}
    assert words | kubernetes >= EXPLAINED
