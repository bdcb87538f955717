"""What others wrote is told as one printable line, and no longer than anybody reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import lenient

ODD = {
    "a line feed": "refused\nDec 12 root: all is well",
    "a colour": "\x1b[2J\x1b[31mrefused",
    "a title of the terminal": "\x1b]0;title\x07refused",
    "letters from right to left": "refused \u202egnihton",
    "what can't be seen": "re\u200bfused\u2066",
    "half a letter": "refused \ud800",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_what_moves_a_cursor_or_turns_letters_round_is_taken_out(text: str) -> None:
    told = lenient.shown(text)
    assert "refused" in told.replace("re fused", "refused")
    assert told.isprintable()


@given(st.text(max_size=60), st.integers(10, 50))
def test_a_text_fits_and_is_the_same_when_it_is_told_again(text: str, most: int) -> None:
    told = lenient.shown(text, most)
    assert len(told.encode()) <= most
    assert told.isprintable()
    assert lenient.shown(told, most) == told
    if text.isprintable() and len(text.encode()) <= most:
        assert told == text


def test_a_text_that_was_cut_shows_that() -> None:
    assert lenient.shown("ü" * 600) == "ü" * 510 + "..."
    assert lenient.shown("x" * 5000) == "x" * 1021 + "..."


HUGE = "\x1b[31m" + "ü\n" * 250_000


def test_a_huge_refusal_is_cut_wherever_it_is_told() -> None:
    error = errors.error_of(422, f'{{"message": "{"x" * 466_000}"}}'.encode())
    assert len(str(error)) == 1000
    assert len(Notice("Refused", "Refuse", HUGE).note.encode()) <= 1024
