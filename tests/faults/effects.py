"""What may be done to a request on its way: the words of the table of faults."""

import asyncio
import json
from typing import Any

from aiohttp import web

from tests.faults.proxy import Effect, Exchange

HALF = 0.5


async def cut_before(exchange: Exchange) -> web.StreamResponse:
    """Cut the connection, so that nothing is asked."""
    return exchange.cut()


async def cut_after(exchange: Exchange) -> web.StreamResponse:
    """Have it done, and cut the connection, so that nobody knows."""
    await exchange.ask()
    return exchange.cut()


async def cut_in_mid_line(exchange: Exchange) -> web.StreamResponse:
    """Cut a watch in the middle of what it says first."""
    return await exchange.forward(HALF)


async def in_small_pages(exchange: Exchange) -> web.StreamResponse:
    """Answer with a page of a list that has one object."""
    exchange.limit = 1
    return await exchange.forward()


def delayed(seconds: float) -> Effect:
    """Answer late."""

    async def late(exchange: Exchange) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await exchange.forward()

    return late


async def stalled(exchange: Exchange) -> web.StreamResponse:
    """Never answer."""
    return await asyncio.Future()


def refused(code: int, message: str = "a fault of the tests", **headers: str) -> Effect:
    """Answer with an HTTP status, as the API server words it."""

    async def refuse(exchange: Exchange) -> web.StreamResponse:
        return web.json_response(status(code, message), status=code, headers=headers)

    return refuse


async def denied_to_exist(exchange: Exchange) -> web.StreamResponse:
    """Answer that what is asked for isn't there, as the API server words it."""
    name = exchange.call.path.removesuffix("/status").rpartition("/")[2]
    body = {**status(404, f'"{name}" not found'), "reason": "NotFound", "details": {"name": name}}
    return web.json_response(body, status=404)


def told(text: str) -> Effect:
    """Say something in a watch's stream, and end it."""

    async def tell(exchange: Exchange) -> web.StreamResponse:
        return await exchange.tell(text.encode())

    return tell


def failed(code: int, **said: Any) -> Effect:
    """Say in a watch's stream that something has failed, and end it."""
    return told(
        json.dumps({"type": "ERROR", "object": {**status(code, "a fault of the tests"), **said}}) + "\n"
    )


def status(code: int, message: str) -> dict[str, Any]:
    """Return the body of a refusal."""
    known = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return {**known, "message": message, "code": code}
