"""Leader election: `election` has the rules, this reads and writes the Lease.

The fence before each request (`kube/session`) ensures that only the leader writes.
"""

import asyncio
import contextlib
import datetime
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from formation_operator.controller.election import LEASE, LOOK, RENEW, Election
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Cluster, Object
from formation_operator.sync.versioned_writes import unchanged

logger = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]
Lead = Callable[[Work], Coroutine[Any, Any, None]]
"""Runs some work whenever this process may write."""
RELEASE_SECONDS = 2.0
"""How long a replica that stops tries to release the Lease; otherwise the others wait until it expires."""


# Linux' monotonic clock stands still while the machine is suspended: after that, two replicas would write.
SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def machine_clock() -> float:
    """Return the seconds since the machine booted, also while it was suspended."""
    return time.clock_gettime(SINCE_BOOT)


async def alone(work: Work) -> None:
    """Do the work of the only replica."""
    await work()


class Leader:
    """Holds a Lease, or waits for it."""

    def __init__(
        self,
        cluster: Cluster,
        lease: tuple[str, str],
        identity: str,
        *,
        clock: Callable[[], float] = machine_clock,
    ) -> None:
        """Take a port without a fence, the Lease's namespace and name, and this replica's identity.

        Each request of the port ends after `ATTEMPT` seconds: taking a Lease needs several.
        The clock must be the machine's own: the loop's stands still while the process does.
        """
        self._cluster = cluster
        self._namespace, self._name = lease
        self._election = Election(identity)
        self._clock = clock
        self._logged = ""
        self.unready = "the Lease hasn't been read yet"
        """Why this replica couldn't take over; empty if only the Lease has to expire."""

    def leads(self) -> bool:
        """Return whether this replica may start to write at this moment."""
        return self._election.leads(self._clock())

    async def run(self, work: Work) -> None:
        """Work whenever this replica leads, and release the Lease at the end.

        This ends if the work ends by itself.
        """
        try:
            while True:
                if await self._try(self._take):
                    await self._lead(work)
                else:
                    await asyncio.sleep(LOOK)
        finally:
            await self._release()

    async def _lead(self, work: Work) -> None:
        """Work until the Lease is lost; all work has ended when this returns."""
        working = asyncio.create_task(work(), name="passes")
        try:
            while self.leads():
                remaining = self._election.remaining(self._clock())
                await asyncio.wait([working], timeout=min(remaining, RENEW))
                if working.done():
                    return await working
                if self.leads():
                    await self._try(self._write)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _try(self, step: Callable[[], Awaitable[None]]) -> bool:
        """Try to take the Lease, or to renew it in the remaining time; return whether this replica leads."""
        refused = False
        try:
            async with asyncio.timeout(self._election.remaining(self._clock()) or None):
                await step()
        except TimeoutError:
            self._say(logging.WARNING, "the API server doesn't answer in time")
        except errors.ClusterError as error:
            refused = isinstance(error, errors.RefusedError | errors.NotFoundError)
            self._say(logging.WARNING, str(error))
        self.unready = "the Lease is refused" if refused else ""
        return self.leads()

    async def _take(self) -> None:
        """Take the Lease if it is free; log its holder if it isn't."""
        await self._look()
        if self._election.is_free(self._clock()):
            await self._write()
        elif self._election.is_new:
            self._say(logging.INFO, f"it is new: a holder of an older one may write for {LEASE:.0f} s")
        else:
            self._say(logging.INFO, f"{lenient.shown(self._election.holder)} leads")

    async def _write(self) -> None:
        """Write the Lease if it still has the version that was read last; otherwise read it."""
        spec = self._election.taken(wall_clock())
        sent = self._clock()
        try:
            self._election.held(await self._put(spec), sent)
            self._say(logging.INFO, "")
        except (errors.ConflictError, errors.NotFoundError):
            await self._look()  # another replica was faster, or it was deleted

    async def _put(self, spec: Object) -> Object:
        """Write the spec, which is a conflict unless the Lease has the version that was read last."""
        changes = [*unchanged(self._election.metadata), {"op": "add", "path": "/spec", "value": spec}]
        return await self._cluster.patch(kinds.LEASE, self._namespace, self._name, changes)

    async def _look(self) -> None:
        """Read the Lease; if there is none, create one without a holder."""
        lease = await self._cluster.get(kinds.LEASE, self._namespace, self._name)
        if lease is None:
            metadata = {"namespace": self._namespace, "name": self._name}
            version = kinds.BY_NAME[kinds.LEASE].api_version
            new = {"apiVersion": version, "kind": kinds.LEASE, "metadata": metadata}
            with contextlib.suppress(errors.ConflictError):  # another replica was faster
                lease = await self._cluster.create(new, manager=self._election.identity)
        if lease is not None:
            self._election.see(lease, self._clock())

    async def _release(self) -> None:
        """Release the Lease, within a short time, if this replica holds it.

        A read shows that: an answer may have been lost. If this fails, the Lease expires.
        """
        self._election.ended()
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await self._look()
                if self._election.holder == self._election.identity:
                    await self._put(self._election.released(wall_clock()))
                    logger.info("Lease %s/%s is released", self._namespace, self._name)
        except (errors.ClusterError, TimeoutError) as error:
            logger.warning("Lease %s/%s can't be released: %r", self._namespace, self._name, error)

    def _say(self, level: int, why_not: str) -> None:
        """Log whether this replica leads, and why not, whenever that changes."""
        role = "This replica leads" if self.leads() else "This replica writes nothing"
        text = f"{role}: {why_not or 'it holds the lease'}"
        if text != self._logged:
            self._logged = text
            logger.log(level, "Lease %s/%s: %s", self._namespace, self._name, text)


def wall_clock() -> str:
    """Return the time as Leases have it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
