"""Start the operator: ``formation-operator`` or ``python -m formation_operator``."""

import argparse
import asyncio
import datetime
import gc
import logging
import os
import re
import signal
import sys

import kopf
import uvloop

from formation_operator import __version__
from formation_operator.api import naming
from formation_operator.controller import watchdog, watches
from formation_operator.controller.intake import Controller
from formation_operator.kube import api_server, connection
from formation_operator.settings import Settings
from formation_operator.sync import executor

LISTS = 8
"""Connections for what no pass asks for: with as many as all passes need, nobody stands in line for one."""
LAST_SECONDS = 15.0
"""For how long everything may come to its end once the passes, or a watch, have ended."""
YOUNG = 50_000
"""How many objects may have come until those are looked for that only refer to each other any more.

None of what is parsed does, and by default a page of a list would be searched more than a hundred times.
"""
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


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
        help="where to answer health checks; empty for nowhere (default: %(default)s)",
    )
    own.add_argument("--log-format", choices=["plain", "full", "json"], default="plain")
    own.add_argument("-v", "--verbose", action="store_true", help="log every step")
    return own


def namespace(text: str) -> str:
    """Return the name of a namespace, or raise `ArgumentTypeError`: kopf takes patterns, and watches none."""
    if not NAMESPACE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} isn't the name of a namespace; leave it out to serve all")
    return text


async def run(settings: Settings) -> None:
    """Run the operator inside kopf; ends the process with an error when a watch is lost or the passes die."""
    api = await connection.login(connections=settings.workers * executor.AT_ONCE + LISTS)
    cluster = api_server.Kube(api, timeout=settings.request_timeout)
    controller = Controller(cluster, settings, lambda: datetime.datetime.now(datetime.UTC))
    registry = kopf.OperatorRegistry()
    watches.register(registry, controller, cluster)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
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
    await kopf.operator(
        registry=registry,
        settings=watchdog.kopf_settings(),
        standalone=True,
        identity=watchdog.IDENTITY,
        clusterwide=not settings.namespaces,
        namespaces=settings.namespaces,
        liveness_endpoint=settings.liveness,
        stop_flag=stop,
    )
    await finish(work, watch)
    await cluster.close()


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
