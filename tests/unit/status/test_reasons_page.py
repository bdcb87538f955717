"""The page that people read when something is down knows every word that a status or an Event can say."""

import pytest

from crds.generate.pages import reasons
from formation_operator.api import formation_status
from formation_operator.api.reasons import Reason, State
from formation_operator.diagnose import diagnosis
from tests.unit.troubles import CASES

OF_KUBERNETES = {word for words in reasons.KUBERNETES for word in words.split()}


def test_whatever_is_found_wrong_with_a_pod_has_a_row_in_a_table() -> None:
    found = {*diagnosis.ON_THE_WAY, *(case.reason for case in CASES.values())}
    errors = {word for word in found if word.endswith("Error")}  # one row for all of these
    assert found - errors <= {*Reason, *OF_KUBERNETES}


def test_kubectl_explain_names_each_state() -> None:
    described = formation_status.ProcessStatus.model_fields["state"].description or ""
    assert {state for state in State if state not in described} == set()


def test_an_event_without_a_text_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {word: text for word, text in reasons.EVENTS.items() if word != "Adopted"}
    monkeypatch.setattr(reasons, "EVENTS", texts | {"Moved": "A text for no Event"})
    with pytest.raises(ValueError, match="Adopted, Moved"):
        reasons.build()
