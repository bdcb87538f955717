"""Whoever asks for one Formation again and again waits a little, and nobody else does."""

from formation_operator.controller.queueing.pace import APART, BURST, Pace

SHOP = ("default", "shop")


def asked(pace: Pace, seconds: float, each: float) -> int:
    """Return how many passes begin where one is asked for so often, and waits as long as it has to."""
    begun, now, due = 0, 0.0, 0.0
    while now < seconds:
        if due <= now:
            due = now + pace.wait(SHOP, now)
        if due <= now:
            pace.took(SHOP, now)
            begun += 1
        now += each
    return begun


def test_some_passes_come_at_once_and_then_so_many_a_second() -> None:
    assert BURST + 10 / APART - 2 <= asked(Pace(), seconds=10, each=0.02) <= BURST + 10 / APART + 2


def test_who_asks_seldom_never_waits() -> None:
    assert asked(Pace(), seconds=60, each=0.25) == 240


def test_nothing_is_kept_of_who_has_rested() -> None:
    pace = Pace()
    for number in range(1000):
        pace.took(("default", f"shop-{number}"), float(number))
    assert len(pace._empty) == 1  # noqa: SLF001
