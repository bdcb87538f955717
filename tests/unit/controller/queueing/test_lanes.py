"""Whose turn it is, by what it waits for and by whose it is."""

import collections

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from formation_operator.controller.queueing.lanes import TURNS, Lanes
from formation_operator.kube.objects.kinds import Key
from formation_operator.requeue import Lane

CHANGE, BUILD, REPORT = Lane
A, B, C = (("a", "shop"), ("b", "shop"), ("c", "shop"))


def of(namespace: str, count: int) -> list[Key]:
    return [(namespace, f"shop-{number}") for number in range(count)]


def waiting(lanes: Lanes, *some: tuple[Lane, list[Key]]) -> Lanes:
    for lane, keys in some:
        for key in keys:
            lanes.add(key, lane)
    return lanes


def turns(lanes: Lanes, count: int) -> list[Key]:
    """Return whose turns come, each after the one before has ended."""
    found = []
    for _ in range(count):
        key = lanes.take()
        if key is not None:
            found.append(key)
            lanes.done(key)
    return found


def at_once(lanes: Lanes) -> list[Key]:
    """Return who has a worker when no more are given."""
    return list(iter(lanes.take, None))


def test_a_change_comes_before_what_is_new_and_that_before_reports() -> None:
    lanes = waiting(Lanes(1), (REPORT, [A]), (BUILD, [B]), (CHANGE, [C]))
    assert turns(lanes, 3) == [C, B, A]


@pytest.mark.parametrize("lane", [BUILD, REPORT])
def test_asking_again_promotes_who_waits(lane: Lane) -> None:
    lanes = waiting(Lanes(1), (lane, [A, B]), (CHANGE, [B]), (REPORT, [B]))
    assert turns(lanes, 9) == [B, A]


def test_namespaces_take_turns_however_many_wait_in_one() -> None:
    lanes = waiting(Lanes(1), (CHANGE, of("a", 1000)), (CHANGE, of("b", 2)))
    assert [namespace for namespace, _ in turns(lanes, 5)] == ["a", "b", "a", "b", "a"]


@pytest.mark.parametrize(
    ("workers", "alone", "of_two"),
    [(1, 1, [1, 0]), (2, 2, [1, 1]), (3, 3, [2, 1]), (4, 3, [2, 1]), (8, 6, [4, 2]), (16, 12, [8, 4])],
)
def test_who_waits_alone_has_most_workers_and_of_two_nobody_has_less_than_a_quarter(
    workers: int, alone: int, of_two: list[int]
) -> None:
    assert len(at_once(waiting(Lanes(workers), (CHANGE, of("a", 99))))) == alone
    lanes = waiting(Lanes(workers), (CHANGE, of("a", 99)), (CHANGE, of("b", max(1, workers // 4))))
    held = collections.Counter(namespace for namespace, _ in at_once(lanes))
    assert [held["a"], held["b"]] == of_two


# Whatever happens, in whatever order

KEYS = st.tuples(st.sampled_from("abcdefg"), st.sampled_from("xyz"))


class Turns(RuleBasedStateMachine):
    """Compares what happens with the rules, as anybody would check them who sees all that waits."""

    @initialize(workers=st.integers(1, 20))
    def start(self, workers: int) -> None:
        self.workers = workers
        self.share = max(1, workers // 4)
        self.lanes = Lanes(workers)
        self.asked: dict[Key, Lane] = {}
        self.running: dict[Key, Lane] = {}
        self.passed = dict.fromkeys(Lane, 0)

    def held(self, namespace: str) -> int:
        return sum(key[0] == namespace for key in self.running)

    def ready(self) -> dict[Key, Lane]:
        """Return who may have a worker as one that holds less than a share."""
        reports = sum(lane is REPORT for lane in self.running.values())
        slots = len(self.running) < self.workers
        return {
            key: lane
            for key, lane in self.asked.items()
            if slots and key not in self.running and self.held(key[0]) < self.share
            if lane is not REPORT or reports < self.workers - self.workers // 4
        }

    @rule(key=KEYS, lane=st.sampled_from(Lane))
    def add(self, key: Key, lane: Lane) -> None:
        self.lanes.add(key, lane)
        self.asked[key] = min(lane, self.asked.get(key, lane))

    @rule(key=KEYS)
    def discard(self, key: Key) -> None:
        self.lanes.discard(key)
        self.asked.pop(key, None)

    @rule()
    def take(self) -> None:
        ready, key = self.ready(), self.lanes.take()
        if key is None:
            assert not ready, "a worker is idle while somebody waits for it"
            return
        assert key in self.asked, "nobody asked for it, or it had its pass"
        assert key not in self.running, "two passes at once"
        assert key in ready or not ready, "one holds more than its share while another waits"
        lane = self.asked.pop(key)
        for other in {*ready.values()} - {lane}:
            self.passed[other] += 1
            assert self.passed[other] < TURNS, "a lane starves"
        for other in Lane:
            if other is lane or other not in ready.values():
                self.passed[other] = 0
        self.running[key] = lane

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))
        del self.running[key]
        self.lanes.done(key)

    @invariant()
    def nobody_is_lost(self) -> None:
        assert all((key in self.lanes) == (key in self.asked) for key in {*self.asked, *self.running})

    def teardown(self) -> None:
        if not hasattr(self, "lanes"):
            return
        for key in self.running:
            self.lanes.done(key)
        left = list(self.asked)
        assert sorted(turns(self.lanes, len(left) + 1)) == sorted(left)
        self.lanes._passed = dict.fromkeys(Lane, 0)  # noqa: SLF001
        assert vars(self.lanes) == vars(Lanes(self.workers)), "something is kept of who doesn't wait"


TestTurns = Turns.TestCase
