"""How the operator is put together where it runs."""

import asyncio
from typing import cast

from formation_operator import __main__ as main
from formation_operator.kube import api_server
from formation_operator.kube.objects import kinds
from formation_operator.settings import Settings
from formation_operator.telemetry.instruments import Instruments
from tests.unit import virtual_time
from tests.unit.fakes.cluster import FakeCluster


def test_the_lease_is_asked_for_over_a_connection_of_its_own() -> None:
    """Where many connections have died, each renewal would meet another one, and the Lease be lost."""
    passes, lease = FakeCluster(), FakeCluster()

    async def run() -> None:
        controller, _ = main.control(
            lambda **_: cast("api_server.Kube", passes),
            cast("api_server.Kube", lease),
            Settings(lease=("formation-system", "formation-operator")),
            Instruments(),
        )
        running = asyncio.create_task(controller.run())
        await asyncio.sleep(30)
        running.cancel()
        await asyncio.wait([running])

    virtual_time.run(run())
    assert lease.asked("patch", kinds.LEASE)
    assert not [call for call in passes.calls if call.kind == kinds.LEASE]
