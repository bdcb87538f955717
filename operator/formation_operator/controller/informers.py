"""The reflectors of all that is watched, and what becomes of a namespace that refuses us.

kopf watches Formations (`handlers`). They are listed here all the same: before the first pass, since claims
on a name are compared between all Formations; and now and then, since kopf's lists report no deletions.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import NoReturn

from formation_operator.api import naming
from formation_operator.backoff import Backoff
from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import Key, Kind
from formation_operator.kube.port import Cluster, Object
from formation_operator.kube.reflector import FIRST_PAUSE, FOR_EVER, LONGEST_PAUSE, Reflector
from formation_operator.kube.watch_events import Event
from formation_operator.observe import formations
from formation_operator.observe.cache import Cache, Changes
from formation_operator.settings import Settings

logger = logging.getLogger(__name__)
QUIET_SECONDS = 5.0
"""So long after the last page of a list of kopf's it has ended."""
Scope = str | None
"""A namespace that is watched by itself, or all of them."""


class WatchLostError(Exception):
    """kopf's watch of Formations brings nothing any more, so what happens to them would go unseen."""


class Informers:
    """Lists and watches all that is watched, and takes it into the cache."""

    def __init__(  # noqa: PLR0913  # two of them are where it reports to
        self,
        cluster: Cluster,
        known: Cache,
        settings: Settings,
        *,
        changed: Callable[[Changes], None],
        synced: Callable[[Scope], None],
        reached: Callable[[str, Scope], None],
    ) -> None:
        """Take the port, the cache, and how to run.

        ``changed`` is called with what has changed in the cache, ``synced`` with a scope once all of it is
        known for the first time, and ``reached`` with kind and scope whenever a watch says anything.
        """
        self._known = known
        self._on_changed = changed
        self._on_synced = synced
        self._settings = settings
        self._reflectors = {
            scope: {
                kind: self._reflector(cluster, each.kind, scope, reached)
                for kind, each in known.watched.items()
            }
            for scope in settings.scopes
        }
        """By scope and kind, in the order in which they are listed."""
        self.left_out: set[str] = set()
        """The namespaces that don't let us list all that is watched."""
        self._synced: set[Scope] = set()
        """Where all that is watched has been listed."""
        self._unlisted: dict[tuple[Kind, Scope], str] = {}
        """Why a kind that may be absent couldn't be listed the last time."""
        self._brought: dict[Scope, int] = {}
        """The newest version of a Formation that kopf has brought."""
        self._listed: dict[Scope, int] = {}
        """The newest version of a Formation that a list has brought before kopf did."""
        self._listed_anew = asyncio.Event()

    def _reflector(
        self, cluster: Cluster, kind: Kind, scope: Scope, reached: Callable[[str, Scope], None]
    ) -> Reflector:
        return Reflector(
            cluster,
            kind,
            scope,
            self,
            reached=lambda: reached(kind.name, scope),
            absent_seconds=self._settings.poll,
        )

    # Listing

    async def list(self) -> None:
        """List all that is watched, but for what is in namespaces that refuse, if others don't.

        Raises `ClusterError`, and `RestoredError` for which there is no way but to begin anew.
        """
        refusals = [refusal for scope in self._reflectors if (refusal := await self._list_scope(scope))]
        if len(refusals) == len(self._reflectors):
            raise refusals[0]

    async def _list_scope(self, scope: Scope) -> errors.ForbiddenError | None:
        """List every kind in a scope; return why it is refused, if it is.

        No kind is listed after one that is refused: nothing may be decided about without its autoscalers.
        """
        try:
            for reflector in self._reflectors[scope].values():
                await self._list_kind(reflector, scope)
        except errors.ForbiddenError as error:
            self._leave_out(scope, error)
            return error
        if scope in self.left_out:
            self.left_out.remove(scope)
            logger.info("Namespace %s is served again", scope)
        if scope not in self._synced:
            self._synced.add(scope)
            self._on_synced(scope)
        return None

    async def _list_kind(self, reflector: Reflector, scope: Scope) -> None:
        """List a kind; one that may be absent raises nothing: the others go on, and the log says why once."""
        kind, trouble = reflector.kind, ""
        try:
            await reflector.list()
        except errors.NotFoundError:
            if not kind.optional:
                raise
            reflector.absent()
        except errors.ClusterError as error:
            if not kind.optional:
                raise
            trouble = repr(error)
            if trouble != self._unlisted.get((kind, scope)):
                logger.warning(
                    "%s can't be listed, so what they may scale is left as it is: %s", kind.name, trouble
                )
        self._unlisted[kind, scope] = trouble

    def _leave_out(self, scope: Scope, error: errors.ForbiddenError) -> None:
        """Note that a namespace refuses us, and log it once, with the first kind that it refuses."""
        if scope is not None and scope not in self.left_out:
            self.left_out.add(scope)
            logger.warning("Namespace %s is left out as long as it refuses: %s", scope, error)

    # Watching

    async def run(self) -> NoReturn:
        """Watch all; raises `RestoredError`, in a group, if the cluster is older than it was."""
        async with asyncio.TaskGroup() as tasks:
            for scope in self._reflectors:
                tasks.create_task(self._watch_scope(scope), name=f"watches of {scope or 'all namespaces'}")
            tasks.create_task(self._compare_after_lists(), name="comparison")
        raise AssertionError("none of them ends")

    async def _watch_scope(self, scope: Scope) -> NoReturn:
        """Watch a scope whenever it lets us."""
        backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            if scope in self.left_out or scope not in self._synced:
                await asyncio.sleep(backoff.pause())
                await self._try_to_list(scope)
                continue
            begun = asyncio.get_running_loop().time()
            try:
                async with asyncio.TaskGroup() as tasks:
                    for kind, reflector in self._reflectors[scope].items():
                        if kind != naming.KIND:
                            tasks.create_task(reflector.run(), name=f"watch of {reflector.kind.plural}")
            except* errors.ForbiddenError as refused:
                for error in refused.exceptions:
                    if isinstance(error, errors.ForbiddenError):
                        self._leave_out(scope, error)
            if asyncio.get_running_loop().time() - begun > LONGEST_PAUSE:  # lists alone may be allowed
                backoff.reset()

    async def _try_to_list(self, scope: Scope) -> None:
        try:
            await self._list_scope(scope)
        except errors.ClusterError as error:
            logger.warning("Namespace %s can't be listed yet: %s", scope, error)

    async def _compare_after_lists(self) -> NoReturn:
        """List Formations whenever kopf has: it doesn't report what has been deleted until then."""
        while True:
            await self._listed_anew.wait()
            self._listed_anew.clear()
            await asyncio.sleep(QUIET_SECONDS)
            if self._listed_anew.is_set():
                continue
            for scope in self._synced - self.left_out:
                try:
                    await self._reflectors[scope][naming.KIND].list()
                except errors.ClusterError as error:
                    logger.warning("Formations can't be compared: %s", error)
                    self._listed_anew.set()

    def has_synced(self, key: Key) -> bool:
        """Tell whether all that may concern a Formation is known: nothing is decided about it before."""
        return self._scope_of(key) in self._synced

    def missed(self) -> dict[Scope, int]:
        """Return by scope the newest version of a Formation that a list has brought, and kopf hasn't yet."""
        return {scope: each for scope, each in self._listed.items() if self._brought.get(scope, 0) < each}

    def check_watch(self, missed: dict[Scope, int]) -> None:
        """Raise `WatchLostError` if kopf still hasn't brought what it had missed some time ago."""
        for scope, version in missed.items():
            if scope in self._listed and self._brought.get(scope, 0) < version:
                raise WatchLostError(
                    f"no watch has brought version {version} of Formations in {scope or 'all'}"
                )

    # Taking in

    def listed_by_kopf(self, scope: Scope) -> None:
        """Take note that kopf's watch begins anew: what it hadn't brought may have been deleted by now."""
        self._listed.pop(scope, None)
        self._listed_anew.set()

    def brought(self, raw: Object, *, deleted: bool) -> None:
        """Take in an event of a Formation that kopf has brought."""
        key, version = formations.key_of(raw), formations.version_of(raw)
        scope = self._scope_of(key)
        self._brought[scope] = max(version, self._brought.get(scope, 0))
        if deleted or self._known.is_news(naming.KIND, key, version):
            self._take(naming.KIND, raw, deleted=deleted)

    def newest(self, kind: Kind) -> int:
        """Return the latest version that is known of a kind."""
        return self._known.stores[kind.name].newest

    def is_news(self, kind: Kind, event: Event) -> bool:
        """Tell whether an event may say anything new."""
        return event.deleted or self._known.is_news(kind.name, event.key, event.version, event.text)

    def seen(self, kind: Kind, raw: Object, *, deleted: bool) -> None:
        """Take in the object of an event."""
        self._take(kind.name, raw, deleted=deleted)

    def listed(self, kind: Kind, raw: Object, version: int) -> None:
        """Take in an object of a list as of a version.

        Raises `RestoredError` if the list doesn't know what had happened to the object before it: a cluster
        looks like that whose versions have caught up with those from before its restoration.
        """
        key, own, store = formations.key_of(raw), formations.version_of(raw), self._known.stores[kind.name]
        if store.contradicts(key, own, version):
            raise errors.RestoredError(
                f"{kind.name} {'/'.join(key)}: version {own} after {store.latest(key)}"
            )
        if not store.is_news(key, own):
            return  # as most of a list is
        scope = self._scope_of(key)
        if kind.name == naming.KIND and scope in self._synced:
            self._listed[scope] = max(own, self._listed.get(scope, 0))
        self._take(kind.name, raw, deleted=False)

    def replaced(self, kind: Kind, namespace: Scope, names: set[Key], version: int) -> None:
        """Take as deleted what is known of a kind and a list lacks, unless it is newer than the list."""
        store = self._known.stores[kind.name]
        for key in store.known.keys() - names:
            latest = store.latest(key)
            if latest <= version and namespace in (None, key[0]):
                as_of = latest if version == FOR_EVER else version
                self._on_changed(self._known.drop(kind.name, key, as_of, listed=True))

    def _take(self, kind: str, raw: Object, *, deleted: bool) -> None:
        """Take in an object; whatever is odd about one keeps nobody from seeing the others."""
        try:
            if deleted:
                changes = self._known.drop(kind, formations.key_of(raw), formations.version_of(raw))
            else:
                changes = self._known.see(kind, raw)
            self._on_changed(changes)
        except Exception:
            logger.exception("%s %s/%s can't be read", kind, *formations.key_of(raw))

    def _scope_of(self, key: Key) -> Scope:
        return key[0] if self._settings.namespaces else None
