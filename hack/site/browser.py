"""A headless browser looks at every page of the site, as on a phone: by its own protocol, without a driver.

It finds what a parser can't: what is too wide, what isn't drawn, and requests to other hosts.
"""

import asyncio
import contextlib
import functools
import http.server
import pathlib
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib import parse

import aiohttp

from hack.cluster import packages, progress
from hack.cluster.errors import ClusterError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PHONE: dict[str, Any] = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
PATIENCE = 20
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root has none in a container; the pages are our own
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
LOOK = """
(async () => {
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const picture = "svg:not([aria-roledescription=error])";
  const diagrams = [...document.querySelectorAll("pre.mermaid")];
  const drawn = () => diagrams.every((each) => each.querySelector(picture));
  for (let turn = 0; turn < 50 && !drawn(); turn++) await wait(100);
  for (const each of document.images) each.loading = "eager";
  await Promise.all([...document.images].map((each) => each.decode().catch(() => null)));
  const pictures = [...document.images].filter((each) => !each.naturalWidth).map((each) => each.src);
  const links = [...document.querySelectorAll("a[href]")].map((each) => each.href);
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  const scrolls = (each) => ["auto", "scroll"].includes(getComputedStyle(each).overflowX);
  const inside = (each) => each.localName !== "article" && (scrolls(each) || inside(each.parentElement));
  const exceeds = (each) => each.getBoundingClientRect().right > WIDTH;
  const shown = [...document.querySelectorAll("article *")];
  const wide = shown.filter((each) => exceeds(each) && !inside(each.parentElement));
  const names = wide.map((each) => `${each.localName} "${each.textContent.trim().slice(0, 40)}"`);
  return { wide: names.slice(0, 3), pictures, links, ids, drawn: drawn() };
})()
""".replace("WIDTH", str(PHONE["width"]))
"""What a page is asked: it answers once its pictures and diagrams are there. What scrolls may be wide."""


class Tab:
    """A page of the browser: commands, and what it has asked of which host."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take the connection to it."""
        self._socket = socket
        self._number = 0
        self.events: list[dict[str, Any]] = []
        """What has happened since this was last emptied."""

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its answer."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._next()
            if message.get("id") == self._number:
                answer: dict[str, Any] = message.get("result", {})
                return answer

    async def until(self, method: str) -> None:
        """Wait for an event."""
        while method not in [each["method"] for each in self.events]:
            await self._next()

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json(timeout=PATIENCE)
        if "method" in message:
            self.events.append(message)
        return message


async def look(site: pathlib.Path, version: str) -> list[str]:
    """Return what is wrong with a version of the site: a sentence of each fault, with its page."""
    pages = sorted((site / version).rglob("*.html"))
    with serving(site) as root:
        async with tab() as page:
            seen = {
                f"{root}/{path.relative_to(site)}": await visit(page, root, path.relative_to(site))
                for path in pages
            }
    faults = [f"{place}: {fault}" for place, each in seen.items() for fault in each["faults"]]
    faults += [
        f"{place}: {link} leads nowhere" for place, each in seen.items() for link in dead(each, root, seen)
    ]
    pictures = sum(each["count"] for each in seen.values())
    progress.step(f"{len(seen)} pages, {pictures} links: {len(faults)} faults")
    return [fault.replace(f"{root}/", "") for fault in faults]


async def visit(page: Tab, root: str, path: pathlib.Path) -> dict[str, Any]:
    """Open a page as on a phone, and return its links and ids, and what is wrong with it."""
    page.events.clear()
    await page.ask("Page.navigate", url=f"{root}/{path}")
    await page.until("Page.loadEventFired")
    said = await page.ask("Runtime.evaluate", expression=LOOK, awaitPromise=True, returnByValue=True)
    found: dict[str, Any] = said["result"]["value"]
    faults = [f"{picture} isn't shown" for picture in found["pictures"]]
    faults += [f"{element} is wider than a phone" for element in found["wide"]]
    if not found["drawn"]:
        faults.append("a diagram isn't drawn")
    for event in page.events:
        parameters = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            address = parameters["request"]["url"]
            if not address.startswith((root, "data:", "blob:")):
                faults.append(f"it asks for {address}")
        elif event["method"] == "Runtime.exceptionThrown":
            faults.append(f"a script fails: {parameters['exceptionDetails']['text']}")
    return {"faults": faults, "links": found["links"], "ids": {*found["ids"]}, "count": len(found["links"])}


def dead(page: dict[str, Any], root: str, seen: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield each link of a page to a page or a heading of this version that isn't there."""
    for link in dict.fromkeys(page["links"]):
        place, _, anchor = link.partition("#")
        if not link.startswith(root):
            continue
        target = seen.get(place)
        if target is None or (anchor and parse.unquote(anchor) not in target["ids"]):
            yield link


@contextlib.contextmanager
def serving(site: pathlib.Path) -> Iterator[str]:
    """Serve the site on this machine, as a host of plain files does, and yield its address."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and logs nothing."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextlib.asynccontextmanager
async def tab() -> AsyncIterator[Tab]:
    """Start a browser and yield a tab of it; raises ClusterError if there is no browser."""
    program = next(filter(None, map(packages.find, BROWSERS)), None)
    if program is None:
        raise ClusterError("a headless browser is needed: install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        quiet = asyncio.subprocess.DEVNULL
        command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        running = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet)
        try:
            async with aiohttp.ClientSession() as session:
                address = await debugger(session, pathlib.Path(profile, "DevToolsActivePort"))
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    page = Tab(socket)
                    for domain in ("Page", "Network", "Runtime"):
                        await page.ask(f"{domain}.enable")
                    await page.ask("Emulation.setDeviceMetricsOverride", **PHONE)
                    yield page
        finally:
            running.terminate()
            await running.wait()


async def debugger(session: aiohttp.ClientSession, file: pathlib.Path) -> str:
    """Wait until the browser says its port, and return the address of its tab."""
    for _ in range(PATIENCE * 10):
        if port := await asyncio.to_thread(port_in, file):
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                tabs = [each for each in await answer.json() if each["type"] == "page"]
            if tabs:
                return str(tabs[0]["webSocketDebuggerUrl"])
        await asyncio.sleep(0.1)
    raise ClusterError("the browser hasn't started")


def port_in(file: pathlib.Path) -> str:
    """Return the port that the browser has written, or nothing yet."""
    return file.read_text().partition("\n")[0] if file.exists() else ""
