"""One process of the operator: its connections, its work and what it answers, from start to end.

On SIGTERM kopf ends its own watch, then calls `stop`, which ends the work and releases the Lease. The work
ends by itself if only a new process helps: the cluster is older than it was (`RestoredError`), or an
unexpected error. Then `end_process` raises SIGTERM, and `handlers.stop` makes the exit code 1. Without
credentials, or if an address can't be bound, it exits at once.
"""

import asyncio
import datetime
import gc
import logging
import signal
import socket
import sys
import uuid
from collections.abc import Mapping

from formation_operator.controller import election, leader
from formation_operator.controller.intake import Controller
from formation_operator.kube import api_server
from formation_operator.kube.session import connection, credentials
from formation_operator.settings import Settings
from formation_operator.status import poster
from formation_operator.sync import executor
from formation_operator.telemetry import server
from formation_operator.telemetry.bounded_port import Answer, Port
from formation_operator.telemetry.instruments import Instruments

logger = logging.getLogger(__name__)
LISTS = 8
"""Connections for lists, beside those for all passes and Events: so no request has to wait for one."""
GC_THRESHOLD = 5_000
"""How many new objects start a run of the garbage collector, for which everything waits.

kopf leaves a cycle with the whole Formation behind at each event, each written status included: a run after
ten times as many takes ten times as long, and a count that comes then waits for it. Python's own threshold
would search each page of a list a hundred times.
"""
GC_AT_START = 500_000
"""The same until everything has been listed: nearly all objects until then are kept.

Where the cluster can't be reached, the garbage of some thousand tries takes some 60 MB.
"""


class Process:
    """Works while it holds the Lease, or always if there is none."""

    def __init__(self, settings: Settings) -> None:
        """Take how to run."""
        self._settings = settings
        self._instruments = Instruments()
        self._work: asyncio.Task[None] | None = None
        self._leader: leader.Leader | None = None
        self._open: list[api_server.Kube | Port] = []
        self.server: connection.Connection

    async def start(self) -> None:
        """Connect, list all that is watched, start the work, and serve health and metrics."""
        gc.set_threshold(GC_AT_START)
        try:
            self.server = await connection.login(
                connections=self._settings.workers * executor.CONCURRENT_WRITES + poster.AT_ONCE + LISTS,
                requested=self._instruments.requested,
            )
        except credentials.UnreadableError as error:
            sys.exit(str(error))
        self.controller = self._control()
        await self.controller.start()
        # The cache stays: a search through it would stop everything for up to a third of a second.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        self._work = asyncio.create_task(self.controller.run(), name="work")
        self._work.add_done_callback(end_process)
        await self._answer()

    def _control(self) -> Controller:
        """Return the controller, whose port writes only while this process holds the Lease."""
        cluster = api_server.Kube(self.server, timeout=self._settings.request_timeout)
        self._open.append(cluster)
        lead = leader.alone
        if lease := self._settings.lease:
            # One connection: if many have died, each renewal would get another dead one.
            for_lease = api_server.Kube(self.server.another(connections=1), timeout=election.ATTEMPT)
            self._open.append(for_lease)
            # The uuid tells two processes in one Pod apart.
            self._leader = leader.Leader(for_lease, lease, f"{socket.gethostname()}_{uuid.uuid4()}")
            self.server.fence.may_write = self._leader.leads
            lead = self._leader.run
        return Controller(cluster, self._settings, clock, lead, self._instruments)

    async def _answer(self) -> None:
        """Answer health checks, and serve metrics; exit if an address can't be bound."""
        if url := self._settings.liveness:
            checks = server.health(url, self._ended, self._unready)
            await self._listen("--liveness", server.address(url), checks)
        if at := self._settings.metrics:
            answers = {server.METRICS: server.exposition(self._instruments.registry)}
            await self._listen("--metrics", at, answers)

    async def _listen(self, flag: str, at: server.Address, answers: Mapping[str, Answer]) -> None:
        port = Port(answers)
        try:
            await port.listen(*at)
        except (OSError, UnicodeError) as error:  # UnicodeError: the host can't be a name
            sys.exit(f"{flag}: the address can't be used: {error}")
        self._open.append(port)

    def _ended(self) -> str:
        """Return why the process isn't alive; nothing if it is.

        That it answers shows that its loop runs. The backlog doesn't count: a tenant's burst must not end the
        process.
        """
        return "the work has ended" if self._work is None or self._work.done() else ""

    def _unready(self) -> str:
        """Return why the process couldn't take over; nothing if it could."""
        return self._ended() or (self._leader.unready if self._leader else "")

    async def stop(self) -> BaseException | None:
        """End the work, which releases the Lease, and close connections; return the error that ended it."""
        failure = None
        if self._work is not None:
            self._work.cancel()
            (failure,) = await asyncio.gather(self._work, return_exceptions=True)
        for each in self._open:
            await each.close()
        return None if isinstance(failure, asyncio.CancelledError) else failure


def end_process(work: asyncio.Task[None]) -> None:
    """Raise SIGTERM if the work has ended by itself, so that another process is started."""
    if not work.cancelled():
        logger.error("Stopping: %r", work.exception())
        signal.raise_signal(signal.SIGTERM)


def clock() -> datetime.datetime:
    """Return the present."""
    return datetime.datetime.now(datetime.UTC)
