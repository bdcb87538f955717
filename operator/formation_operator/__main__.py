"""Start the operator: ``formation-operator`` or ``python -m formation_operator``."""

import asyncio
import datetime
import functools
import gc
import logging
import os
import signal
import socket
import sys
import uuid
from collections.abc import Callable, Iterable

import kopf
import uvloop

from formation_operator import command_line
from formation_operator.api import naming
from formation_operator.controller import leader, watchdog, watches
from formation_operator.controller.intake import Controller
from formation_operator.kube import api_server
from formation_operator.kube.session import connection
from formation_operator.settings import Settings
from formation_operator.sync import executor
from formation_operator.telemetry import server
from formation_operator.telemetry.instruments import Instruments

LISTS = 8
"""Connections for what no pass asks for: with as many as all passes need, nobody stands in line for one."""
LAST_SECONDS = 15.0
"""For how long everything may come to its end once the passes, or a watch, have ended."""
YOUNG = 50_000
"""How many objects may have come until those are looked for that only refer to each other any more.

None of what is parsed does, and by default a page of a list would be searched more than a hundred times.
"""
FIRST = 500_000
"""The same until all has been listed once: nearly all that comes by then is kept.

What is left of some thousand tries, where the cluster can't be reached, is some 60 MB.
"""


def main() -> None:
    """Read the command line and run until a signal asks to stop."""
    arguments = command_line.parser().parse_args()
    kopf.configure(log_format=kopf.LogFormat[arguments.log_format.upper()], verbose=arguments.verbose)
    for chatty in ("kopf.objects", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    settings = command_line.settings(arguments)
    gc.set_threshold(FIRST)
    uvloop.run(run(settings))


async def run(settings: Settings) -> None:
    """Run the operator inside kopf; ends the process with an error when a watch is lost or the passes die."""
    instruments = Instruments()
    opened = await connection.login(
        connections=settings.workers * executor.AT_ONCE + LISTS, requested=instruments.requested
    )
    connected = functools.partial(api_server.Kube, opened, timeout=settings.request_timeout)
    # Of many connections that have died, each renewal would meet another one.
    for_lease = api_server.Kube(opened.another(connections=1), timeout=settings.request_timeout)
    controller, refused = control(connected, for_lease, settings, instruments)
    registry = kopf.OperatorRegistry()
    watches.register(registry, controller, opened)
    loop, stop, started = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    # kopf listens to it only once it runs itself.
    loop.add_signal_handler(signal.SIGTERM, sys.exit, 0)
    await controller.start()
    # All that is known stays: a search through it would stop everything for as long as a third of a second.
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)

    def end(_: object) -> None:
        stop.set()
        # kopf may wait for ever for a watch of its own that has died.
        loop.call_later(LAST_SECONDS, os._exit, 1)

    work = asyncio.create_task(controller.run(), name="passes")
    watch = asyncio.create_task(watchdog.until_broken(settings.namespaces), name="watchdog")
    for task in (work, watch):
        task.add_done_callback(end)
    listen = asyncio.create_task(stop_first(work, started), name="signals")
    ended, unready = health(settings, (work, watch), started, refused)
    answering = await answer(settings, ended, unready, instruments)
    await kopf.operator(
        registry=registry,
        settings=watchdog.kopf_settings(),
        standalone=True,
        identity=watchdog.IDENTITY,
        clusterwide=not settings.namespaces,
        namespaces=settings.namespaces,
        ready_flag=started,
        stop_flag=stop,
    )
    await answering.close()
    await finish(work, watch, listen)
    await connected().close()
    await for_lease.close()


def control(
    connected: Callable[..., api_server.Kube],
    for_lease: api_server.Kube,
    settings: Settings,
    instruments: Instruments,
) -> tuple[Controller, Callable[[], str]]:
    """Return what works while it holds the Lease, or always where there is none; and what says why not."""

    def clock() -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC)

    if settings.lease is None:
        return Controller(connected(), settings, clock, instruments=instruments), str
    # Of two processes in one Pod the second mustn't take the first one's Lease for its own.
    replica = leader.Leader(for_lease, settings.lease, f"{socket.gethostname()}_{uuid.uuid4()}")
    gated = connected(may_write=replica.leads)
    return Controller(gated, settings, clock, replica.run, instruments), lambda: replica.unready


def health(
    settings: Settings,
    needed: Iterable[asyncio.Task[None]],
    started: asyncio.Event,
    refused: Callable[[], str],
) -> tuple[Callable[[], str], Callable[[], str]]:
    """Return what tells why the operator doesn't live, and why it isn't ready; nothing if it is.

    The loop turns if it answers. How much waits is no matter: a burst of one tenant must end nobody.
    """

    def ended() -> str:
        return ", ".join(f"{task.get_name()} ended" for task in needed if task.done())

    def unready() -> str:
        lost = watchdog.unwatched(settings.namespaces) if started.is_set() else {"it starts"}
        return ended() or ", ".join(sorted(lost)) or refused()

    return ended, unready


async def answer(
    settings: Settings, ended: Callable[[], str], unready: Callable[[], str], instruments: Instruments
) -> server.Answering:
    """Answer health checks, and serve metrics; exit where nobody can listen."""
    answering, flag = server.Answering(), "--liveness"
    try:
        await answering.health(settings.liveness, ended, unready)
        flag = "--metrics"
        await answering.metrics(settings.metrics, instruments.registry)
    except (OSError, UnicodeError) as error:  # the second of a host that can be nobody's name
        sys.exit(f"{flag}: nobody can listen there: {error}")
    return answering


async def stop_first(work: asyncio.Task[None], started: asyncio.Event) -> None:
    """Have a signal end the work, and that everything else, once kopf listens to signals: its end takes long.

    So another replica leads within a second.
    """
    await started.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)


async def finish(*tasks: asyncio.Task[None]) -> None:
    """End the tasks, or exit with what ended one of them."""
    for task in tasks:
        if task.done() and not task.cancelled() and task.exception() is not None:
            logging.getLogger(naming.FIELD_MANAGER).error("Stopping: %r", task.exception())
            sys.exit(1)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    main()
