"""What was tried and failed: when it is tried again."""

from formation_operator.backoff import Attempt, attempt

PAUSES = (2.0, 10.0)


def test_the_same_is_tried_later_each_time_up_to_a_limit() -> None:
    last, pauses = None, []
    for _ in range(5):
        last = attempt(last, "this", None, 0.0, PAUSES)
        pauses.append(last.delay)
    assert pauses == [2, 4, 8, 10, 10]
    assert attempt(last, "that", None, 0.0, PAUSES).delay == 2


def test_up_to_half_of_a_pause_is_taken_away_by_chance() -> None:
    chances, last, waits = iter([0.0, 0.5, 1.0]), None, []
    for _ in range(3):
        last = attempt(last, "this", None, 100.0, PAUSES, lambda: next(chances))
        waits.append(last.remaining("this", 100.0))
    assert waits == [2, 3, 4], "of 2, 4 and 8"


def test_until_then_it_waits_and_anything_else_is_tried_at_once() -> None:
    last = Attempt("this", None, at=100.0, delay=8.0)
    assert [last.remaining("this", now) for now in (100.0, 105.0, 108.0, 200.0)] == [8, 3, 0, 0]
    assert last.remaining("that", 101.0) == 0
