"""kopf's side: every handler takes an event into the cache and asks for a pass. Nothing else.

Only ``on.event`` handlers: any other kind of kopf's would write annotations or finalizers to the
user's object, and keeps no queue.  They return nothing, because kopf writes results to the status.
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import kopf

from formation_operator.controller.intake import Controller
from formation_operator.kube import kinds, lists

LOGIN_PAUSE = 1.0
"""Seconds before another try to log in: a server that refuses us isn't asked more often."""


def register(registry: kopf.OperatorRegistry, controller: Controller) -> None:
    """Connect the watches of every kind that matters to a controller."""
    kopf.on.login(registry=registry, id="login")(login(controller))
    for kind in kinds.WATCHED:
        kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(
            handler(controller, kind.name)
        )


def login(controller: Controller) -> Callable[..., Coroutine[None, None, kopf.AiohttpSession | None]]:
    """Return what logs in as kopf's own way does, but with a session whose lists are ours.

    kopf gives up on credentials that it knows already, though the server may have refused them only for
    a moment, as while it starts: a session of its own makes them others each time.
    """
    tries = itertools.count()

    async def logged_in(**given: Any) -> kopf.AiohttpSession | None:
        if next(tries):
            await asyncio.sleep(LOGIN_PAUSE)
        found = kopf.login_via_client(**given)
        return session(found, controller) if found is not None else None

    return logged_in


def session(found: kopf.ConnectionInfo, controller: Controller) -> kopf.AiohttpSession:
    """Return the credentials as a session, which kopf closes when they are refused."""
    return kopf.AiohttpSession(
        server=found.server,
        default_namespace=found.default_namespace,
        aiohttp_session=lists.session(
            lists.Lists(found.server, controller.scopes, controller.since),
            ssl=found.as_ssl_context(),
            headers=found.as_http_headers(),
            proxy=found.proxy_url,
            trust_env=found.trust_env,
        ),
    )


def handler(controller: Controller, kind: str) -> Callable[..., Coroutine[None, None, None]]:
    """Return what takes in the events of a kind."""

    async def seen(event: kopf.RawEvent, **_: Any) -> None:
        controller.see(kind, dict(event["object"]), deleted=event["type"] == "DELETED")

    return seen
