"""Bring the cluster up and down; whatever a crashed run left behind goes first."""

import contextlib
import os
import shutil
import sys

from hack.cluster import (
    build,
    cluster,
    control_plane,
    host,
    locks,
    paths,
    processes,
    progress,
    real_node,
    record,
    settings,
    simulated_node,
)
from hack.cluster.errors import ClusterError

NODES = ("real", "simulated", "none")
MODULES = {"real": build.REAL_NODE, "simulated": build.SIMULATED_NODE, "none": ()}


def default_node() -> str:
    """Return ``KUBE_NODE``, or a real node where this machine and user can run one."""
    chosen = os.environ.get("KUBE_NODE")
    if chosen:
        return chosen
    return "real" if os.geteuid() == 0 else "simulated"


def up(node: str | None = None, *, controllers: bool = True) -> cluster.Cluster:
    """Return the running cluster with this kind of node, started if it doesn't run yet.

    Without controllers it is etcd and the API server alone: nobody else writes.
    """
    progress.restart()
    if sys.platform != "linux":
        raise ClusterError("this cluster runs on Linux: use one that you have")
    kind = node or default_node()
    if kind not in NODES:
        raise ClusterError(f"a node is one of {', '.join(NODES)}, not {kind!r}")
    if kind == "real":
        host.require_root()
    if kind != "none" and not controllers:
        raise ClusterError("a node is of no use without controllers: they make its pods")
    with alone():
        old = record.load()
        running = current()
        if old and running and is_wanted(old, kind, controllers=controllers):
            progress.step(f"the cluster is up already ({kind} node): kept")
            return running
        if old:
            why = f"the cluster with node {old.node!r}" if running else "a cluster that was cut short"
            clean(old)
            progress.step(f"{why} was still here: removed")
        return start(kind, controllers=controllers)


def is_wanted(old: record.Record, kind: str, *, controllers: bool) -> bool:
    """Tell whether a cluster is as it is asked for, of that version of everything."""
    binaries = build.places((*build.CONTROL, *MODULES[kind]))
    same = old.binaries == {name: str(path) for name, path in binaries.items()}
    return same and (old.node, old.controllers) == (kind, controllers)


def start(kind: str, *, controllers: bool) -> cluster.Cluster:
    """Start a cluster; if that fails, only its logs stay."""
    if kind == "real":
        host.require_possible()
    binaries = build.ensure((*build.CONTROL, *MODULES[kind]))
    shutil.rmtree(paths.state(), ignore_errors=True)
    listens = settings.BRIDGE_ADDRESS if kind == "real" else settings.LOOPBACK
    server = f"https://{listens}:{settings.port(settings.API_PORT)}"
    new = record.Record(kind, server, {name: str(path) for name, path in binaries.items()}, controllers)
    new.save()
    try:
        start_parts(new)
    except BaseException:
        clean(new, keep_logs=True)
        raise
    new.ready = True
    new.save()
    return cluster.of(new)


def start_parts(new: record.Record) -> None:
    """Start everything; what doesn't need each other starts at the same time."""
    if new.node == "real":
        real_node.prepare(new)
    keys = control_plane.make_keys(paths.state() / "pki")
    control_plane.kubeconfig(new, keys, *control_plane.ADMIN)
    running = cluster.of(new)
    control_plane.start(new, keys)
    if new.node == "real":
        real_node.start_runtime(new)
        progress.step("the container runtime is ready")
    control_plane.wait(new, running)
    progress.step("the API server is ready")
    if not new.controllers:
        return
    control_plane.start_controllers(new, keys)
    start_node(new, keys, running)
    control_plane.wait_for_controllers(new, running)
    progress.step("the controllers are at work")


def start_node(new: record.Record, keys: control_plane.Keys, running: cluster.Cluster) -> None:
    """Start the node that was asked for and wait until it is ready."""
    if new.node == "real":
        real_node.start(new, keys)
        real_node.wait(new, running)
        progress.step("the node is ready: containers run on this machine")
    elif new.node == "simulated":
        simulated_node.start(new, keys)
        simulated_node.wait(new, running)
        progress.step("the node is ready: it is simulated by kwok, nothing really runs in its pods")


def down(*, keep_logs: bool = False) -> None:
    """End the cluster and leave the machine as it was, but for its logs if they are to stay."""
    progress.restart()
    with alone():
        old = record.load()
        clean(old, keep_logs=keep_logs)
        progress.step("the cluster is down" if old else "no cluster is up")


def clean(old: record.Record | None, *, keep_logs: bool = False) -> None:
    """End whatever a cluster has started, whether it came up or not, and forget it."""
    if old is None:
        return
    with progress.patiently("ending the cluster's processes"):
        processes.kill([*old.guests, *old.daemons])
    if old.node == "real":
        real_node.clean(old)
    record.file().unlink(missing_ok=True)
    with progress.patiently("deleting the cluster's files"):
        for entry in paths.state().iterdir():
            if entry.is_dir() and not (keep_logs and entry.name == "logs"):
                shutil.rmtree(entry)
            elif entry.is_file():
                entry.unlink()


def current() -> cluster.Cluster | None:
    """Return the cluster if all of it is running."""
    known = record.load()
    if known is None or not known.ready:
        return None
    alive = all(processes.is_alive(process) for process in known.daemons)
    return cluster.of(known) if alive else None


def start_guest(name: str, command: list[str], environment: dict[str, str]) -> processes.Process:
    """Start something on the cluster that is up, with which it ends, in place of one of its name."""
    with alone():
        return record.known().start_guest(name, command, environment)


def alone() -> contextlib.AbstractContextManager[None]:
    """Let only one command at a time change the cluster."""
    return locks.held("cluster", "starting or ending the cluster")
