"""kopf's side: every handler takes an event into the cache and asks for a pass. Nothing else.

Only ``on.event`` handlers: any other kind of kopf's would write annotations or finalizers to the
user's object, and keeps no queue.  They return nothing, because kopf writes results to the status.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import kopf

from formation_operator.controller.intake import Controller
from formation_operator.kube import kinds, lists
from formation_operator.kube.api_server import Kube
from formation_operator.kube.streams import Streams


def register(registry: kopf.OperatorRegistry, controller: Controller, server: Kube) -> None:
    """Connect the watches of every kind that matters to a controller."""
    kopf.on.login(registry=registry, id="login")(login(controller, server))
    for kind in kinds.WATCHED:
        kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(
            handler(controller, kind.name)
        )


def login(controller: Controller, server: Kube) -> Callable[..., Coroutine[None, None, kopf.AiohttpSession]]:
    """Return what gives kopf a session that has logged in, and does so anew by itself."""

    async def logged_in(**_: Any) -> kopf.AiohttpSession:
        answers = lists.Lists(server.url, controller.scopes, controller.since)
        session = server.session(answers, Streams())
        return kopf.AiohttpSession(server=server.url, aiohttp_session=session)

    return logged_in


def handler(controller: Controller, kind: str) -> Callable[..., Coroutine[None, None, None]]:
    """Return what takes in the events of a kind."""

    async def seen(event: kopf.RawEvent, **_: Any) -> None:
        controller.see(kind, dict(event["object"]), deleted=event["type"] == "DELETED")

    return seen
