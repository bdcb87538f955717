"""A pass holds few manifests at a time, and renders nothing that is no part of a content."""

import asyncio
import gc

from formation_operator.api import bounds, naming
from formation_operator.kube.port import Object
from formation_operator.render.intents import Intent
from formation_operator.sync.executor import CONCURRENT_WRITES
from tests.shared.builders import stored
from tests.unit import largest
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Operator, Time


async def test_no_more_manifests_are_held_during_a_pass_than_of_the_types_that_are_written_at_once() -> None:
    def held() -> int:
        intents = (each for each in gc.get_objects() if isinstance(each, Intent) and each.manifest)
        return sum(bounds.size(each.manifest) for each in intents)

    class Weighing(FakeCluster):
        """Weighs the manifests that are held whenever an object is made."""

        most = 0

        async def create(self, manifest: Object, *, manager: str) -> Object:
            for _ in range(20):  # as long as it takes to render some types
                await asyncio.sleep(0)
            self.most = max(self.most, held())
            return await super().create(manifest, manager=manager)

    cluster = Weighing()
    cluster.put(naming.KIND, stored(largest.filled(largest.shared, 4 * 1024)))
    gc.collect()
    gc.freeze()  # what was there before is none of the pass, and is weighed no more
    try:
        await Operator(cluster, Time()).work()
    finally:
        gc.unfreeze()
    made = cluster.all("Deployment")
    assert len(made) == 32
    of_a_type = bounds.size({**made[0], "metadata": {**made[0]["metadata"], "managedFields": []}})
    assert cluster.most < 1.5 * CONCURRENT_WRITES * of_a_type
