"""The command line of the operator, and the settings that it makes."""

import argparse
import contextlib
import pathlib
import re
from collections.abc import Callable

from formation_operator import __version__
from formation_operator.api import naming
from formation_operator.settings import Settings
from formation_operator.telemetry import server

NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
LEASE = re.compile(rf"({NAMESPACE.pattern})/(?=.{{1,253}}$)({LABEL}(?:\.{LABEL})*)")
HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[-.0-9A-Za-z]*):[0-9]+")
HEALTH = re.compile(rf"http://{HOST_AND_PORT.pattern}(?!{server.READY}$)(?:/[-~\w][-.~\w]*)*/?", re.ASCII)
WORKERS = (1, 1000)
"""The least and the most; the chart's schema has the same."""
LONGEST_MANAGER = 128
"""Characters. The API server takes no longer name of a field manager."""
METRICS = ":9090"
POD_NAMESPACE = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Where a Pod finds the namespace that it is in."""


def settings(arguments: argparse.Namespace) -> Settings:
    """Return the settings of a parsed command line."""
    return Settings(
        namespaces=tuple(dict.fromkeys(arguments.namespace or ())),
        write_through=not arguments.no_write_through,
        honour=tuple(arguments.honour or ()),
        workers=arguments.workers,
        liveness=arguments.liveness or None,
        lease=arguments.lease,
        metrics=arguments.metrics,
    )


def parser() -> argparse.ArgumentParser:
    """Return the command line, with the defaults of `Settings`."""
    own = argparse.ArgumentParser(
        prog="formation-operator",
        description="Keeps the process types of every Formation running as declared. "
        "Uses the Pod's service account, or else the current kubeconfig.",
    )
    own.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    _add_work(own, Settings())
    _add_addresses(own, Settings())
    own.add_argument(
        "--lease",
        type=lease,
        default=lease_of_pod(),
        metavar="NAMESPACE/NAME",
        help="write only while holding this Lease, so several replicas may run; empty: none, for one replica "
        "(default: in a Pod formation-operator in the Pod's namespace, elsewhere none)",
    )
    own.add_argument(
        "--log-format",
        choices=["plain", "full", "json"],
        default="plain",
        help="format of the log: texts alone (plain), with times and levels (full), or JSON (json) "
        "(default: %(default)s)",
    )
    own.add_argument("-v", "--verbose", action="store_true", help="log every step")
    return own


def _add_work(own: argparse.ArgumentParser, defaults: Settings) -> None:
    """Add which Formations are worked on, and how."""
    own.add_argument(
        "-n",
        "--namespace",
        action="append",
        type=namespace,
        help="serve only this namespace (may be repeated; default: all)",
    )
    own.add_argument(
        "--workers",
        type=workers,
        default=defaults.workers,
        help=f"how many Formations are handled at once, {WORKERS[0]} to {WORKERS[1]} (default: %(default)s)",
    )
    own.add_argument(
        "--no-write-through",
        action="store_true",
        help="set back a Deployment that someone scaled, instead of writing its count to the Formation",
    )
    own.add_argument(
        "--honour",
        action="append",
        type=manager,
        metavar="MANAGER",
        help="also accept this client's edits of a Deployment's count as scale requests (may be repeated; "
        "Argo CD: argocd-server)",
    )


def _add_addresses(own: argparse.ArgumentParser, defaults: Settings) -> None:
    """Add where health checks and metrics are answered."""
    own.add_argument(
        "--liveness",
        type=answering,
        default=defaults.liveness if POD_NAMESPACE.exists() else "",
        metavar="URL",
        help="address of the health checks, and of /readyz beside it; no host: every address; empty: off "
        f"(default: in a Pod {defaults.liveness}, elsewhere off)",
    )
    own.add_argument(
        "--metrics",
        type=listening,
        default=METRICS if POD_NAMESPACE.exists() else None,
        metavar="HOST:PORT",
        help="address of /metrics; no host: every address; empty: off "
        f"(default: in a Pod {METRICS}, elsewhere off)",
    )


def namespace(text: str) -> str:
    """Return the name of a namespace, or raise `ArgumentTypeError`: kopf takes patterns, and watches none."""
    if not NAMESPACE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} isn't the name of a namespace; leave it out to serve all")
    return text


def manager(text: str) -> str:
    """Return the name of another client's field manager, or raise `ArgumentTypeError`."""
    if not 0 < len(text) <= LONGEST_MANAGER or not text.isprintable() or text == naming.FIELD_MANAGER:
        way_out = "kubectl get deployment NAME -o yaml --show-managed-fields shows them"
        raise argparse.ArgumentTypeError(f"{text!r} isn't another client's field manager: {way_out}")
    return text


def workers(text: str) -> int:
    """Return how many passes run at once, or raise `ArgumentTypeError`."""
    least, most = WORKERS
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} isn't a whole number from {least} to {most}")
    return value


def listening(text: str) -> server.Address | None:
    """Return where to listen, or nothing; raises `ArgumentTypeError`."""
    return _address(text, HOST_AND_PORT.fullmatch, f"HOST:PORT, such as {METRICS}") if text else None


def answering(text: str) -> str:
    """Return the URL at which health checks are answered, or nothing; raises `ArgumentTypeError`."""
    example = f"such as {Settings.liveness} ({server.READY} is taken)"
    if text:
        _address(text, HEALTH.fullmatch, f"http://HOST:PORT/PATH, {example}")
    return text


def _address(text: str, has_form: Callable[[str], object], described: str) -> server.Address:
    """Return the address of a text that has a form; raises `ArgumentTypeError`."""
    with contextlib.suppress(ValueError):  # as where its port is too large
        if has_form(text):
            return server.address(text)
    raise argparse.ArgumentTypeError(f"{text!r} isn't {described}; leave it empty to turn it off")


def lease(text: str) -> tuple[str, str] | None:
    """Return the namespace and the name of a Lease, or nothing; raises `ArgumentTypeError`."""
    if not text:
        return None
    place = LEASE.fullmatch(text)
    if not place:
        way_out = "leave it empty for a single replica"
        raise argparse.ArgumentTypeError(f"{text!r} isn't NAMESPACE/NAME; {way_out}")
    return place[1], place[2]


def lease_of_pod(file: pathlib.Path = POD_NAMESPACE) -> tuple[str, str] | None:
    """Return the Lease of all replicas in the namespace of this Pod, if this is one."""
    return (file.read_text().strip(), naming.FIELD_MANAGER) if file.exists() else None
