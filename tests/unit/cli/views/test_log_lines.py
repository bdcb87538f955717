import pytest

from formation_cli.views import log_lines
from tests.builders import a_container, a_pod, ended, running, waiting


def test_a_process_is_named_by_its_type_and_the_end_of_its_pods_name() -> None:
    assert log_lines.source(a_pod(name="shop-worker-7c9d8-x7k2p")).label == "worker.x7k2p"


def test_each_start_of_a_process_has_a_log_of_its_own() -> None:
    again = a_container(running(), restarts=2)
    assert log_lines.source(a_pod(again)).run == 2


def test_a_process_that_was_not_started_has_no_log() -> None:
    assert not log_lines.has_started(a_pod(a_container(waiting("ContainerCreating"))))
    assert log_lines.has_started(a_pod(a_container(running())))
    assert log_lines.has_started(a_pod(a_container(ended(1))))


def test_how_a_process_ended_is_told() -> None:
    assert log_lines.how(a_pod(a_container(ended(3)))) == " with code 3"
    assert log_lines.how(a_pod()) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("a\tb", "a\tb"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("over\rwritten", "overwritten"),
        ("\x1b]0;title\x07text", "text"),
        ("bell\x07", "bell"),
    ],
)
def test_colours_stay_and_what_moves_the_cursor_goes(text: str, shown: str) -> None:
    assert log_lines.harmless(text) == shown


def test_types_have_colours_in_turn() -> None:
    types = [f"type-{number}" for number in range(8)]
    assert log_lines.colour("type-0", types) == log_lines.colour("type-6", types) == "cyan"


def test_a_line_is_told_apart_from_kubelets_own_word_about_the_log() -> None:
    whose = log_lines.source(a_pod())
    line = log_lines.parsed("2026-11-26T08:05:49.294017900Z a  b", whose)
    assert (line.time, line.text) == ("2026-11-26T08:05:49.294017900Z", "a  b")
    assert (
        log_lines.parsed("unable to retrieve container logs", whose).text
        == "unable to retrieve container logs"
    )
