"""Whatever order things are told in, what is known at the end is how they are."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from formation_operator.observe import formations
from formation_operator.observe.cache import Cache
from formation_operator.observe.children import Child
from formation_operator.observe.store import Change, Store, Watched
from tests.shared.builders import a_formation, stored
from tests.unit.facts import HPA, a_child, an_hpa

KEY = ("default", "shop")


@dataclasses.dataclass(frozen=True)
class Told:
    """What a watch, a list or an answer says of an object: how it was at a version, or that it had gone."""

    version: int
    uid: str
    there: bool
    name: str = "shop"


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    """Return what happened to one name: objects come, change and go, one after the other."""
    happened, version = [], draw(st.integers(1, 99))
    for number in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(1, 3))):
            happened.append(Told(version, f"uid-{number}", there=True))
            version += draw(st.integers(1, 9))
        happened.append(Told(version, f"uid-{number}", there=False))
        version += draw(st.integers(1, 9))
    return happened if draw(st.booleans()) else happened[:-1]


@st.composite
def hearsay(draw: st.DrawFn) -> tuple[list[Told], str | None]:
    """Return a history in any order, with repetitions, and the uid of what is there at its end."""
    happened = draw(histories())
    repeated = draw(st.lists(st.sampled_from(happened), max_size=9))
    last = happened[-1]
    return draw(st.permutations([*happened, *repeated])), last.uid if last.there else None


def scaling(uid: str, version: str) -> Child:
    """Return an HPA that is known by what it scales."""
    return an_hpa(dataclasses.replace(HPA, target=("apps", "Deployment", uid), resource_version=version))


FACTS: dict[str, tuple[str, Callable[[str, str], Any], Callable[[Cache], list[str]]]] = {
    naming.KIND: (
        "shop",
        lambda uid, version: formations.trimmed(stored(a_formation(), uid=uid, resourceVersion=version)),
        lambda cache: [raw["metadata"]["uid"] for raw in cache.formations.values()],
    ),
    "Deployment": (
        "shop-worker",
        lambda uid, version: a_child(uid=uid, resource_version=version),
        lambda cache: [child.uid for child in cache.children_of(KEY).values()],
    ),
    kinds.HPA: (
        HPA.name,
        scaling,
        lambda cache: [each.autoscaler.target[-1] for each in cache.stores[HPA.kind].items.values()],
    ),
}
"""By kind: a name, how an object of that is known, and the uids of those that are there."""


@pytest.mark.parametrize("kind", FACTS)
@given(said=hearsay())
def test_in_whatever_order_it_is_told_the_newest_of_a_name_is_known_or_nothing_if_that_has_gone(
    kind: str, said: tuple[list[Told], str | None]
) -> None:
    cache, (name, fact, there) = Cache(), FACTS[kind]
    told, last = said
    for each in told:
        if each.there:
            cache.put(kind, fact(each.uid, str(each.version)))
        else:
            cache.drop(kind, ("default", name), each.version)
    assert there(cache) == ([last] if last else [])


@given(said=hearsay())
def test_the_latest_version_of_a_name_is_known_whether_that_is_there_or_gone(
    said: tuple[list[Told], str | None],
) -> None:
    store = a_store()
    told, _ = said
    for each in told:
        hear(store, each)
    assert store.latest(KEY) == max(each.version for each in told)


@given(puts=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "one", "two"])), max_size=12))
def test_the_groups_hold_what_is_known_and_nothing_else(puts: list[tuple[str, str]]) -> None:
    store = a_store()
    for version, (name, group) in enumerate(puts, start=1):
        if group:
            store.put(Told(version, group, there=True, name=name))
        else:
            store.drop(("default", name), version)
        known = {group: {*store.within(group).items()} for group in ("one", "two")}
        there = {*store.items.items()}
        assert known == {group: {each for each in there if each[1].uid == group} for group in known}


@given(happened=histories(), data=st.data())
def test_a_list_is_believed_as_of_its_version_whatever_was_known_before_it(
    happened: list[Told], data: st.DataObject
) -> None:
    store = a_store()
    for told in happened:
        hear(store, told)
    latest = store.latest(KEY)
    listed = Told(data.draw(st.integers(0, latest + 9)), "restored", there=True)
    before = [*store.items.values()]
    change = store.put(listed, as_of=data.draw(st.integers(latest, latest + 9)))
    assert (change is None) == (bool(before) and listed.version == latest)


TOLD: Watched[Told] = Watched(
    kind=kinds.BY_NAME[kinds.POD],
    fact_of=lambda *_: None,
    key_of=lambda told: ("default", told.name),
    version_of=lambda told: told.version,
    groups_of=lambda told: [told.uid],
    lane_of=lambda *_: None,
    concerned=lambda *_: set(),
)


def a_store() -> Store[Told]:
    return Store(TOLD, lambda _: {})


def hear(store: Store[Told], told: Told) -> Any:
    return store.put(told) if told.there else store.drop(KEY, told.version)


def test_it_is_told_how_an_object_was_before() -> None:
    store = a_store()
    first, second = Told(1, "a", there=True), Told(2, "a", there=True)
    assert store.put(first) == Change(TOLD.kind.name, None, first)
    assert store.put(second) == Change(TOLD.kind.name, first, second)
    assert store.put(second) is None
    assert store.drop(KEY, 3) == Change(TOLD.kind.name, second, None)
