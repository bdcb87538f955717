"""What a client has to do for its Formations where there is no operator."""

import asyncio
from collections.abc import Iterable

from hack.bench.api import Api, Object
from hack.bench.users import work


class Hands:
    """What is left to us after a Formation was written: nothing, unless nobody else does the job."""

    def __init__(self, client: Api | None) -> None:
        """Take the connection to do the job with, if it is ours."""
        self._client = client

    async def follow(self, formation: Object, kinds: Iterable[str] = work.TYPES) -> None:
        """Write the Deployments of some types and the status."""
        if self._client is None:
            return
        await asyncio.gather(*(self._client.apply(work.deployment(formation, kind)) for kind in kinds))
        await self._client.apply(work.status(formation), "/status")
