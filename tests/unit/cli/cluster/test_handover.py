"""What threads hand over comes in its order, and Ctrl-C ends the wait for it, whenever it is typed."""

import subprocess
import sys
import threading

import pytest

from formation_cli.cluster import handover
from formation_cli.cluster.handover import Handover

INTERRUPTED = """
import contextlib, queue, random, signal, time
from formation_cli.cluster.handover import Handover

def wait(given):
    signal.setitimer(signal.ITIMER_REAL, random.uniform(0.00005, 0.001))
    end = time.monotonic() + 2  # Python drops an interrupt where an object's end is under way
    while time.monotonic() < end:
        with contextlib.suppress(queue.Empty):
            given.get(timeout=0.0001)

signal.signal(signal.SIGALRM, signal.default_int_handler)
for _ in range(5000):
    with contextlib.suppress(KeyboardInterrupt):
        wait(Handover())
"""
"""A process of its own, because the tests' limits of time use the same clock. The standard library's queue
fails at one of five hundred interrupts."""


def test_an_interrupt_stays_one_at_whatever_moment_of_a_wait_it_comes() -> None:
    subprocess.run([sys.executable, "-c", INTERRUPTED], check=True)


def test_who_hands_over_more_than_is_kept_waits_for_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "HELD", 2)
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
