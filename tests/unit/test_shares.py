"""One namespace never makes another one forgotten."""

import collections

from hypothesis import given
from hypothesis import strategies as st

from formation_operator.shares import Shares

ENTRIES = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9), st.booleans()))


def test_whoever_overfills_it_loses_what_is_his_own() -> None:
    shares: Shares[int, str] = Shares(10)
    shares.put("quiet", 0, "kept")
    for number in range(1000):
        shares.put("busy", number, "")
    assert shares.get("quiet", 0) == "kept"
    assert [shares.get("busy", number) is not None for number in range(990, 1000)] == [False] + 9 * [True]


@given(ENTRIES, st.integers(1, 12))
def test_it_holds_the_latest_of_each_and_no_more_than_it_may(
    entries: list[tuple[str, int, bool]], most: int
) -> None:
    shares: Shares[int, int] = Shares(most)
    expected: dict[tuple[str, int], int] = {}
    for number, (namespace, key, comes) in enumerate(entries):
        expected.pop((namespace, key), None)
        if comes:
            expected[namespace, key] = number
            gone = shares.put(namespace, key, number)
        else:
            gone = []
            shares.pop(namespace, key)
        if len(expected) > most:
            sizes = collections.Counter(place for place, _ in expected)
            fullest = {place for place, size in sizes.items() if size == max(sizes.values())}
            ((place, oldest),) = gone
            assert place in fullest
            assert (place, oldest) == next(each for each in expected if each[0] == place), "its oldest"
            del expected[place, oldest]
        assert len(shares) == len(expected) <= most
        assert all(shares.get(*each) == value for each, value in expected.items())


def test_nothing_is_left_of_namespaces_that_came_and_went() -> None:
    shares: Shares[int, int] = Shares(100)
    for number in range(1000):
        shares.put(f"n{number}", 0, 0)
        shares.pop(f"n{number}", 0)
    assert len(shares) == 0
    assert not any(held for held in vars(shares).values() if isinstance(held, dict))
