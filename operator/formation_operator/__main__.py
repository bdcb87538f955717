"""Start the operator: ``formation-operator`` or ``python -m formation_operator``."""

import argparse
import asyncio
import datetime
import functools
import gc
import logging
import os
import pathlib
import re
import signal
import socket
import sys
import uuid
from collections.abc import Callable, Iterable

import kopf
import uvloop

from formation_operator import __version__
from formation_operator.api import naming
from formation_operator.controller import leader, watchdog, watches
from formation_operator.controller.intake import Controller
from formation_operator.kube import api_server, connection
from formation_operator.settings import Settings
from formation_operator.sync import executor
from formation_operator.telemetry import server
from formation_operator.telemetry.instruments import Instruments

LISTS = 8
"""Connections for what no pass asks for: with as many as all passes need, nobody stands in line for one."""
LAST_SECONDS = 15.0
"""For how long everything may come to its end once the passes, or a watch, have ended."""
NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
LEASE = re.compile(rf"({NAMESPACE.pattern})/([a-z0-9][-.a-z0-9]{{0,252}})")
METRICS = server.Address(server.ALL, 9090)
POD_NAMESPACE = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Where a Pod finds the namespace that it is in."""
YOUNG = 50_000
"""How many objects may have come until those are looked for that only refer to each other any more.

None of what is parsed does, and by default a page of a list would be searched more than a hundred times.
"""


def main() -> None:
    """Read the command line and run until a signal asks to stop."""
    arguments = parser().parse_args()
    kopf.configure(log_format=kopf.LogFormat[arguments.log_format.upper()], verbose=arguments.verbose)
    for chatty in ("kopf.objects", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    settings = Settings(
        namespaces=tuple(arguments.namespace or ()),
        write_through=not arguments.no_write_through,
        honour=tuple(arguments.honour or ()),
        workers=arguments.workers,
        resync=arguments.resync,
        liveness=arguments.liveness or None,
        lease=arguments.lease,
        metrics=arguments.metrics,
        metrics_process_types=arguments.metrics_process_types,
    )
    gc.set_threshold(YOUNG)
    uvloop.run(run(settings))


def parser() -> argparse.ArgumentParser:
    """Return the command line, with the defaults of `Settings`."""
    defaults = Settings()
    own = argparse.ArgumentParser(
        prog="formation-operator",
        description="Keeps the process types of every Formation running as declared. "
        "Uses the Pod's service account, or else the current kubeconfig.",
    )
    own.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    own.add_argument(
        "-n",
        "--namespace",
        action="append",
        type=namespace,
        help="serve only this namespace (may be repeated; default: all)",
    )
    own.add_argument(
        "--workers",
        type=int,
        default=defaults.workers,
        help="Formations worked on at once (default: %(default)s)",
    )
    own.add_argument(
        "--no-write-through",
        action="store_true",
        help="set back a child that somebody scaled, instead of writing its count to the Formation",
    )
    own.add_argument(
        "--honour",
        action="append",
        metavar="MANAGER",
        help="take this client's edits of a child's count for scale requests, too (may be repeated; "
        "Argo CD: argocd-server)",
    )
    own.add_argument(
        "--resync",
        type=float,
        default=defaults.resync,
        help="seconds between two full comparisons with the cluster (default: %(default)s)",
    )
    own.add_argument(
        "--liveness",
        default=defaults.liveness,
        help="where to answer health checks; empty for nowhere (default: %(default)s, and /readyz beside it)",
    )
    own.add_argument(
        "--metrics",
        type=listening,
        default=METRICS if POD_NAMESPACE.exists() else None,
        metavar="HOST:PORT",
        help="where to serve /metrics; empty for nowhere "
        f"(default: in a Pod {METRICS.host}:{METRICS.port}, elsewhere nowhere)",
    )
    own.add_argument(
        "--metrics-process-types",
        type=int,
        default=defaults.metrics_process_types,
        metavar="NUMBER",
        help="list the replicas of so many process types at the most; 0 for none (default: %(default)s)",
    )
    own.add_argument(
        "--lease",
        type=lease,
        default=lease_of_pod(),
        metavar="NAMESPACE/NAME",
        help="write only while holding this Lease, so that several replicas may run; empty for a single one "
        "(default: in a Pod formation-operator in its namespace, elsewhere none)",
    )
    own.add_argument("--log-format", choices=["plain", "full", "json"], default="plain")
    own.add_argument("-v", "--verbose", action="store_true", help="log every step")
    return own


def namespace(text: str) -> str:
    """Return the name of a namespace, or raise `ArgumentTypeError`: kopf takes patterns, and watches none."""
    if not NAMESPACE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} isn't the name of a namespace; leave it out to serve all")
    return text


def listening(text: str) -> server.Address | None:
    """Return where to listen, or nothing; raises `ArgumentTypeError`."""
    try:
        return server.address(text) if text else None
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def lease(text: str) -> tuple[str, str] | None:
    """Return the namespace and the name of a Lease, or nothing; raises `ArgumentTypeError`."""
    if not text:
        return None
    place = LEASE.fullmatch(text)
    if not place:
        raise argparse.ArgumentTypeError(f"{text!r} isn't NAMESPACE/NAME")
    return place[1], place[2]


def lease_of_pod(file: pathlib.Path = POD_NAMESPACE) -> tuple[str, str] | None:
    """Return the Lease of all replicas in the namespace of this Pod, if this is one."""
    return (file.read_text().strip(), naming.FIELD_MANAGER) if file.exists() else None


async def run(settings: Settings) -> None:
    """Run the operator inside kopf; ends the process with an error when a watch is lost or the passes die."""
    instruments = Instruments()
    opened = await connection.login(
        connections=settings.workers * executor.AT_ONCE + LISTS, requested=instruments.requested
    )
    connected = functools.partial(api_server.Kube, opened, timeout=settings.request_timeout)
    controller = control(connected, settings, instruments)
    registry = kopf.OperatorRegistry()
    watches.register(registry, controller, opened)
    loop, stop, started = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    # kopf listens to it only once it runs itself.
    loop.add_signal_handler(signal.SIGTERM, sys.exit, 0)
    await controller.start()
    # All that is known stays: a search through it would stop everything for as long as a third of a second.
    gc.collect()
    gc.freeze()

    def end(_: object) -> None:
        stop.set()
        # kopf may wait for ever for a watch of its own that has died.
        loop.call_later(LAST_SECONDS, os._exit, 1)

    work = asyncio.create_task(controller.run(), name="passes")
    watch = asyncio.create_task(watchdog.until_broken(settings.namespaces), name="watchdog")
    for task in (work, watch):
        task.add_done_callback(end)
    listen = asyncio.create_task(stop_first(work, started), name="signals")
    ended, unready = health(settings, (work, watch), started)
    answering = server.Answering()
    await answering.health(settings.liveness, ended, unready)
    await answering.metrics(settings.metrics, instruments.registry)
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


def control(
    connected: Callable[..., api_server.Kube], settings: Settings, instruments: Instruments
) -> Controller:
    """Return what works while it holds the Lease, or always where there is none."""

    def clock() -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC)

    if settings.lease is None:
        return Controller(connected(), settings, clock, instruments=instruments)
    # Of two processes in one Pod the second mustn't take the first one's Lease for its own.
    replica = leader.Leader(connected(), settings.lease, f"{socket.gethostname()}_{uuid.uuid4()}")
    return Controller(connected(may_write=replica.leads), settings, clock, replica.run, instruments)


def health(
    settings: Settings, needed: Iterable[asyncio.Task[None]], started: asyncio.Event
) -> tuple[Callable[[], str], Callable[[], str]]:
    """Return what tells why the operator doesn't live, and why it isn't ready; nothing if it is.

    The loop turns if it answers. How much waits is no matter: a burst of one tenant must end nobody.
    """

    def ended() -> str:
        return ", ".join(f"{task.get_name()} ended" for task in needed if task.done())

    def unready() -> str:
        lost = watchdog.unwatched(settings.namespaces) if started.is_set() else {"it starts"}
        return ended() or ", ".join(sorted(lost))

    return ended, unready


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
