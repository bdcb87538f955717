"""The page that people read when something is down knows every word that a status or an Event can say."""

import enum
import itertools

import pytest

from crds.generate.pages import reasons
from formation_operator.api import formation_status
from formation_operator.api.reasons import Reason, State, Trouble
from formation_operator.diagnose import diagnosis
from tests.unit.troubles import CASES

OF_KUBERNETES = {word for words in reasons.KUBERNETES for word in words.split()}


class Words(enum.StrEnum):
    """Words of which one has no text."""

    KNOWN = "Known"
    """It has happened.

    Wait.
    """
    UNKNOWN = "Unknown"


def test_a_word_without_a_text_is_named() -> None:
    with pytest.raises(KeyError, match="Unknown"):
        reasons.texts(Words)


def test_each_row_has_all_cells_of_its_table() -> None:
    lines = reasons.build().splitlines()
    tables = [[*group] for is_row, group in itertools.groupby(lines, lambda line: line[:1] == "|") if is_row]
    assert len(tables) > len(reasons.SECTIONS)
    assert {len({line.count("|") for line in table}) for table in tables} == {1}


def test_whatever_is_found_wrong_with_a_pod_has_a_row_in_a_table() -> None:
    found = {*diagnosis.ON_THE_WAY, *(case.reason for case in CASES.values())}
    errors = {word for word in found if word.endswith("Error")}  # one row for all of these
    assert found - errors <= {*Reason, *OF_KUBERNETES}


def test_kubectl_explain_names_each_state() -> None:
    described = formation_status.ProcessStatus.model_fields["state"].description or ""
    assert {state for state in State if state not in described} == set()


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ('Notice("Moved", "Move", note)', "Moved"),
        ('notices.Notice("Moved", "Move", note)', "Moved"),
        ('Notice(reason="Moved", action="Move", note=note)', "Moved"),
        ('Notice(Trouble.RELEASING, "Release", note)', Trouble.RELEASING),
        ('Notice(found.reason, "Move", note)', "chosen"),
        ('Notice(reason=found.reason, action="Move", note=note)', "chosen"),
    ],
)
def test_an_event_is_known_by_its_reason_or_by_the_function_that_chooses_it(made: str, reason: str) -> None:
    assert [*reasons.posted(f"async def chosen():\n    yield {made}")] == [reason]


def test_an_event_without_a_text_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    events = {word: text for word, text in reasons.EVENTS.items() if word != "Adopted"}
    monkeypatch.setattr(reasons, "EVENTS", {**events, "Moved": "A text for no Event"})
    with pytest.raises(ValueError, match="Adopted, Moved"):
        reasons.build()
