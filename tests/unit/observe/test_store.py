"""Whatever order things are told in, what is known at the end is how they are."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from formation_operator.observe.cache import Cache
from formation_operator.observe.store import Change, Store, Watched
from tests.shared import builders
from tests.shared.builders import a_formation
from tests.unit.facts import HPA, a_child, an_hpa

KEY = ("default", "shop")


@dataclasses.dataclass(frozen=True)
class Told:
    """What a watch, a list or an answer says of an object: how it was at a version, or that it had gone."""

    version: int
    uid: str
    there: bool


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


def formation_of(cache: Cache) -> Iterable[str]:
    return [raw["metadata"]["uid"] for raw in cache.formations.values()]


def hear_formation(cache: Cache, told: Told) -> None:
    if told.there:
        cache.see(
            naming.KIND, builders.stored(a_formation(), uid=told.uid, resourceVersion=str(told.version))
        )
    else:
        cache.drop(naming.KIND, KEY, told.version)


def child_of(cache: Cache) -> Iterable[str]:
    return [child.uid for child in cache.children_of(KEY).values()]


def hear_child(cache: Cache, told: Told) -> None:
    child = a_child(uid=told.uid, resource_version=str(told.version))
    if told.there:
        cache.put("Deployment", child)
    else:
        cache.drop("Deployment", (child.namespace, child.name), told.version)


def autoscaler_of(cache: Cache) -> Iterable[str]:
    return [each.autoscaler.target[-1] for each in cache.stores[HPA.kind].items.values()]


def hear_autoscaler(cache: Cache, told: Told) -> None:
    each = dataclasses.replace(
        HPA, target=("apps", "Deployment", told.uid), resource_version=str(told.version)
    )
    if told.there:
        cache.put(kinds.HPA, an_hpa(each))
    else:
        cache.drop(kinds.HPA, (each.namespace, each.name), told.version)


@pytest.mark.parametrize(
    ("hear", "there"),
    [(hear_formation, formation_of), (hear_child, child_of), (hear_autoscaler, autoscaler_of)],
    ids=["Formation", "child", "autoscaler"],
)
@given(said=hearsay())
def test_in_whatever_order_it_is_told_the_newest_of_a_name_is_known_or_nothing_if_that_has_gone(
    hear: Callable[[Cache, Told], None],
    there: Callable[[Cache], Iterable[str]],
    said: tuple[list[Told], str | None],
) -> None:
    cache = Cache()
    told, last = said
    for each in told:
        hear(cache, each)
    assert list(there(cache)) == ([last] if last else [])


@given(said=hearsay())
def test_the_latest_version_of_a_name_is_known_whether_that_is_there_or_gone(
    said: tuple[list[Told], str | None],
) -> None:
    store = a_store()
    told, _ = said
    for each in told:
        hear(store, each)
    assert store.latest(KEY) == max(each.version for each in told)


@given(said=hearsay())
def test_the_groups_hold_what_is_known_and_nothing_else(said: tuple[list[Told], str | None]) -> None:
    store = a_store()
    told, last = said
    for each in told:
        hear(store, each)
        grouped = {each.uid: dict(store.within(each.uid)) for each in told if store.within(each.uid)}
        assert grouped == {known.uid: {key: known} for key, known in store.items.items()}
    assert [each.uid for each in store.items.values()] == ([last] if last else [])


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
    key_of=lambda _: KEY,
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
