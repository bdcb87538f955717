"""kopf's side: every handler takes an event into the cache and asks for a pass. Nothing else.

Only ``on.event`` handlers: any other kind of kopf's would write annotations or finalizers to the
user's object, and keeps no queue.  They return nothing, because kopf writes results to the status.
"""

import asyncio
import dataclasses
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import kopf

from formation_operator import kinds
from formation_operator.controller import Controller

LOGIN_PAUSE = 1.0
"""Seconds before another try to log in: a server that refuses us isn't asked more often."""


def register(registry: kopf.OperatorRegistry, controller: Controller) -> None:
    """Connect the watches of every kind that matters to a controller."""
    kopf.on.login(registry=registry, id="login")(login())
    for kind in kinds.WATCHED:
        kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(
            handler(controller, kind.name)
        )


def login() -> Callable[..., Coroutine[None, None, kopf.ConnectionInfo | None]]:
    """Return what logs in as kopf's own way does, but for that it may do so again with what was refused once.

    kopf gives up on credentials that it knows already, though the server may have refused them only for
    a moment, as while it starts.
    """
    tries = itertools.count()

    async def logged_in(**given: Any) -> kopf.ConnectionInfo | None:
        number = next(tries)
        if number:
            await asyncio.sleep(LOGIN_PAUSE)
        found = kopf.login_via_client(**given)
        # The priority makes it another one to kopf, and means nothing where there is but one.
        return found and dataclasses.replace(found, priority=number)

    return logged_in


def handler(controller: Controller, kind: str) -> Callable[..., Coroutine[None, None, None]]:
    """Return what takes in the events of a kind."""

    async def seen(event: kopf.RawEvent, **_: Any) -> None:
        controller.see(kind, dict(event["object"]), deleted=event["type"] == "DELETED")

    return seen
