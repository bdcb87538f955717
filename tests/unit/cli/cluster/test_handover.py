"""What threads hand over comes in its order, and Ctrl-C ends the wait for it, whenever it is typed."""

import gc
import itertools
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from formation_cli.cluster import follow
from formation_cli.cluster.follow import Handover


def ends(wait: Callable[[Handover[int]], None]) -> Iterator[type[BaseException]]:
    """Yield what ends a wait that is interrupted at its first moment, then at its second, and so on.

    There is a moment before each step of the interpreter. A real signal would come at one by chance.
    """
    for moment in itertools.count():
        given, moments = Handover[int](), itertools.count()

        def interrupt(frame: types.FrameType, event: str, what: Any) -> Any:
            frame.f_trace_opcodes = True
            if next(moments) == moment:  # noqa: B023  # called within this turn of the loop only
                raise KeyboardInterrupt
            return interrupt

        gc.disable()  # Python drops an interrupt in what it does at the end of any object
        sys.settrace(interrupt)
        try:
            wait(given)
        except BaseException as error:  # noqa: BLE001  # an interrupt is none of Exception
            end = type(error)
        finally:
            sys.settrace(None)
            gc.enable()
        if next(moments) <= moment:
            return
        yield end


def in_vain(given: Handover[int]) -> None:
    given.get(timeout=0.0001)


def for_one(given: Handover[int]) -> None:
    given.put(1)
    given.get()


@pytest.mark.parametrize("wait", [in_vain, for_one], ids=lambda wait: wait.__name__)
def test_an_interrupt_stays_one_at_whatever_moment_of_a_wait_it_comes(
    wait: Callable[[Handover[int]], None],
) -> None:
    assert {*ends(wait)} == {KeyboardInterrupt}


def test_who_hands_over_more_than_is_kept_waits_for_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "MOST_WAITING", 2)
    given: Handover[int] = Handover()
    put: list[int] = []

    def put_all() -> None:
        for number in range(5):
            given.put(number)
            put.append(number)

    writer = threading.Thread(target=put_all)
    writer.start()
    taken = [given.get(timeout=30)]
    while len(taken) < 5:
        assert len(put) <= len(taken) + 2
        taken.append(given.get(timeout=30))
    writer.join(30)
    assert taken == put == [0, 1, 2, 3, 4]
