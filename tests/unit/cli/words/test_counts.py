import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_cli.failures import Mistyped
from formation_cli.words import counts
from formation_cli.words.counts import Bounds, Count

TYPES = st.from_regex(r"[a-z]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
NUMBERS = st.integers(0, counts.MOST)


@pytest.mark.parametrize(
    "word",
    [
        *("", "web", "web=", "=5", "web=5x", "web==5", "web=-1", "web=1.5", f"web={'9' * 101}"),
        *("web=4..", "web=..4", "web=4...12", "web=1..2..3", "web+4..12", "web-4..12", "=4..12"),
    ],
)
def test_what_is_no_count_is_refused(word: str) -> None:
    with pytest.raises(Mistyped, match="isn't a count"):
        counts.parse([word])


def test_a_type_is_named_once() -> None:
    with pytest.raises(Mistyped, match="web is named twice"):
        counts.parse(["web=1", "web+1"])


@pytest.mark.parametrize(
    ("word", "limit"), [("web-4", "it has 3"), ("web=99999999999", "2147483647 is the most")]
)
def test_a_count_has_limits_that_are_named(word: str, limit: str) -> None:
    (wanted,) = counts.parse([word])
    with pytest.raises(Mistyped, match=f"web can't have .* processes: {limit}"):
        wanted.of(3)


BOUNDS = st.tuples(NUMBERS, NUMBERS).map(lambda each: Bounds(*sorted(each)))


@given(st.dictionaries(TYPES, NUMBERS | BOUNDS, min_size=1))
def test_a_line_of_counts_can_be_typed_again(known: dict[str, Count]) -> None:
    again = counts.parse(counts.line(known).split())
    assert {each.type: each.bounds or each.number for each in again} == known
    assert " ".join(map(str, again)) == counts.line(known)


def test_bounds_in_the_wrong_order_are_mistyped() -> None:
    with pytest.raises(Mistyped, match="the first bound is above the second"):
        counts.parse(["web=5..4"])
