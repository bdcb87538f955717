"""Turns of Formations that nobody waits for."""

import pytest

from formation_operator.sync.turns import PAUSE, Turns

MANY = 10_000


def test_those_of_one_namespace_have_a_turn_one_after_the_other() -> None:
    turns = Turns()
    assert [turns.next("a", 5.0) for _ in range(3)] == pytest.approx([5.0, 5.0 + PAUSE, 5.0 + 2 * PAUSE])


def test_ten_thousand_of_one_namespace_hold_up_none_of_another() -> None:
    turns = Turns()
    assert max(turns.next("crowded", 0.0) for _ in range(MANY)) == pytest.approx((MANY - 1) * PAUSE)
    assert [turns.next("quiet", 0.0) for _ in range(3)] == pytest.approx([PAUSE, 3 * PAUSE, 5 * PAUSE])


def test_many_namespaces_together_are_little_faster_than_one() -> None:
    turns = Turns()
    given = sorted(turns.next(f"n{number // 10}", 0.0) for number in range(MANY))
    for second in range(int(given[-1])):
        assert sum(second <= each < second + 1 for each in given) <= 4 / PAUSE


def test_turns_that_are_over_hold_up_nobody() -> None:
    turns = Turns()
    for number in range(MANY):
        turns.next(f"n{number % 10}", 0.0)
    assert turns.next("n3", 1000.0) == 1000.0
    assert turns.next("new", 1000.0) == 1000.0
