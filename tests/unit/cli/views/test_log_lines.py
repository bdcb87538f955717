import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_cli.views import log_lines, pod_state
from tests.shared.builders import a_container, a_pod, ended, running


def test_each_start_of_a_process_has_a_log_of_its_own() -> None:
    again = a_container(running(), restarts=2)
    assert log_lines.source(a_pod(again)).run == 2


def test_how_a_process_ended_is_told() -> None:
    assert pod_state.how(a_pod(a_container(ended(3)))) == " with code 3"
    assert pod_state.how(a_pod()) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("a\tb", "a\tb"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b(0lqk", "lqk"),
        ("\x1bP+q544e\x1b\\text", "text"),
        ("\x9b2Jgone\x9d0;title\x9c", "gone"),
        ("\x1b[?25l\x1b[>4;2m", ""),
        ("\x1b[1;38:5:9mbold", "\x1b[1;38:5:9mbold\x1b[0m"),
        ("\x1b[31mred\x07", "\x1b[31mred\x1b[0m"),
        ("right \u202eto left", "right to left"),
        ("12\u00a0000 \U0001f468\u200d\U0001f469", "12\u00a0000 \U0001f468\u200d\U0001f469"),
    ],
)
def test_colours_stay_and_what_moves_the_cursor_goes(text: str, shown: str) -> None:
    assert log_lines.harmless(text) == shown


@given(st.text(st.sampled_from("\x1b[]P\\mJ(c;:?0123456789 \x07\x9b\x9c\x9d\x00\r\u202ea")))
def test_of_a_line_only_colours_and_what_can_be_printed_are_left(text: str) -> None:
    rest = re.sub(r"\x1b\[[0-9;:]*m", "", log_lines.harmless(text))
    assert rest == "" or rest.isprintable()


def test_types_have_colours_in_turn() -> None:
    types = [f"type-{number}" for number in range(8)]
    assert log_lines.colour("type-0", types) == log_lines.colour("type-6", types) == "cyan"
