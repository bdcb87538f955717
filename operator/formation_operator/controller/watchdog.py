"""How kopf is set up to watch, and a check that it really does.

It doesn't restart a watch that was cancelled (nolar/kopf#1276), while its health check stays green: the
process then ends with an error, so that its manager starts a new one.
"""

import asyncio
import itertools
from collections.abc import Iterator, Sequence

import kopf
from kopf._core.engines.peering import Identity

from formation_operator.api import naming
from formation_operator.kube.objects import kinds

FIRST_CHECK = 60.0
EVERY = 10.0
"""Seconds."""
RETRY = 1.0
"""Seconds after which kopf asks again for what it didn't get."""
NEVER = 365.0 * 24 * 3600
"""Seconds of silence after which kopf gives a watch up, and may end its task: `kube.watches` comes before."""
# Given, because kopf would look up the user's name, and a random uid has none.
IDENTITY = Identity(naming.FIELD_MANAGER)


class WatchLostError(Exception):
    """A kind isn't watched any more, so what happens to it would go unseen."""


class Pauses:
    """kopf's pauses between tries: as many as it takes. After the last of a number it ends the process."""

    def __iter__(self) -> Iterator[float]:
        """Begin anew."""
        return itertools.repeat(RETRY)


def kopf_settings() -> kopf.OperatorSettings:
    """Return kopf's settings: it watches, and writes nothing."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.server_timeout = 300
    settings.watching.connect_timeout = 10
    settings.watching.inactivity_timeout = NEVER
    settings.networking.request_timeout = None  # a list of ours waits until a kind is there
    settings.networking.error_backoffs = Pauses()
    for kind in kinds.WATCHED:
        if kind.labelled:
            selectors = settings.watching.label_selectors
            selectors[kind.group, kind.version, kind.plural] = naming.FORMATION_LABEL
    return settings


def unwatched(namespaces: Sequence[str]) -> set[str]:
    """Return the names of the tasks that should watch a kind in a namespace, or in all, and don't."""
    needed = {f"{kind.task}@{namespace}" for kind in kinds.WATCHED for namespace in namespaces or (None,)}
    return needed - {task.get_name() for task in asyncio.all_tasks() if not task.done()}


async def until_broken(namespaces: Sequence[str]) -> None:
    """Run until a kind isn't watched any more; then raise `WatchLostError`."""
    await asyncio.sleep(FIRST_CHECK)
    before: set[str] = set()
    while True:
        lost = unwatched(namespaces)
        # Twice in a row: while the operator stops, kopf ends its watchers shortly before us.
        if lost & before:
            raise WatchLostError(f"{', '.join(sorted(lost))}: gone")
        before = lost
        await asyncio.sleep(EVERY)
