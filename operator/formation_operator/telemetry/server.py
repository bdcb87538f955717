"""Answers over HTTP: metrics, and whether the operator lives and is ready."""

import asyncio
import concurrent.futures
import functools
import threading
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from formation_operator.telemetry.bounded_port import Answer, Reply

READY, METRICS = "/readyz", "/metrics"
CACHED_SECONDS = 1.0
"""For how many seconds counted metrics are cached."""
OPEN = "application/openmetrics-text"
"""The format that a client has to request. Its version is fixed: otherwise a client could have the metrics
counted again for each version."""


Address = tuple[str | None, int]
"""Host and port; no host is every address, of IPv4 and of IPv6 if the kernel has it.

kubelet asks at a Pod's first one.
"""


def address(text: str) -> Address:
    """Return the address of ``HOST:PORT`` or a URL; no host is every address. Raises `ValueError`."""
    parts = urlsplit(text if "//" in text else f"//{text}")
    if not parts.port:
        raise ValueError(f"{text!r} isn't HOST:PORT")
    return parts.hostname, parts.port


def health(url: str, ended: Callable[[], str], unready: Callable[[], str]) -> Mapping[str, Answer]:
    """Return what answers at the path of a URL whether the operator lives, and at ``/readyz`` if it is ready.

    Both functions return what is wrong.
    """
    return {urlsplit(url).path or "/": probe(ended), READY: probe(unready)}


def probe(trouble: Callable[[], str]) -> Answer:
    """Return what answers 200, or 503 with what is wrong."""

    async def answer(_: Mapping[str, str]) -> Reply:
        text = trouble()
        return Reply(503 if text else 200, f"{text or 'ok'}\n".encode())

    return answer


def exposition(registry: CollectorRegistry) -> Answer:
    """Return what answers with the metrics, in the format of the request.

    Thousands of Formations take a while to count. So it is done in a thread beside the passes, and goes on if
    the client leaves. Any Pod may ask as often as it likes: what was counted is used again for a second, in
    each of the two formats.
    """
    counts: dict[str, asyncio.Future[bytes]] = {}
    """By format: the latest count."""

    async def answer(headers: Mapping[str, str]) -> Reply:
        encode, content_type = choose_encoder(OPEN if OPEN in headers.get("accept", "") else "")
        if content_type not in counts:
            encoded = in_a_thread(functools.partial(encode, registry))
            count = counts[content_type] = asyncio.wrap_future(encoded)
            forget = functools.partial(counts.pop, content_type)
            call_later = asyncio.get_running_loop().call_later
            count.add_done_callback(lambda _: call_later(CACHED_SECONDS, forget))
        return Reply(200, await asyncio.shield(counts[content_type]), content_type)

    return answer


def in_a_thread(work: Callable[[], bytes]) -> concurrent.futures.Future[bytes]:
    """Do some work in a thread that keeps neither the loop from closing nor the process from ending.

    `asyncio.to_thread` has threads for which both wait.
    """
    done: concurrent.futures.Future[bytes] = concurrent.futures.Future()
    done.set_running_or_notify_cancel()  # from now on it can't be cancelled

    def run() -> None:
        try:
            done.set_result(work())
        except Exception as error:  # noqa: BLE001  # whoever waits for it gets it
            done.set_exception(error)

    threading.Thread(target=run, name="metrics", daemon=True).start()
    return done
