"""What the operator knows between two passes."""

import dataclasses
from typing import Any

from formation_operator.observe.cache import MOST_PODS, MOST_STRAYS, Cache
from formation_operator.observe.children import Child
from formation_operator.observe.store import REMEMBERED, Store
from tests import builders
from tests.builders import a_container, a_formation, a_pod, ended
from tests.unit.facts import HPA, OWNER, a_child, known

BROKEN = known(a_pod(a_container(ended(1))))


def a_cache(*children: Child) -> Cache:
    cache = Cache()
    cache.put_formation(builders.stored(a_formation()))
    for child in children:
        cache.put_child(child)
    return cache


def test_only_newer_versions_are_taken() -> None:
    cache = a_cache(a_child(resource_version="9"))
    old = a_child(resource_version="10", replicas=3)
    assert cache.put_child(old), "10 is newer than 9, though not as text"
    assert not cache.put_child(a_child(resource_version="9"))
    assert cache.children_of(("default", "shop"))["Deployment", "shop-worker"].replicas == 3


def test_a_child_that_somebody_deleted_is_lost_until_it_is_there_again() -> None:
    cache = a_cache(a_child())
    cache.drop_child(a_child(resource_version="6"), lost=True)
    assert cache.lost_by(OWNER.uid) == {("Deployment", "shop-worker")}
    cache.put_child(a_child(resource_version="7"))
    assert cache.lost_by(OWNER.uid) == set()


def test_what_we_deleted_ourselves_or_never_had_is_not_lost() -> None:
    cache = a_cache(a_child(), a_child(name="foreign", owner=None))
    cache.drop_child(a_child(), lost=False)
    cache.drop_child(a_child(name="foreign", owner=None), lost=True)
    assert cache.lost_by(OWNER.uid) == set()


def test_of_two_formations_that_want_one_name_the_older_has_the_claim() -> None:
    cache = Cache()
    processes = {"b-c": builders.a_process(), "x": builders.a_process()}
    older = builders.stored(a_formation("a", processes=processes), uid="1", creationTimestamp="2026-01-01")
    younger = a_formation("a-b", processes={"c": builders.a_process()})
    cache.put_formation(builders.stored(younger, uid="2", creationTimestamp="2026-01-02"))
    cache.put_formation(older)
    claims = cache.claims(("default", "a-b"))
    assert claims["a-b-c"].uid == "1"
    assert cache.drop_formation(("default", "a"), "2") == {("default", "a-b")}
    assert cache.claims(("default", "a-b")) == {}


def test_a_late_answer_to_our_own_write_brings_nothing_back_that_was_deleted() -> None:
    cache = a_cache(a_child(resource_version="5"))
    formation = a_formation()
    cache.drop_formation(("default", "shop"), "9")
    cache.drop_child(a_child(resource_version="9"), lost=True)

    assert not cache.put_formation(builders.stored(formation, resourceVersion="8"))
    cache.put_child(a_child(resource_version="8"))
    assert cache.formations == {}
    assert cache.known("Deployment") == {}

    assert cache.put_formation(builders.stored(formation, uid="uid-2", resourceVersion="10"))
    cache.put_child(a_child(resource_version="10"))
    assert list(cache.formations) == [("default", "shop")]
    assert len(cache.known("Deployment")) == 1


def test_a_child_that_only_lost_our_labels_is_known_again_when_it_is_read() -> None:
    cache = a_cache(a_child(resource_version="5"))
    cache.drop_child(a_child(resource_version="6"), lost=True)
    cache.put_child(a_child(resource_version="6", formation=None))
    assert len(cache.known("Deployment")) == 1


def test_an_older_list_brings_no_autoscaler_back_that_was_deleted() -> None:
    cache = a_cache()
    assert cache.put_autoscaler(HPA) == {("default", "shop")}
    cache.drop_autoscaler(dataclasses.replace(HPA, resource_version="9"))
    assert cache.put_autoscaler(dataclasses.replace(HPA, resource_version="7")) == set()
    assert cache.autoscalers_in("default") == []


def test_an_echo_of_what_we_deleted_ourselves_does_not_bring_it_back() -> None:
    cache = a_cache(a_child(resource_version="5"))
    cache.drop_child(a_child(resource_version="5"), lost=False)
    cache.put_child(a_child(resource_version="5"))
    assert cache.known("Deployment") == {}


def test_a_list_that_took_its_time_brings_no_trouble_back_that_is_over() -> None:
    cache, key = Cache(), ("default", "shop")
    crashing = dataclasses.replace(known(a_pod(a_container(ended(1)))), resource_version="5")
    assert cache.put_pod(key, crashing)
    assert cache.drop_pod(key, crashing.name, "9")
    assert not cache.put_pod(key, crashing)
    assert cache.put_pod(key, dataclasses.replace(crashing, resource_version="12"))
    assert not cache.put_pod(key, dataclasses.replace(crashing, resource_version="11", node="elsewhere"))
    assert not cache.drop_pod(key, crashing.name, "11"), "well once, but not any more"
    assert [pod.resource_version for pod in cache.pods_of(key)] == ["12"]


def test_a_deletion_that_is_told_late_leaves_the_next_one_of_the_name() -> None:
    cache, key = Cache(), ("default", "shop")
    cache.put_formation(builders.stored(a_formation(), uid="next", resourceVersion="9"))
    cache.drop_formation(key, "7")
    assert cache.formations[key]["metadata"]["uid"] == "next"


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
        cache.put_formation(builders.stored(a_formation(), namespace=namespace))
        cache.put_child(child)
        cache.put_autoscaler(dataclasses.replace(HPA, namespace=namespace))
        cache.put_pod((namespace, "shop"), dataclasses.replace(BROKEN, namespace=namespace))
        assert held(cache) > 0
        cache.drop_pod((namespace, "shop"), BROKEN.name, "9")
        cache.drop_child(child, lost=True)
        cache.drop_autoscaler(dataclasses.replace(HPA, namespace=namespace))
        cache.drop_formation((namespace, "shop"), "9")
    assert held(cache) == 0


def test_many_pods_that_become_well_push_no_other_deletion_out_of_mind() -> None:
    cache, key = Cache(), ("default", "shop")
    formation = builders.stored(a_formation(), resourceVersion="5")
    cache.put_formation(formation)
    cache.drop_formation(key, "6")
    for number in range(REMEMBERED + 1):
        cache.put_pod(key, dataclasses.replace(BROKEN, name=str(number)))
        cache.drop_pod(key, str(number), "9")
    assert not cache.put_formation(formation)


def test_a_late_deletion_of_an_autoscaler_leaves_its_successor() -> None:
    cache = a_cache()
    cache.put_autoscaler(dataclasses.replace(HPA, resource_version="9"))
    assert cache.drop_autoscaler(dataclasses.replace(HPA, resource_version="7")) == set()
    assert [each.resource_version for each in cache.autoscalers_in("default")] == ["9"]


def test_a_late_deletion_of_a_child_leaves_its_successor() -> None:
    cache = a_cache(a_child(uid="child-2", resource_version="9"))
    cache.drop_child(a_child(resource_version="7"), lost=True)
    assert [child.uid for child in cache.children_of(("default", "shop")).values()] == ["child-2"]
    assert cache.lost_by(OWNER.uid) == set()


def test_an_older_deletion_that_is_told_again_does_not_shorten_what_a_later_one_forbids() -> None:
    cache = a_cache(a_child(resource_version="5"))
    cache.drop_child(a_child(resource_version="9"), lost=True)
    cache.drop_child(a_child(resource_version="6"), lost=True)
    cache.put_child(a_child(resource_version="8"))
    assert cache.children_of(("default", "shop")) == {}


# What is nobody's, and what there is too much of


def test_of_many_labelled_objects_without_a_formation_only_some_are_known() -> None:
    cache = a_cache(a_child(), a_child(namespace="quiet", formation="coming", name="coming-web", owner=None))
    for number in range(MOST_STRAYS + 10):
        cache.put_child(a_child(name=f"stray-{number}", uid=f"{number}", formation="none", owner=None))
    assert len(cache.known("Deployment")) == MOST_STRAYS + 1
    assert ("default", "shop-worker") in cache.known("Deployment"), "a Formation's own"
    assert ("quiet", "coming-web") in cache.known("Deployment"), "another namespace's"


def test_what_a_formation_claims_that_came_later_is_kept() -> None:
    cache = Cache()
    cache.put_child(a_child())
    cache.put_formation(builders.stored(a_formation()))
    for number in range(MOST_STRAYS + 10):
        cache.put_child(a_child(name=f"stray-{number}", uid=f"{number}", formation="none", owner=None))
    assert ("default", "shop-worker") in cache.known("Deployment")


def test_what_a_deleted_formation_leaves_behind_counts_as_nobodys() -> None:
    cache = a_cache(a_child())
    cache.drop_formation(("default", "shop"), "9")
    for number in range(MOST_STRAYS):
        cache.put_child(a_child(name=f"stray-{number}", uid=f"{number}", formation="none", owner=None))
    assert ("default", "shop-worker") not in cache.known("Deployment")


def test_of_very_many_pods_that_are_not_well_some_are_known_and_those_of_other_namespaces_stay() -> None:
    cache, quiet = Cache(), ("quiet", "shop")
    cache.put_pod(quiet, dataclasses.replace(BROKEN, namespace="quiet"))
    for number in range(MOST_PODS + 10):
        cache.put_pod(("default", "shop"), dataclasses.replace(BROKEN, name=f"{number}"))
    assert len(cache.known("Pod")) == MOST_PODS
    assert cache.pods_of(quiet)
    latest = ("default", f"{MOST_PODS + 9}")
    assert latest in cache.known("Pod")


def test_deletions_in_one_namespace_bring_nothing_back_in_another() -> None:
    cache = a_cache(a_child(namespace="quiet", resource_version="5"))
    cache.drop_child(a_child(namespace="quiet", resource_version="9"), lost=True)
    for number in range(REMEMBERED + 1):
        cache.drop_child(a_child(name=f"{number}", resource_version="9"), lost=True)
    assert not cache.put_child(a_child(namespace="quiet", resource_version="8"))


def test_only_what_a_formation_wants_is_lost_to_it() -> None:
    cache = a_cache(a_child(name="shop-other"))
    cache.drop_child(a_child(name="shop-other", resource_version="6"), lost=True)
    assert cache.lost_by(OWNER.uid) == set()
