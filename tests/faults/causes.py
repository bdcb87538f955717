"""Faults that aren't made on the way: of the cluster's processes, and of what its administrator sets up."""

import contextlib
import time
from collections.abc import Callable, Iterator

from tests.faults import daemons
from tests.faults.place import Place
from tests.faults.proxy import Bites, Call
from tests.live.client import Client

BINDING = "formation-operator"
Cause = Callable[[Place, Client], contextlib.AbstractContextManager[Bites]]
"""Brings a fault about within, or before."""


def refusals(place: Place) -> Bites:
    """Return what says how often the API server hasn't done from now on what it was asked for."""
    before = len(place.proxy.refusals)
    return lambda: len(place.proxy.refusals) - before


@contextlib.contextmanager
def no_rights(place: Place, user: Client) -> Iterator[Bites]:
    """Take all rights from the operator, and give them back."""
    binding = user.server.get("clusterrolebinding", "", BINDING)
    user.server.delete("clusterrolebinding", "", BINDING)
    place.proxy.cut(Call.watches)
    try:
        yield refusals(place)
    finally:
        about = {"name": BINDING, "labels": binding["metadata"].get("labels")}
        user.server.create("clusterrolebinding", "", {**binding, "metadata": about})


@contextlib.contextmanager
def quota(place: Place, user: Client) -> Iterator[Bites]:
    """Let no more Deployments into the namespace."""
    spec = {"hard": {"count/deployments.apps": "1"}}
    full = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full"}, "spec": spec}
    user.server.create("resourcequota", user.namespace, full)
    try:
        yield refusals(place)
    finally:
        user.server.delete("resourcequota", user.namespace, "full")


def stopped(name: str, seconds: float) -> Cause:
    """End one of the cluster's processes, and start it again later."""

    @contextlib.contextmanager
    def before(place: Place, _: Client) -> Iterator[Bites]:
        met = refusals(place)
        with daemons.without(place.cluster, name):
            time.sleep(seconds)
        yield met

    return before


def frozen(name: str, seconds: float) -> Cause:
    """Have one of the cluster's processes stand still."""

    @contextlib.contextmanager
    def before(place: Place, _: Client) -> Iterator[Bites]:
        asked = len(place.proxy.calls)
        with daemons.frozen(place.cluster, name):
            time.sleep(seconds)
        yield lambda: len(place.proxy.calls) - asked

    return before
