"""Turns: looking at thousands of Pods holds up nobody else."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from formation_operator.observe.pods import Pod

IN_A_TURN = 64
"""Containers that are looked at before others have a turn; one Pod has as many at the most."""


class Turns:
    """Gives whoever else waits a turn after every few of the Pods that are looked at."""

    def __init__(self) -> None:
        self._looked_at = 0

    async def over(self, pods: Iterable[Pod]) -> AsyncIterator[Pod]:
        """Yield Pods; what one costs grows with its containers."""
        for pod in pods:
            containers = max(1, len(pod.containers))
            self._looked_at += containers
            if self._looked_at > IN_A_TURN:
                self._looked_at = containers
                await asyncio.sleep(0)
            yield pod
