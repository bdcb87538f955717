"""What the operator knows between two passes."""

import dataclasses
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import Key
from formation_operator.observe.cache import Cache
from formation_operator.observe.children import Child
from formation_operator.observe.store import REMEMBERED, Change, Store
from formation_operator.observe.watched import MOST_PODS, MOST_STRAYS
from tests.shared import builders
from tests.shared.builders import a_container, a_formation, a_pod, ended
from tests.unit import cost
from tests.unit.facts import HPA, OWNER, a_child, an_hpa, known

KEY = ("default", "shop")
BROKEN = known(a_pod(a_container(ended(1))))


def a_cache(*children: Child) -> Cache:
    cache = Cache()
    cache.see(naming.KIND, builders.stored(a_formation()))
    for child in children:
        cache.put("Deployment", child)
    return cache


def lose(cache: Cache, fact: Child) -> Change[Any] | None:
    """Have others delete an object, under the version that it has."""
    return cache.drop(fact.kind, (fact.namespace, fact.name), int(fact.resource_version))


def asked(cache: Cache, change: Change[Any] | None) -> set[Key]:
    """Return the Formations that have to be looked at because of what has changed."""
    return {*cache.concerned(change)} if change is not None else set()


def test_a_child_that_only_lost_our_labels_is_known_again_when_it_is_read() -> None:
    cache = a_cache(a_child(resource_version="5"))
    lose(cache, a_child(resource_version="6"))
    cache.put("Deployment", a_child(resource_version="6"))
    assert len(cache.stores["Deployment"].items) == 1


def test_an_echo_of_what_we_deleted_ourselves_does_not_bring_it_back() -> None:
    cache = a_cache(a_child(resource_version="5"))
    lose(cache, a_child(resource_version="6"))
    cache.put("Deployment", a_child(resource_version="5"))
    assert cache.stores["Deployment"].items == {}


def held(holder: Cache | Store[Any]) -> int:
    """Return how much is held, what is remembered of deletions left aside."""
    held_in = [value for name, value in vars(holder).items() if name != "_tombstones"]
    stores = [value for value in held_in if isinstance(value, Store)]
    stores += [store for value in held_in if isinstance(value, dict) for store in stores_in(value)]
    others = [value for value in held_in if isinstance(value, dict | set) and not any(stores_in(value))]
    return sum(map(len, others)) + sum(map(held, stores))


def stores_in(values: Any) -> list[Store[Any]]:
    return (
        [store for store in values.values() if isinstance(store, Store)] if isinstance(values, dict) else []
    )


def test_nothing_is_left_of_what_came_and_went() -> None:
    cache = Cache()
    for number in range(3):
        namespace = f"n{number}"
        child = a_child(namespace=namespace)
        cache.see(naming.KIND, builders.stored(a_formation(), namespace=namespace))
        cache.put("Deployment", child)
        cache.put(kinds.HPA, an_hpa(dataclasses.replace(HPA, namespace=namespace)))
        cache.put("Pod", dataclasses.replace(BROKEN, namespace=namespace))
        assert held(cache) > held(Cache())
        cache.drop("Pod", (namespace, BROKEN.name), 9)
        lose(cache, child)
        lose(cache, an_hpa(dataclasses.replace(HPA, namespace=namespace)))
        cache.drop(naming.KIND, (namespace, "shop"), 9)
    assert held(cache) == held(Cache())


# What is nobody's, and what there is too much of


def make_strays(cache: Cache, many: int, **forged: Any) -> None:
    for number in range(many):
        stray = a_child(name=f"stray-{number}", uid=f"{number}", **{"owner": None, **forged})
        cache.put("Deployment", stray)


def test_what_a_formation_claims_that_came_later_is_kept() -> None:
    cache, names = Cache(), ("shop-worker", "shop-worker-canary")
    for name in names:
        cache.put("Deployment", a_child(name=name, owner=None))
    other = a_formation("shop-worker", processes={"canary": builders.a_process()})
    for formation in (a_formation(), other):
        cache.see(naming.KIND, builders.stored(formation, uid=str(formation)))
    make_strays(cache, MOST_STRAYS + 10)
    assert sorted(name for _, name in cache.children_of(KEY)) == [*names]
    assert {KEY, ("default", "shop-worker")} <= {
        *asked(cache, lose(cache, a_child(name=names[-1], owner=None)))
    }


def test_what_a_deleted_formation_leaves_behind_counts_as_nobodys() -> None:
    cache = a_cache(a_child())
    cache.drop(naming.KIND, ("default", "shop"), 9)
    make_strays(cache, MOST_STRAYS)
    assert ("default", "shop-worker") not in cache.stores["Deployment"].items


@pytest.mark.parametrize("forged", [{}, {"owner": OWNER}], ids=["label", "owner"])
def test_what_only_names_a_formation_is_as_good_as_nobodys(forged: dict[str, Any]) -> None:
    cache = a_cache(a_child())
    make_strays(cache, MOST_STRAYS + 10, **forged)
    assert len(cache.stores["Deployment"].items) == MOST_STRAYS + 1
    assert ("default", "shop-worker") in cache.stores["Deployment"].items, "a Formation's own"


def test_what_a_formation_owns_and_wants_no_more_is_looked_at_when_it_is_listed_again() -> None:
    cache = a_cache()
    left = a_child(name="shop-former", uid="1")
    cache.put("Deployment", left)
    make_strays(cache, MOST_STRAYS)
    assert cache.children_of(KEY) == {}
    assert asked(cache, cache.put("Deployment", left)) == {KEY}
    assert [name for _, name in cache.children_of(KEY)] == ["shop-former"]


@pytest.mark.parametrize("name", ["stray", "shop-report-canary"])
def test_nothing_is_decided_about_what_only_has_the_label_of_a_formation(name: str) -> None:
    cache = a_cache(a_child())
    cache.see(naming.KIND, builders.stored(a_formation(schedules={"report": {}})))
    stray = cache.put("Deployment", a_child(name=name, uid="1", owner=None))
    assert asked(cache, stray) == set()
    assert [name for _, name in cache.children_of(KEY)] == ["shop-worker"]


def test_whoever_waits_for_a_name_is_asked_for_a_look_as_soon_as_another_formation_gives_it_up() -> None:
    cache, processes = a_cache(a_child(name="shop-web-x")), {"x": builders.a_process()}
    cache.see(naming.KIND, builders.stored(a_formation("shop-web", processes=processes), uid="uid-2"))
    assert ("default", "shop-web") in asked(cache, lose(cache, a_child(name="shop-web-x")))


def test_of_very_many_pods_that_are_not_well_some_are_known_and_those_of_other_namespaces_stay() -> None:
    cache, quiet = Cache(), ("quiet", "shop")
    cache.put("Pod", dataclasses.replace(BROKEN, namespace="quiet"))
    for number in range(MOST_PODS + 10):
        cache.put("Pod", dataclasses.replace(BROKEN, name=f"{number}"))
    assert len(cache.stores["Pod"].items) == MOST_PODS
    assert cache.pods_of(quiet)
    latest = ("default", f"{MOST_PODS + 9}")
    assert latest in cache.stores["Pod"].items


def test_all_hpas_are_known_by_what_they_scale_and_only_some_by_an_owner_that_does_not_want_them() -> None:
    cache = a_cache()
    ours = an_hpa(dataclasses.replace(HPA, name="shop-worker"), owner=OWNER, digest="ours")
    cache.put(HPA.kind, ours)
    for number in range(8 * MOST_STRAYS):
        scaler = dataclasses.replace(
            HPA, name=f"forged-{number}", target=("apps", "Deployment", f"of-{number}")
        )
        cache.put(HPA.kind, an_hpa(scaler, owner=OWNER, digest=7000 * "x"))
        assert cache.autoscalers_of("default", ["of-0", scaler.target[2]])[-1] == scaler
    assert ours in cache.children_of(KEY).values()
    assert len(cache.children_of(KEY)) <= MOST_STRAYS + 1


def test_deletions_in_one_namespace_bring_nothing_back_in_another() -> None:
    cache = a_cache(a_child(namespace="quiet", resource_version="5"))
    lose(cache, a_child(namespace="quiet", resource_version="9"))
    for number in range(REMEMBERED + 1):
        lose(cache, a_child(name=f"{number}", resource_version="9"))
    assert not cache.put("Deployment", a_child(namespace="quiet", resource_version="8"))


@cost.MEASURED
def test_who_scales_a_formation_is_found_as_soon_however_many_others_there_are(
    measure: cost.Measure[Cache],
) -> None:
    def of(count: int) -> Cache:
        cache = a_cache()
        for number in range(count):
            name = f"other-{number}"
            cache.put(
                HPA.kind, an_hpa(dataclasses.replace(HPA, name=name, target=("apps", "Deployment", name)))
            )
        cache.put(HPA.kind, an_hpa())
        return cache

    few, many = of(500), of(500 * cost.TIMES)
    names = [HPA.target[-1], *(f"shop-{number}" for number in range(100))]
    assert many.autoscalers_of("default", names) == [HPA]
    assert cost.ratio(lambda cache: cache.autoscalers_of("default", names), few, many, measure, most=2) < 2
