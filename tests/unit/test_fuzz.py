"""What the fuzz looks for is found, and what it sends can be sent."""

import json

import pytest
from hypothesis import given, settings

from tests.builders import Manifest
from tests.fuzz import hostile, trial
from tests.unit import inputs

GAUGE = "# TYPE formation_operator_leader gauge\nformation_operator_leader 1.0\n"
ABOUT = 'formation_operator_process_type_replicas_ready{{namespace="a",formation="{}",process_type="c"}} 1\n'


@given(hostile.formations())
def test_each_hostile_formation_can_be_sent(formation: Manifest) -> None:
    assert json.dumps(formation).isascii()


@pytest.mark.parametrize(("profile", "number"), [("same", 15), ("curious", 300)])
def test_who_is_curious_tries_more_inputs_also_where_one_costs_much(profile: str, number: int) -> None:
    before = settings.get_current_profile_name()
    settings.load_profile(profile)
    try:
        assert inputs.tried(15).max_examples == number
    finally:
        settings.load_profile(before)


@pytest.mark.parametrize(
    "line", [*hostile.FORGED.splitlines()[1:], "a\x1bb", "a\rb", "Traceback (most recent"]
)
def test_a_line_of_the_log_that_was_forged_or_moves_a_cursor_is_found(line: str) -> None:
    with pytest.raises(AssertionError):
        trial.check_line(line)


@pytest.mark.parametrize(
    ("status", "message"),
    [(500, "spec.image is wrong"), (0, "connection reset"), (422, "it is wrong"), (403, "spec")],
)
def test_a_refusal_that_names_no_field_or_is_an_error_is_found(status: int, message: str) -> None:
    with pytest.raises(AssertionError):
        trial.check_refusal(status, message)


def test_a_line_of_the_log_that_quotes_the_input_is_fine() -> None:
    trial.check_line("[t-1/shop] BadCommand: formation_operator_leader 666 [kube-system/forged]")


@pytest.mark.parametrize(
    "text", [f"{GAUGE}forged 1\n", GAUGE * 2, GAUGE.replace("1.0", "666"), GAUGE + ABOUT.format("../a"), ""]
)
def test_a_metric_that_was_forged_is_found(text: str) -> None:
    with pytest.raises(AssertionError):
        trial.check_metrics(text)


def test_metrics_of_ours_are_fine() -> None:
    trial.check_metrics(GAUGE + ABOUT.format("shop"))


@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "é" * 3000])
def test_a_message_of_a_status_that_is_not_one_short_printable_line_is_found(text: str) -> None:
    with pytest.raises(AssertionError):
        trial.check_text(text)
