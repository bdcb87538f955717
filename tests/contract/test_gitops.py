"""What a pipeline that applies Git may rely on: quiet, its own last word, and room for what it leaves out."""

import json
from typing import Any

import pytest
import yaml

from tests.contract.counting import Record, count, counts, declared
from tests.contract.quiet import held, versions
from tests.live.client import Client, eventually, throughout
from tests.shared.builders import Manifest, a_formation, a_process, text

TYPES = {
    "web": a_process("/shop", "web", replicas=2, port=8080),
    "worker": a_process(replicas=4, resources={"requests": {"cpu": "100m"}}),
    "clock": a_process("/shop", "clock", replicas=1, singleton=True),
}
FORMATION = a_formation(env=[{"name": "LOG_LEVEL", "value": "info"}], processes=TYPES)
UNCOUNTED = a_formation(processes={"web": a_process("/shop", "web"), "worker": a_process()})

SERVER_SIDE = ("--server-side",)
FORCED = ("--server-side", "--force-conflicts")
each_way = pytest.mark.parametrize("flags", [(), SERVER_SIDE], ids=["client-side", "server-side"])


def changed(formation: Manifest, process_type: str, **fields: Any) -> Manifest:
    """Return the Formation with other fields of one type."""
    processes = formation["spec"]["processes"]
    processes = {**processes, process_type: {**processes[process_type], **fields}}
    return {**formation, "spec": {**formation["spec"], "processes": processes}}


@each_way
def test_applying_the_same_again_changes_nothing_and_get_shows_what_the_user_wrote_and_a_status(
    user: Client, flags: tuple[str, ...]
) -> None:
    user.apply(FORMATION, *flags)
    held(user)
    before = throughout(2, lambda: versions(user))
    user.apply(FORMATION, *flags)
    assert user("diff", *flags, "-f", "-", input=text(FORMATION)).stdout == ""
    assert throughout(2, lambda: versions(user)) == before

    shown = yaml.safe_load(user("get", "formation", "shop", "-o", "yaml").stdout)
    assert set(shown) == {"apiVersion", "kind", "metadata", "spec", "status"}
    assert shown["spec"] == FORMATION["spec"]
    kubectls_own = {"kubectl.kubernetes.io/last-applied-configuration"}
    assert set(shown["metadata"].pop("annotations", {})) == (kubectls_own if not flags else set())
    kubernetes_own = {"namespace", "uid", "resourceVersion", "generation", "creationTimestamp"}
    assert set(shown["metadata"]) == {"name"} | kubernetes_own


@each_way
def test_counts_that_git_leaves_out_stay_as_people_scale_them(user: Client, flags: tuple[str, ...]) -> None:
    user.applied(UNCOUNTED, *flags)
    user("scale", "deployment/shop-worker", "--replicas=7")
    user("scale", "formation/shop", "--replicas=5")
    eventually(lambda: counts(user) == {"shop-web": 5, "shop-worker": 7})
    user.reported()
    user("scale", "deployment/shop-web", "--replicas=6")
    eventually(lambda: declared(user, "web") == 6)

    user.apply(UNCOUNTED, *flags)
    released = {**UNCOUNTED, "spec": {**UNCOUNTED["spec"], "image": "registry.example.com/shop:v2"}}
    user.applied(released, *flags)

    assert counts(user) == {"shop-web": 6, "shop-worker": 7}
    assert (declared(user, "web"), declared(user)) == (6, None)


@pytest.mark.parametrize("flags", [(), FORCED], ids=["client-side", "server-side"])
def test_a_count_that_a_person_sets_lasts_until_git_is_applied(user: Client, flags: tuple[str, ...]) -> None:
    user.applied(FORMATION, *flags)
    record = Record(user, "shop-worker")
    user("scale", "deployment/shop-worker", "--replicas=7")
    eventually(lambda: declared(user) == 7)
    if flags:
        refused = user("apply", *SERVER_SIDE, "-f", "-", input=text(FORMATION), check=False)
        assert ".spec.processes.worker.replicas" in refused.stderr
        assert "formation-operator" in refused.stderr
        assert declared(user) == 7

    user.apply(FORMATION, *flags)

    eventually(lambda: count(user) == 4)
    user.reported()
    assert throughout(2, lambda: (count(user), declared(user))) == (4, 4)
    user.apply(changed(FORMATION, "worker", replicas=3), *flags)
    eventually(lambda: count(user) == 3)
    assert record.counts() == [4, 7, 4, 3]
    eventually(lambda: len(user.events("ScaleHonoured")) == 1)


def scale_child(user: Client) -> None:
    user("scale", "deployment/shop-child", "--replicas=7")


def scale_formation(user: Client) -> None:
    user("scale", "formation/shop", "--replicas=7")


def patch_formation(user: Client) -> None:
    user.merge("formation", "shop", {"spec": {"processes": {"patched": {"replicas": 7}}}})


def put_formation(user: Client) -> None:
    """Write the whole object, as dashboards do (a plain `kubectl replace` changes what apply remembers)."""
    path = f"/apis/formations.dev/v1/namespaces/{user.namespace}/formations/shop"

    def put() -> bool:  # a report of the operator may come in between, as it may for a dashboard
        edited = changed(user.get("formation", "shop"), "put", replicas=7)
        user("replace", "--raw", path, "-f", "-", input=json.dumps(edited))
        return True

    eventually(put)


UPDATES = {"child": scale_child, "web": scale_formation, "patched": patch_formation, "put": put_formation}
"""The ways to scale, each by the type that is scaled so."""


@each_way
def test_types_that_git_drops_are_gone_whoever_scaled_them_before(
    user: Client, flags: tuple[str, ...]
) -> None:
    kept = {"clock": TYPES["clock"]}
    dropped = {name: a_process(replicas=2) for name in UPDATES}
    user.applied(a_formation(processes={**kept, **dropped}), *flags)
    for update in UPDATES.values():
        update(user)
    eventually(lambda: counts(user) == {"shop-clock": 1, **{f"shop-{name}": 7 for name in UPDATES}})
    eventually(lambda: declared(user, "child") == 7)
    user.reported()

    user.apply(a_formation(processes=kept), *flags)

    assert user.get("formation", "shop")["spec"]["processes"].keys() == kept.keys()
    eventually(lambda: counts(user) == {"shop-clock": 1})
    assert user.reported()["status"]["processes"].keys() == kept.keys()
