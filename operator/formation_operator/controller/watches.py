"""kopf's side: it watches, and what its watches tell is taken into the cache, where a pass is asked for.

Nothing of it comes to a handler (`kube.streams`); there are some for kopf to know what to watch.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import kopf

from formation_operator.controller.intake import Controller
from formation_operator.kube import kinds, lists, streams
from formation_operator.kube.port import Object
from formation_operator.observe import formations

logger = logging.getLogger(__name__)

LOGIN_PAUSE = 1.0
"""Seconds before another try to log in: a server that refuses us isn't asked more often."""


def register(registry: kopf.OperatorRegistry, controller: Controller) -> None:
    """Connect the watches of every kind that matters to a controller."""
    kopf.on.login(registry=registry, id="login")(login(controller))
    for kind in kinds.WATCHED:
        kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(unheard)


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
    places = lists.places(found.server, controller.scopes)
    return kopf.AiohttpSession(
        server=found.server,
        default_namespace=found.default_namespace,
        aiohttp_session=lists.session(
            [lists.Lists(places, controller.since), streams.Streams(places, taking(controller))],
            ssl=found.as_ssl_context(),
            headers=found.as_http_headers(),
            proxy=found.proxy_url,
            trust_env=found.trust_env,
        ),
    )


def taking(controller: Controller) -> streams.Take:
    """Return what takes in an object; whatever is odd about one keeps nobody from seeing the others."""

    def take(kind: str, raw: Object, *, deleted: bool) -> None:
        try:
            controller.see(kind, raw, deleted=deleted)
        except Exception:
            logger.exception("%s %s/%s can't be read", kind, *formations.key_of(raw))

    return take


async def unheard(**_: Any) -> None:
    """Hear nothing, as all is taken in before."""
