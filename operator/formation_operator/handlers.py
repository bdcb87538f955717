"""The operator as kopf runs it: what happens at its start and its end, and whenever a Formation changes.

kopf lists and watches Formations, logs in, and handles signals. It writes nothing: a finalizer or annotation
of its own would be on the user's object. What is the operator's own is in `process`.

``formation-operator`` runs this with its flags. ``kopf run -m formation_operator.handlers --all-namespaces``
runs it with the defaults, without a Lease, and without health checks but those of kopf's ``--liveness``.
"""

import random
from typing import Any

import kopf
from kopf._core.reactor import inventory

from formation_operator.api import naming
from formation_operator.kube.session import kopf_session, paging
from formation_operator.process import Process
from formation_operator.settings import Settings

BACKOFFS = [1.0, 2.0, 4.0, *10_000 * [8.0]]
"""Seconds between tries of a request; after the last one, most of a day later, kopf ends the process."""
AGAIN = 1.0
"""Seconds between the end of a watch whose version was too old and the next list."""
LAST_SECONDS: float | None = 30.0
"""How long the cleanup may take before kopf kills the process."""
NEVER = 365.0 * 24 * 3600
"""Seconds: off, because kopf may cancel a watch for good (nolar/kopf#1276); `watch_lines` ends it."""


class WorkEndedError(kopf.PermanentError):
    """The work has ended by itself, so that another process has to start."""


class Nothing(kopf.MultiDiffBaseStorage):
    """Stores nothing. kopf's own storages would copy each Formation, and parse annotations of tenants."""

    def build(self, **_: Any) -> Any:
        """Return what of an object is to be compared."""
        return {}


class NoMemories(inventory.ResourceMemories):
    """Remembers no object: kopf's daemons and timers need that, and each object would take 0.7 KiB."""

    async def recall(self, raw_body: kopf.RawBody, **given: Any) -> inventory.ResourceMemory:
        """Return a new memory for one event."""
        return await super().recall(raw_body, **{**given, "ephemeral": True})


@kopf.on.startup(errors=kopf.ErrorsMode.PERMANENT)
async def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: Any) -> None:
    """Configure kopf, connect, and list all that is watched."""
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.scanning.disabled = True
    # kopf takes its finalizer off whatever has it. No object can have this one, so it never writes.
    settings.persistence.finalizer = "formations.dev/none has it"
    settings.persistence.diffbase_storage = Nothing([])
    settings.persistence.progress_storage = kopf.MultiProgressStorage([])
    settings.watching.chunk_size = paging.MOST  # kopf must request pages; `paging` sets their size
    # kopf's watch ends at another moment than the others, and the next one starts at once.
    settings.watching.server_timeout = random.randint(300, 600)  # noqa: S311
    settings.watching.inactivity_timeout = NEVER
    settings.watching.reconnect_backoff = AGAIN
    settings.networking.connect_timeout = 10
    settings.networking.error_backoffs = BACKOFFS
    settings.queueing.idle_timeout = 0.05  # kopf keeps a task and a queue of each object for so long
    settings.process.ultimate_exiting_timeout = LAST_SECONDS
    memo.process = Process(memo.get("settings") or Settings(liveness=None))
    await memo.process.start()


@kopf.on.login()
async def log_in(memo: kopf.Memo, **_: Any) -> kopf.AiohttpSession:
    """Return the session in which kopf lists and watches; it reads credentials that expire again."""
    server = memo.process.server
    informers = memo.process.controller.informers
    session = kopf_session.session(server, informers.formations_reached, informers.formations_refused)
    return kopf.AiohttpSession(server=server.url, aiohttp_session=session)


@kopf.on.event(naming.GROUP, naming.VERSION, naming.PLURAL)
async def formation_changed(event: kopf.RawEvent, memo: kopf.Memo, **_: Any) -> None:
    """Put the Formation into the store, and into the queue if it has changed."""
    memo.process.controller.informers.formation_event(event["type"], event["object"])


@kopf.on.cleanup(errors=kopf.ErrorsMode.PERMANENT)
async def stop(memo: kopf.Memo, **_: Any) -> None:
    """End all work and release the Lease; end with an error if the work has ended by itself."""
    failure = await memo.process.stop()
    if failure is not None:
        raise WorkEndedError(f"the work has ended: {failure!r}")
