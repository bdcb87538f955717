"""kopf's side: it watches, and what its watches tell is taken into the cache, where a pass is asked for.

Nothing of it comes to a handler (`kube.streams`); there are some for kopf to know what to watch.
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

import kopf

from formation_operator.controller.intake import Controller
from formation_operator.kube import kinds, lists, streams
from formation_operator.kube.api_server import Kube
from formation_operator.kube.port import Object
from formation_operator.kube.refusals import Refusals
from formation_operator.observe import formations

logger = logging.getLogger(__name__)


def register(registry: kopf.OperatorRegistry, controller: Controller, server: Kube) -> None:
    """Connect the watches of every kind that matters to a controller."""
    kopf.on.login(registry=registry, id="login")(login(controller, server))
    for kind in kinds.WATCHED:
        kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(unheard)


def login(controller: Controller, server: Kube) -> Callable[..., Coroutine[None, None, kopf.AiohttpSession]]:
    """Return what gives kopf a session that has logged in, and does so anew by itself."""

    async def logged_in(**_: Any) -> kopf.AiohttpSession:
        places = lists.places(server.url, controller.scopes)
        session = server.session(
            lists.Lists(server.url, places, controller.since),
            Refusals(),
            streams.Streams(places, taking(controller)),
        )
        return kopf.AiohttpSession(server=server.url, aiohttp_session=session)

    return logged_in


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
