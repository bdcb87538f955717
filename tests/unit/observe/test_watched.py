"""A kind that is watched is one record: nothing else has to know it."""

import asyncio
import contextlib
import dataclasses
import functools
import itertools

import pytest

from formation_operator.api import naming
from formation_operator.controller import intake
from formation_operator.kube.objects.kinds import ChildKind, Key, Kind
from formation_operator.kube.port import Object
from formation_operator.observe.cache import Cache
from formation_operator.observe.store import Share, Watched
from formation_operator.observe.watched import STRAYS, WATCHED
from formation_operator.requeue import Lane
from formation_operator.settings import Settings
from tests.builders import a_formation, stored
from tests.unit import virtual_time
from tests.unit.facts import a_child
from tests.unit.fakes.cluster import FakeCluster

SHOP, BLOG = ("default", "shop"), ("default", "blog")
LABEL = "example.com/config-of"
KIND = "ConfigMap"
MOST = 3


@dataclasses.dataclass(frozen=True)
class Config:
    """What is known of a ConfigMap: that it is there, and whose it is."""

    namespace: str
    name: str
    resource_version: str
    formation: str

    @property
    def of(self) -> Key:
        """The Formation that it is for."""
        return self.namespace, self.formation


def config(raw: Object, _: Config | None) -> Config | None:
    metadata = raw["metadata"]
    formation = metadata["labels"].get(LABEL, "")
    if not formation:
        return None
    return Config(metadata["namespace"], metadata["name"], metadata["resourceVersion"], formation)


CONFIGS: Watched[Config] = Watched(
    kind=Kind(KIND, "", "v1", "configmaps", LABEL, metadata_only=True),
    fact_of=config,
    groups_of=lambda each: [each.of],
    lane_of=lambda before, now: Lane.BUILD if before is None or now is None else None,
    concerned=lambda change, _: {each.of for each in change.facts},
    share=Share(MOST),
)
"""All that the operator is told of a kind that it didn't know."""
KINDS = [*WATCHED, CONFIGS]


def a_config(name: str, version: int, formation: str = "shop", namespace: str = "default") -> Object:
    """Return one as a list or a watch gives it that asks for metadata only."""
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "resourceVersion": f"{version}",
            "labels": {LABEL: formation},
        }
    }


def names(cache: Cache, group: Key) -> set[str]:
    return {name for _, name in cache.stores[KIND].within(group)}


def test_objects_of_another_kind_are_known_by_what_its_record_groups_them_by() -> None:
    cache = Cache(watched=KINDS)
    cache.see(KIND, a_config("a", 1))
    cache.see(KIND, a_config("b", 2, formation="blog"))
    assert (names(cache, SHOP), names(cache, BLOG)) == ({"a"}, {"b"})
    cache.see(KIND, a_config("a", 3, formation="blog"))
    cache.see(KIND, a_config("a", 2))
    assert (names(cache, SHOP), names(cache, BLOG)) == (set(), {"a", "b"}), "the older is no news"
    cache.drop(KIND, ("default", "b"), 4)
    assert names(cache, BLOG) == {"a"}


def test_an_object_that_has_nothing_to_tell_any_more_is_forgotten() -> None:
    cache = Cache(watched=KINDS)
    cache.see(KIND, a_config("a", 1))
    cache.see(KIND, a_config("a", 2, formation=""))
    assert names(cache, SHOP) == set()


def test_of_too_many_objects_of_another_kind_the_namespace_that_has_most_loses_its_oldest() -> None:
    cache = Cache(watched=KINDS)
    cache.see(KIND, a_config("quiet", 1, namespace="quiet"))
    for number in range(10):
        cache.see(KIND, a_config(f"c{number}", number + 2))
    assert names(cache, SHOP) == {"c8", "c9"}
    assert names(cache, ("quiet", "shop")) == {"quiet"}


def test_the_cache_tells_which_formations_an_object_of_another_kind_concerns() -> None:
    cache = Cache(KINDS)
    came = cache.see(KIND, a_config("a", 1))
    changed = cache.see(KIND, a_config("a", 2, formation="blog"))
    gone = cache.drop(KIND, ("default", "a"), 3)
    concerned = [cache.concerned(*each) for each in (*came, *changed, *gone)]
    assert concerned == [{SHOP: Lane.BUILD}, {}, {BLOG: Lane.BUILD}], (
        "the second changes nothing that matters"
    )


def test_a_formation_has_a_pass_because_of_an_object_of_another_kind_if_it_matters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "Cache", functools.partial(Cache, watched=KINDS))
    passes = virtual_time.run(passes_after(a_config("a", 1), a_config("a", 2), a_config("b", 3, "other")))
    assert passes == [1, 0, 0], "it came; it changed in nothing that matters; it is for no Formation"


async def passes_after(*raws: Object) -> list[int]:
    """Return how many passes there are after each object that is seen, once nothing else happens."""
    cluster = FakeCluster()
    cluster.put(naming.KIND, stored(a_formation()))
    here = intake.Controller(cluster, Settings(resync=86400), virtual_time.now)
    await here.start()
    work = asyncio.create_task(here.run())
    await asyncio.sleep(1800)
    counts = [passes(here)]
    for raw in raws:
        here.informers.seen(CONFIGS.kind, raw, deleted=False)
        await asyncio.sleep(60)
        counts.append(passes(here))
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    return [after - before for before, after in itertools.pairwise(counts)]


def passes(here: intake.Controller) -> int:
    found = here.instruments.registry.collect()
    samples = [sample for family in found for sample in family.samples]
    return int(sum(each.value for each in samples if each.name == "formation_operator_passes_total"))


def test_strays_of_all_kinds_of_children_share_their_memory() -> None:
    few = Share(STRAYS.least * 4, STRAYS.least)
    shared = [dataclasses.replace(each, share=few) if each.share is STRAYS else each for each in WATCHED]
    cache = Cache(watched=shared)
    for number in range(4):
        for kind in ChildKind:
            cache.put(kind, a_child(kind=kind, name=f"stray-{number}", owner=None))
    assert [len(cache.stores[kind].known) for kind in ChildKind] == [1, 1, 1, 1]
