"""The port to a cluster in memory, for tests that are about the operator's side of it.

What Kubernetes itself makes of a request is for `tests/contract`.
"""

import asyncio
import collections
import contextlib
import copy
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.notices import Notice
from formation_operator.kube.objects import kinds
from formation_operator.kube.objects.kinds import Kind
from formation_operator.kube.port import NO_ONES, Cluster, Object
from formation_operator.observe import formations
from tests.unit.fakes import pruning
from tests.unit.fakes.json_patch import copied
from tests.unit.fakes.managed_fields import Owner
from tests.unit.fakes.objects import Objects, fits, identity_of

T = TypeVar("T")
Stream = asyncio.Queue[Object | Exception | None]
"""What a watch is about to be sent: events, and what ends it."""
Lag = Callable[[str, Object], float]
"""After how many seconds a watch says what has just happened to an object of a kind."""
Verb = str
"""A method of the port; a creation is an ``apply``."""


@dataclasses.dataclass(frozen=True)
class Call:
    """What the cluster was asked, answered or not."""

    verb: Verb
    kind: str
    namespace: str = ""
    name: str = ""
    selector: str = ""
    body: Any = None
    manager: str = ""
    force: bool = False


@dataclasses.dataclass
class Incident:
    """What happens to the next calls that fit; a field that is left out fits all."""

    verb: Verb | None = None
    kind: str = ""
    name: str = ""
    meanwhile: Callable[[], object] = lambda: None
    """What others do before the call is carried out."""
    error: BaseException | None = None
    carried_out: bool = False
    """Whether only the answer is lost."""
    times: float = 1
    hangs: float = 0.0
    """Seconds until that happens."""

    def fits(self, call: Call) -> bool:
        """Tell whether it happens to a call."""
        about = self.kind in ("", call.kind) and self.name in ("", call.name)
        return about and self.verb in (None, call.verb)


class InOrder:
    """Has things happen some time later, and in the order in which it was asked to."""

    def __init__(self) -> None:
        self._last = 0.0

    def call(self, seconds: float, happens: Callable[..., object], *about: object) -> None:
        """Have something happen after so many seconds, or after all that was to happen before."""
        loop = asyncio.get_running_loop()
        self._last = max(loop.time() + seconds, self._last + 1e-6)
        if seconds or self._last > loop.time():
            loop.call_at(self._last, happens, *about)
        else:
            happens(*about)


class FakeCluster(Objects, Cluster):
    """The port to objects that others change, too."""

    def __init__(self) -> None:
        super().__init__()
        self.per_page = 1
        self.latency = 0.0
        """Seconds until a call is carried out; others get their turn in any case."""
        self.absent = {kinds.SCALED_OBJECT}
        """Kinds that aren't installed."""
        self.status_schema: Object = {"x-kubernetes-preserve-unknown-fields": True}
        """What the CRD declares of a status."""
        self.spec_schema: Object = {"x-kubernetes-preserve-unknown-fields": True}
        """What it declares of a spec."""
        self.incidents: list[Incident] = []
        self.streams: dict[str, list[Stream]] = collections.defaultdict(list)
        """By kind."""
        self._deleted: list[tuple[str, Object]] = []
        """Kinds and objects, for watches that begin before that."""
        self.watchers.append(self._remember)
        self.calls: list[Call] = []
        self.notices: list[Notice] = []

    def asked(self, verb: Verb, kind: str = "") -> list[Call]:
        """Return the calls of a verb, and of a kind if one is given."""
        return [call for call in self.calls if call.verb == verb and kind in ("", call.kind)]

    async def pages(
        self, kind: Kind, namespace: str | None = None
    ) -> AsyncIterator[tuple[list[Object], str]]:
        """Yield all objects of a kind that its selector chooses, some at a time."""
        scope = namespace or ""
        call = Call("pages", kind.name, scope)
        found, version = await self._carry_out(
            call, lambda: (self.all(kind.name, scope, labels=kind.label_selector), str(self.version))
        )
        for page in self._pages(found):
            yield page, version

    @contextlib.asynccontextmanager
    async def watch(
        self, kind: Kind, namespace: str | None, version: int
    ) -> AsyncIterator[AsyncIterator[Object]]:
        """Watch the objects of a kind that its selector chooses, until the test cuts that off."""
        async with self.streaming(kind, namespace, version, self.late) as stream:
            yield until_cut(stream)

    @contextlib.asynccontextmanager
    async def streaming(
        self, kind: Kind, namespace: str | None, version: int, lag: Lag
    ) -> AsyncIterator[Stream]:
        """Watch as one whose watches are late."""
        scope, name, labels = namespace or "", kind.name, kind.label_selector
        await self._carry_out(Call("watch", name, scope), lambda: None)
        stream: Stream = asyncio.Queue()
        in_order = InOrder()

        def is_wanted(changed: str, raw: Object) -> bool:
            about = raw["metadata"]
            is_there = changed == name and scope in ("", about["namespace"])
            return is_there and fits(about.get("labels") or {}, labels)

        def tell(changed: str, raw: Object, deleted: bool) -> None:
            if is_wanted(changed, raw):
                said = {"type": "DELETED" if deleted else "MODIFIED", "object": raw}
                in_order.call(lag(changed, raw), stream.put_nowait, said)

        missed: list[Object] = [
            {"type": "MODIFIED", "object": raw} for raw in self.all(name, scope, labels=labels)
        ]
        missed += [
            {"type": "DELETED", "object": raw} for changed, raw in self._deleted if is_wanted(changed, raw)
        ]
        for each in sorted(missed, key=lambda each: formations.version_of(each["object"])):
            if formations.version_of(each["object"]) > version:
                stream.put_nowait(each)
        self.watchers.append(tell)
        self.streams[name].append(stream)
        try:
            yield stream
        finally:
            self.watchers.remove(tell)
            self.streams[name].remove(stream)

    def late(self, kind: str, raw: Object) -> float:
        """Return after how many seconds it is known what has just happened to an object."""
        return 0.0

    def _remember(self, kind: str, raw: Object, deleted: bool) -> None:
        if deleted:
            self._deleted.append((kind, raw))

    def cut(self, kind: str, error: Exception | None = None) -> None:
        """End the watches of a kind, with an error if one is given."""
        for stream in self.streams[kind]:
            stream.put_nowait(error)

    async def select(
        self, kind: str, namespace: str, *, labels: str = "", fields: str = ""
    ) -> AsyncIterator[list[Object]]:
        """Yield the objects of a namespace, or those of them that the selectors choose, some at a time."""
        call = Call("select", kind, namespace, selector=labels or fields)
        found = await self._carry_out(call, lambda: self.all(kind, namespace, labels=labels, fields=fields))
        if kinds.BY_NAME[kind].metadata_only:
            found = [{"metadata": raw["metadata"]} for raw in found]
        for page in self._pages(found):
            yield page

    def _pages(self, found: list[Object]) -> Iterator[list[Object]]:
        """Yield pages, at least one, each of which is empty when the next one comes."""
        for start in range(0, len(found) or 1, self.per_page):
            page = found[start : start + self.per_page]
            yield page
            page.clear()

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object as it is now, or nothing."""
        try:
            call = Call("get", kind, namespace, name)
            return await self._carry_out(call, lambda: self.read(kind, namespace, name))
        except errors.NotFoundError:
            return None

    async def create(self, manifest: Object, *, manager: str) -> Object:
        """Make an object by server-side apply, as `api_server.Kube` does."""
        metadata = {**manifest["metadata"], "resourceVersion": NO_ONES}
        return await self._apply({**manifest, "metadata": metadata}, manager, force=False)

    async def apply(self, manifest: Object, *, manager: str) -> Object:
        """Write an object by server-side apply, over others' fields, and return it as it is then."""
        return await self._apply(manifest, manager, force=True)

    async def _apply(self, manifest: Object, manager: str, *, force: bool) -> Object:
        body = copied(manifest)
        call = Call("apply", *identity_of(manifest), body=body, manager=manager, force=force)
        by = Owner(manager, "Apply")
        return await self._carry_out(call, lambda: self.write(manifest, by=by, force=force))

    async def replace_status(self, manifest: Object) -> Object:
        """Replace a Formation's whole status, if it is at this very version; the CRD prunes it."""
        call = Call("replace_status", *identity_of(manifest), body=copied(manifest))
        pruned = {**manifest, "status": pruning.pruned(manifest["status"], self.status_schema)}
        return await self._carry_out(call, lambda: self.write_status(pruned))

    async def patch(self, kind: str, namespace: str, name: str, operations: list[Object]) -> Object:
        """Change an object by JSON patch and return it."""
        call = Call("patch", kind, namespace, name, body=copied(operations))
        return await self._carry_out(call, lambda: self.patch_now(kind, namespace, name, operations))

    async def delete(  # noqa: PLR0913  # as the port has it
        self, kind: str, namespace: str, name: str, uid: str, version: str, *, foreground: bool = False
    ) -> bool:
        """Delete an object, if it is this very one at this version; return whether there was one."""
        preconditions = {"uid": uid, "resourceVersion": version}
        call = Call("delete", kind, namespace, name, body=preconditions)
        try:
            remove = self.begin_removal if foreground else self.remove
            await self._carry_out(call, lambda: remove(kind, namespace, name, **preconditions))
        except errors.NotFoundError:
            return False
        return True

    async def schema(self, kind: str, *, recent: bool = False) -> Object:
        """Return the JSON schema of a kind; none is kept."""
        del recent
        answer = {"properties": {"spec": self.spec_schema, "status": self.status_schema}}
        return await self._carry_out(Call("schema", kind), lambda: answer)

    async def notify(self, formation: Object, notice: Notice) -> None:
        """Record an Event on a Formation."""
        _, namespace, name = identity_of({"kind": naming.KIND, **formation})
        call = Call("notify", naming.KIND, namespace, name, body=notice)
        await self._carry_out(call, lambda: self.notices.append(notice))

    async def _carry_out(self, call: Call, answer: Callable[[], T]) -> T:
        self.calls.append(call)
        await asyncio.sleep(self.latency)
        incident = next((each for each in self.incidents if each.fits(call)), Incident())
        incident.times -= 1
        self.incidents = [each for each in self.incidents if each.times > 0]
        if incident.hangs:
            await asyncio.sleep(incident.hangs)
        incident.meanwhile()
        if incident.error is not None and not incident.carried_out:
            raise copy.copy(incident.error)
        if call.kind in self.absent:
            raise errors.NotFoundError(f"{call.kind}: the server could not find the requested resource")
        found = answer()
        if incident.error is not None:
            raise copy.copy(incident.error)
        return found


async def until_cut(stream: Stream) -> AsyncIterator[Object]:
    """Yield what a watch says, until it ends."""
    while (found := await stream.get()) is not None:
        if isinstance(found, Exception):
            raise found
        yield found
