"""kopf's side: every handler takes an event into the cache and asks for a pass. Nothing else.

Only ``on.event`` handlers: any other kind of kopf's would write annotations or finalizers to the
user's object, and keeps no queue.  They return nothing, because kopf writes results to the status.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import kopf

from formation_operator import kinds
from formation_operator.controller import Controller


def register(registry: kopf.OperatorRegistry, controller: Controller) -> None:
    """Connect the watches of every kind that matters to a controller."""
    kopf.on.login(registry=registry)(kopf.login_via_client)
    for kind in kinds.WATCHED:
        kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(
            handler(controller, kind.name)
        )


def handler(controller: Controller, kind: str) -> Callable[..., Coroutine[None, None, None]]:
    """Return what takes in the events of a kind."""

    async def seen(event: kopf.RawEvent, **_: Any) -> None:
        controller.see(kind, dict(event["object"]), deleted=event["type"] == "DELETED")

    return seen
