"""The reflectors of all that is watched, and which namespaces refuse a list or a watch.

What a namespace refuses is tried again with growing pauses, and stops the work in no other namespace.

kopf watches Formations (`handlers`). They are listed here, too: before the first pass, because it has to be
known which of them exist; and with all else from time to time, because kopf's lists report no deletions.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import NoReturn

from formation_operator.api import naming
from formation_operator.backoff import Attempt, attempt
from formation_operator.kube import errors
from formation_operator.kube.objects.kinds import Key, Kind
from formation_operator.kube.port import Cluster, Object
from formation_operator.kube.reflector import BACK_OFF, FOR_EVER, Reflector
from formation_operator.kube.watch_events import DELETED
from formation_operator.observe import formations
from formation_operator.observe.cache import Cache, Changed
from formation_operator.settings import Settings

logger = logging.getLogger(__name__)
Scope = str | None
"""A namespace that is watched by itself, or all of them."""


class Informers:
    """Lists and watches all that is watched, and takes it into the cache."""

    def __init__(  # noqa: PLR0913  # three of them are where it reports to
        self,
        cluster: Cluster,
        cache: Cache,
        settings: Settings,
        *,
        changed: Changed,
        synced: Callable[[Scope], None],
        reached: Callable[[str, Scope], None],
    ) -> None:
        """Take the port, the cache that takes in all objects, and how to run.

        ``changed`` is called with what has changed in the cache, ``synced`` with a scope when all of it has
        been listed for the first time, and ``reached`` with kind and scope at each event or bookmark.
        """
        self._cache = cache
        self._on_changed = changed
        self._on_synced = synced
        self.reached = reached
        self._reflectors = {
            scope: {kind: Reflector(cluster, each.kind, scope, self) for kind, each in cache.watched.items()}
            for scope in settings.scopes
        }
        """By scope and kind, in the order in which they are listed."""
        self._refused: set[tuple[Scope, str]] = set()
        """Which kinds we have no right to list or to watch where, but for those that we can do without."""
        self._synced: set[Scope] = set()
        """Where all that is watched has been listed."""

    # Listing

    async def list(self) -> None:
        """List all that is watched; namespaces that forbid it are tried again later, unless all do.

        Raises `ClusterError`, and `RestoredError`, after which only a new process helps.
        """
        refusals = []
        for scope in self._reflectors:
            try:
                await self._list_scope(scope)
            except errors.ForbiddenError as error:
                refusals.append(error)
        if len(refusals) == len(self._reflectors):
            raise refusals[0]

    async def _list_scope(self, scope: Scope) -> None:
        """List every kind in a scope; if one is forbidden, no further one is, and that is raised.

        A Formation is only worked on when its autoscalers are known.
        """
        for reflector in self._reflectors[scope].values():
            await reflector.list()
        if scope not in self._synced:
            self._synced.add(scope)
            self._on_synced(scope)

    def left_out(self) -> set[Scope]:
        """Return the namespaces that refuse something; any thread may call this."""
        return {scope for scope, _ in [*self._refused]} - {None}

    # Watching

    async def run(self) -> NoReturn:
        """Watch all; raises `RestoredError`, in a group, if the cluster is older than it was."""
        async with asyncio.TaskGroup() as tasks:
            for scope in self._reflectors:
                tasks.create_task(self._watch_scope(scope), name=f"watches of {scope or 'all namespaces'}")
        raise AssertionError("none of them ends")

    async def _watch_scope(self, scope: Scope) -> NoReturn:
        """Watch a scope once all of it has been listed; from then on each reflector tries again by itself."""
        last: Attempt[None] | None = None
        while scope not in self._synced:
            last = attempt(last, scope, None, 0, BACK_OFF, random.random)
            await asyncio.sleep(last.remaining(scope, 0))
            try:
                await self._list_scope(scope)
            except errors.ForbiddenError:
                pass  # the reflector has logged that, once
            except errors.ClusterError as error:
                logger.warning("Namespace %s can't be listed yet: %s", scope, error)
        async with asyncio.TaskGroup() as tasks:
            for kind, reflector in self._reflectors[scope].items():
                if kind != naming.KIND:
                    tasks.create_task(reflector.run(), name=f"watch of {reflector.kind.plural}")
        raise AssertionError("none of them ends")

    def has_synced(self, key: Key) -> bool:
        """Return whether all that may concern a Formation has been listed: no pass of it runs before."""
        return not self._synced.isdisjoint({key[0], None})

    # Taking in

    def formations_refused(self, scope: Scope) -> None:
        """Take note that we have no right to what kopf requests of a scope."""
        self._refused.add((scope, naming.KIND))

    def formations_reached(self, scope: Scope) -> None:
        """Take note that kopf's watch of a scope has brought anything, a bookmark included."""
        self.reached(naming.KIND, scope)
        self._refused.discard((scope, naming.KIND))

    def formation_event(self, type_: str | None, raw: Object) -> None:
        """Take in an event of kopf's list, which has no type, or of its watch."""
        self.seen(self._cache.watched[naming.KIND].kind, raw, deleted=type_ == DELETED)

    def seen(self, kind: Kind, raw: Object, *, deleted: bool = False, as_of: int = 0) -> None:
        """Take in the object of an event, or of a list as of a version.

        One that can't be read is logged, and the others are taken in all the same.
        """
        key = formations.key_of(raw)
        try:
            if deleted:
                change = self._cache.drop(kind.name, key, formations.version_of(raw))
            else:
                change = self._cache.see(kind.name, raw, as_of)
            self._on_changed(change)
        except Exception:
            logger.exception("%s %s/%s can't be read", kind.name, *key)

    def replaced(self, kind: Kind, namespace: Scope, names: set[Key], version: int) -> None:
        """Drop the known objects of a kind that a list lacks, unless they are newer than the list.

        Where labels select the objects, one may lack only our labels, and can still be read by name: then the
        tombstone has the object's own version. Otherwise no version before the list's comes back.
        """
        store = self._cache.stores[kind.name]
        is_gone = version != FOR_EVER and not kind.label_selector
        for key in store.items.keys() - names:
            if (latest := store.latest(key)) <= version and namespace in (None, key[0]):
                self._on_changed(self._cache.drop(kind.name, key, version if is_gone else latest))

    def permitted(self, kind: Kind, namespace: Scope, *, permitted: bool) -> None:
        """Note whether we have the right to a kind in a scope; passes go on without a dispensable one."""
        if kind.dispensable:
            self._cache.set_forbidden(kind.name, namespace, forbidden=not permitted)
        elif permitted:
            self._refused.discard((namespace, kind.name))
        elif not kind.optional:
            self._refused.add((namespace, kind.name))
