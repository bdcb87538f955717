"""kopf's side: it watches, in a session that takes in what its watches tell.

None of that comes to a handler (`kube.watches.streams`). There are some for kopf to know what to watch.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import kopf

from formation_operator.controller.intake import Controller
from formation_operator.kube.objects import kinds
from formation_operator.kube.session.connection import Connection
from formation_operator.kube.watches import lists


def register(registry: kopf.OperatorRegistry, controller: Controller, server: Connection) -> None:
    """Connect the watches of every kind that matters to a controller."""
    kopf.on.login(registry=registry, id="login")(login(controller, server))
    for kind in kinds.WATCHED:
        kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(unheard)


def login(
    controller: Controller, server: Connection
) -> Callable[..., Coroutine[None, None, kopf.AiohttpSession]]:
    """Return what gives kopf a session that has logged in, and does so anew by itself."""

    async def logged_in(**_: Any) -> kopf.AiohttpSession:
        session = lists.session(
            server, controller.scopes, controller.since, controller.hear, controller.heard
        )
        return kopf.AiohttpSession(server=server.url, aiohttp_session=session)

    return logged_in


async def unheard(**_: Any) -> None:
    """Hear nothing: all is taken in before."""
