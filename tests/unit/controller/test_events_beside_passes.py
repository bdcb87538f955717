"""No pass waits until an Event is posted."""

import asyncio
import math

import pytest

from formation_operator.api import naming
from formation_operator.controller.intake import Controller
from formation_operator.kube import errors
from formation_operator.settings import Settings
from tests.shared.builders import a_formation, a_process, stored
from tests.unit import virtual_time
from tests.unit.fakes.cluster import FakeCluster, Incident
from tests.unit.fakes.objects import SCALE
from tests.unit.fakes.replica import at_work, bring_formations

FORMATION = a_formation(processes={name: a_process(replicas=2) for name in ("web", "worker")})
STUCK = Incident("notify", hangs=25, error=errors.UnavailableError("no answer"), times=math.inf)
SHOP = (naming.KIND, "default", "shop")


@pytest.mark.parametrize("incidents", [[], [STUCK]], ids=["posted", "stuck"])
def test_no_count_and_no_status_waits_for_an_event(incidents: list[Incident]) -> None:
    async def main() -> None:
        cluster = FakeCluster()
        cluster.put(naming.KIND, stored(FORMATION))
        controller = Controller(cluster, Settings(), virtual_time.now)
        bring_formations(cluster, controller)
        async with at_work(controller):
            await asyncio.sleep(10)
            cluster.incidents[:] = incidents
            cluster.merge("Deployment", "default", "shop-web", {"spec": {"replicas": 5}}, by=SCALE)
            cluster.remove("Deployment", "default", "shop-worker")
            await asyncio.sleep(0.5)
            cluster.merge(*SHOP, {"spec": {"processes": {"worker": {"replicas": 3}}}})
            await asyncio.sleep(2)
        assert cluster.read("Deployment", "default", "shop-worker")["spec"]["replicas"] == 3
        formation = cluster.read(*SHOP)
        assert formation["spec"]["processes"]["web"]["replicas"] == 5
        assert formation["status"]["observedGeneration"] == formation["metadata"]["generation"]
        assert bool(cluster.notices) == (not incidents)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    virtual_time.run(main())
