"""What an attacker tried on rollouts after they had one record."""

import json
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.kube.objects import deploys, listings, timestamps
from tests.shared import builders
from tests.shared.builders import a_formation, a_process
from tests.unit import virtual_time
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.releasing import an_app
from tests.unit.fakes.shop import KEY, REVISION, Shop
from tests.unit.gates.machine import Gates


async def test_an_orphan_of_a_type_that_is_called_like_a_canary_is_neither_adopted_nor_deleted() -> None:
    web, own = a_process("/web", replicas=2), a_process("/own", replicas=2)
    shop = await an_app({"web": web, "web-canary": own}, canary={"seconds": 0})
    shop.run_well()
    shop.leave("Deployment")
    again = a_formation(image="shop:v1", canary={"seconds": 0}, processes={"web": web})
    shop.cluster.put(naming.KIND, builders.stored(again, uid="uid-2"))
    shop.restart()
    await shop.settle()
    shop.declare(image="shop:v2", canary={"seconds": 10})
    await shop.settle()
    orphan = shop.cluster.read("Deployment", "default", "shop-web-canary")
    assert (orphan["spec"]["replicas"], orphan["metadata"].get("ownerReferences")) == (2, None)
    assert shop.ready_reason == "NameTaken"


@pytest.mark.parametrize("types", [1, 8])
def test_a_pass_waits_once_for_events_that_do_not_come(types: int) -> None:
    async def story() -> int:
        names = [f"t{number}" for number in range(types)]
        processes = {name: a_process(f"/{name}", replicas=3) for name in names}
        shop = Shop(a_formation(image="shop:v1", processes=processes))
        await shop.settle()
        shop.run_well()
        await shop.settle()
        for name in names:
            container = builders.a_container({"waiting": {"reason": "ContainerCreating"}}, name=name)
            labels = {naming.PROCESS_TYPE_LABEL: name}
            pod = builders.a_pod(container, name=name, uid=name, process_type=name, labels=labels)
            shop.cluster.put("Pod", pod)
            unready = {"status": {"readyReplicas": 0, "availableReplicas": 0}}
            shop.cluster.merge("Deployment", "default", f"shop-{name}", unready)
        shop.refuse("select", "Event", hangs=30.0)
        shop.time.seconds += 100
        before = len(shop.cluster.calls)
        await shop.operator.run(KEY)
        return len([call for call in shop.cluster.calls[before:] if call.kind == "Event"])

    assert virtual_time.run(story()) == 1


async def test_a_deploy_names_its_author_although_the_leader_has_changed_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = Shop()
    shop.cluster.stamp = lambda: timestamps.rfc3339(shop.time())
    await shop.settle()
    shop.time.seconds += 100
    shop.cluster.merge(naming.KIND, *KEY, {"spec": {"image": "shop:v2"}}, by=Owner("ci", "Update"))
    whole = shop.cluster.all

    def as_a_list(kind: str) -> list[Any]:
        page = json.dumps({"metadata": {}, "items": whole(kind)}).encode()
        return [*listings.PAGE.decode(page)["items"]] if kind == naming.KIND else whole(kind)

    with monkeypatch.context() as patched:
        patched.setattr(shop.cluster, "all", as_a_list)
        shop.restart()
    await shop.settle()
    logs = [deploys.read(raw["metadata"]["annotations"]) for raw in shop.cluster.all(REVISION)]
    assert "ci" in {each.by for log in logs for each in log}


def test_a_stop_reaches_a_removed_type_that_is_called_like_a_canary() -> None:
    gates = Gates()
    gates.begin(canary=False)
    try:
        gates.change_type("web-canary")
        gates.time_passes(70)
        gates.lose(REVISION)
        gates.new_leader()
        gates.declare(image="shop:v9", canary={"seconds": 10}, processes={"web-canary": None})
        gates.time_passes(60)
        gates.declare(suspend=True)
        gates.time_passes(120)
        assert set(gates.world.counts().values()) == {0}
    finally:
        gates.world.runner.close()


async def test_a_forged_number_of_zero_names_no_content() -> None:
    shop = Shop()
    await shop.settle()
    shop.run_well()
    await shop.settle()
    forged = {naming.CONTENT_ANNOTATION: f"0-{shop.name.removeprefix('shop-')}"}
    for raw in shop.cluster.all("Deployment"):
        name, ours = raw["metadata"]["name"], Owner(naming.FIELD_MANAGER, "Apply")
        shop.cluster.merge("Deployment", "default", name, {"metadata": {"annotations": forged}}, by=ours)
    shop.remove(REVISION)
    shop.restart()
    shop.time.seconds += 2
    await shop.settle()
    assert shop.ready_reason != "InternalError"
