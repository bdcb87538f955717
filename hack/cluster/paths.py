"""Where the cluster keeps its things: sources here, everything made outside the checkout.

Two folders are made.  The *cache* holds what is costly and never changes (binaries, Go, image
layers), keyed by the hash of what it is made from; it may be deleted at any time.  The *state*
holds one running cluster (etcd's data, certificates, logs, process ids) and goes with it.
"""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = ROOT / "hack" / "cluster" / "modules"


def cache() -> pathlib.Path:
    """Return the cache folder: ``FORMATION_CACHE``, or a folder in the user's cache home."""
    chosen = os.environ.get("FORMATION_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(chosen or pathlib.Path(home) / "formation-operator")


def logs() -> pathlib.Path:
    """Return the folder of the builds' logs."""
    return cache() / "logs"


def state() -> pathlib.Path:
    """Return the state folder of the one cluster that may run at a time."""
    return cache() / "cluster"


def sockets() -> pathlib.Path:
    """Return the folder for the sockets of a real node: a socket's path may have 107 characters at most."""
    return pathlib.Path("/run/formation-cluster")
