"""A cluster in memory behind the port that the operator asks, for tests that are about our side of it.

It keeps objects and their versions, preconditions and field owners as an API server does, but validates
nothing, fills in nothing and runs nothing.  What Kubernetes makes of a request is for `tests/contract`.
"""

import asyncio
import copy
import dataclasses
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal, TypeVar

from formation_operator import autoscalers, errors, kinds, naming
from formation_operator.cluster import Cluster, Object
from formation_operator.notices import Notice
from tests.builders import ago
from tests.unit.fakes import json_patch, managed_fields
from tests.unit.fakes.managed_fields import Owner

T = TypeVar("T")
Verb = Literal["pages", "select", "get", "apply", "apply_status", "patch", "delete", "notify"]
Identity = tuple[str, str, str]
"""Kind, namespace and name of an object."""
KUBECTL = Owner("kubectl", "Update")
SCALE = Owner("kubectl", "Update", "scale")
"""Who runs ``kubectl scale``."""


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
    error: Exception | None = None
    carried_out: bool = False
    """Whether only the answer is lost."""
    times: float = 1

    def fits(self, call: Call) -> bool:
        """Tell whether it happens to a call."""
        return (
            self.verb in (None, call.verb) and self.kind in ("", call.kind) and self.name in ("", call.name)
        )


class FakeCluster(Cluster):
    """The port, and what stands for everybody else: they `put`, `merge` and `remove` objects."""

    def __init__(self) -> None:
        self.version = 100
        """The resource version that was given last."""
        self.per_page = 1
        self.latency = 0.0
        """Seconds until a call is carried out; others get their turn in any case."""
        self.absent = {autoscalers.SCALED_OBJECT}
        """Kinds that aren't installed."""
        self.incidents: list[Incident] = []
        self.calls: list[Call] = []
        self.notices: list[Notice] = []
        self.watchers: list[Callable[[str, Object, bool], object]] = []
        """Whom each change is told at once: kind, object, and whether it is deleted."""
        self._objects: dict[Identity, Object] = {}

    # What others do and see

    def put(self, kind: str, raw: Object) -> Object:
        """Store an object as it is given, what is left out filled in; return it as `read` does."""
        version = self._next_version()
        known = kinds.BY_NAME[kind]
        metadata = {
            "namespace": "default",
            "name": f"{kind.lower()}-{version}",
            "uid": f"uid-{version}",
            "generation": 1,
            "resourceVersion": version,
            "creationTimestamp": ago(0),
            **raw.get("metadata", {}),
        }
        api_version = "/".join(filter(None, (known.group, known.version)))
        return self._store(kind, {"apiVersion": api_version, "kind": kind, **raw, "metadata": metadata})

    def read(self, kind: str, namespace: str, name: str) -> Object:
        """Return an object as it is now; raise `NotFoundError` if it isn't there."""
        try:
            return copy.deepcopy(self._objects[kind, namespace, name])
        except KeyError as error:
            raise errors.NotFoundError(f'{kind} "{name}" not found') from error

    def all(self, kind: str) -> list[Object]:
        """Return all objects of a kind as they are now."""
        return self._chosen(kind)

    def merge(self, kind: str, namespace: str, name: str, changes: Object, *, by: Owner = KUBECTL) -> Object:
        """Change an object by merge patch, as another client, and return it."""
        live = self.read(kind, namespace, name)
        return self._update(live, json_patch.merged(live, changes), by)

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object, as another client; raise `NotFoundError` if it isn't there."""
        raw = self.read(kind, namespace, name)
        del self._objects[kind, namespace, name]
        raw["metadata"]["resourceVersion"] = self._next_version()
        self._tell(kind, raw, deleted=True)

    def asked(self, verb: Verb, kind: str = "") -> list[Call]:
        """Return the calls of a verb, and of a kind if one is given."""
        return [call for call in self.calls if call.verb == verb and kind in ("", call.kind)]

    # The port

    async def pages(self, kind: str) -> AsyncIterator[tuple[list[Object], str]]:
        """Yield all objects of a kind that concern us, some at a time."""
        label = naming.FORMATION_LABEL if kinds.BY_NAME[kind].labelled else ""
        call = Call("pages", kind)
        found, version = await self._carry_out(
            call, lambda: (self._chosen(kind, labels=label), str(self.version))
        )
        for start in range(0, len(found) or 1, self.per_page):
            yield found[start : start + self.per_page], version

    async def select(self, kind: str, namespace: str, *, labels: str = "", fields: str = "") -> list[Object]:
        """Return the objects of a namespace, or those of them that the selectors choose."""
        call = Call("select", kind, namespace, selector=labels or fields)
        return await self._carry_out(call, lambda: self._chosen(kind, namespace, labels, fields))

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object as it is now, or nothing."""
        try:
            call = Call("get", kind, namespace, name)
            return await self._carry_out(call, lambda: self.read(kind, namespace, name))
        except errors.NotFoundError:
            return None

    async def apply(self, manifest: Object, *, manager: str, force: bool) -> Object:
        """Write an object by server-side apply and return it as it is then."""
        kind, namespace, name = identity = identity_of(manifest)
        call = Call(
            "apply", kind, namespace, name, body=copy.deepcopy(manifest), manager=manager, force=force
        )

        def answer() -> Object:
            live = self._objects.get(identity)
            check_preconditions(manifest["metadata"], live)
            bare = {"metadata": {"namespace": namespace, "name": name}}
            by = Owner(manager, "Apply")
            after = managed_fields.applied(live or bare, manifest, by, force=force)
            return self._replace(live, after) if live else self.put(kind, after)

        return await self._carry_out(call, answer)

    async def apply_status(self, manifest: Object) -> Object:
        """Write a Formation's status by server-side apply and return the Formation."""
        kind, namespace, name = identity_of(manifest)
        call = Call("apply_status", kind, namespace, name, body=copy.deepcopy(manifest))

        def answer() -> Object:
            live = self.read(kind, namespace, name)
            check_preconditions(manifest["metadata"], live)
            by = Owner(naming.FIELD_MANAGER, "Apply", "status")
            status = {"status": manifest["status"]}
            return self._replace(live, managed_fields.applied(live, status, by, force=True))

        return await self._carry_out(call, answer)

    async def patch(self, kind: str, namespace: str, name: str, operations: list[Object]) -> Object:
        """Change an object by JSON patch and return it."""
        call = Call("patch", kind, namespace, name, body=copy.deepcopy(operations))

        def answer() -> Object:
            live = self.read(kind, namespace, name)
            after = json_patch.patched(live, operations)
            check_preconditions(after["metadata"], live)
            return self._update(live, after, Owner(naming.FIELD_MANAGER, "Update"))

        return await self._carry_out(call, answer)

    async def delete(self, kind: str, namespace: str, name: str, uid: str) -> None:
        """Delete an object, and only this very one; it is no error if it's gone."""

        def answer() -> None:
            check_preconditions({"uid": uid}, self.read(kind, namespace, name))
            self.remove(kind, namespace, name)

        try:
            await self._carry_out(Call("delete", kind, namespace, name, body=uid), answer)
        except (errors.NotFoundError, errors.ConflictError):
            return

    async def notify(self, formation: Object, notice: Notice) -> None:
        """Record an Event on a Formation."""
        _, namespace, name = identity_of({"kind": naming.KIND, **formation})
        self.calls.append(Call("notify", naming.KIND, namespace, name, body=notice))
        await asyncio.sleep(self.latency)
        self.notices.append(notice)

    # How it is done

    async def _carry_out(self, call: Call, answer: Callable[[], T]) -> T:
        self.calls.append(call)
        await asyncio.sleep(self.latency)
        incident = next((each for each in self.incidents if each.fits(call)), Incident())
        incident.times -= 1
        self.incidents = [each for each in self.incidents if each.times > 0]
        incident.meanwhile()
        if incident.error is not None and not incident.carried_out:
            raise copy.copy(incident.error)
        if call.kind in self.absent:
            raise errors.NotFoundError(f"{call.kind}: the server could not find the requested resource")
        found = answer()
        if incident.error is not None:
            raise copy.copy(incident.error)
        return found

    def _chosen(self, kind: str, namespace: str = "", labels: str = "", fields: str = "") -> list[Object]:
        return [
            copy.deepcopy(raw)
            for (its_kind, its_namespace, _), raw in sorted(self._objects.items(), key=lambda item: item[0])
            if (its_kind, namespace or its_namespace) == (kind, its_namespace)
            and chosen(raw["metadata"].get("labels") or {}, labels)
            and chosen(flat(raw), fields)
        ]

    def _update(self, live: Object, after: Object, by: Owner) -> Object:
        return self._replace(live, managed_fields.updated(live, after, by))

    def _replace(self, live: Object, after: Object) -> Object:
        """Give an object that differs its next version, and its next generation if it means another thing."""
        if after == live:
            return after
        generation = after["metadata"].get("generation", 0) + (after.get("spec") != live.get("spec"))
        version = self._next_version()
        metadata = {**after["metadata"], "generation": generation, "resourceVersion": version}
        return self._store(after["kind"], {**after, "metadata": metadata})

    def _store(self, kind: str, raw: Object) -> Object:
        stored = copy.deepcopy(raw)
        self._objects[identity_of(stored)] = stored
        self._tell(kind, stored, deleted=False)
        return copy.deepcopy(stored)

    def _tell(self, kind: str, raw: Object, *, deleted: bool) -> None:
        for watcher in self.watchers:
            watcher(kind, copy.deepcopy(raw), deleted)

    def _next_version(self) -> str:
        self.version += 1
        return str(self.version)


def identity_of(raw: Object) -> Identity:
    """Return kind, namespace and name of an object."""
    return raw["kind"], raw["metadata"]["namespace"], raw["metadata"]["name"]


def check_preconditions(given: Object, live: Object | None) -> None:
    """Raise `ConflictError` unless an object is the one, and as old, as the given metadata says.

    Where there is none, only a uid is missed: an apply with a version alone creates it.
    """
    there = {"uid": None} if live is None else live["metadata"]
    for field in ("uid", "resourceVersion"):
        if field in given and field in there and given[field] != there[field]:
            raise errors.ConflictError(f"{field} is {there[field]}, not {given[field]}")


def chosen(values: Object, selector: str) -> bool:
    """Tell whether values fit a selector: each part names a key that must be there, or what it must equal."""
    for part in filter(None, selector.split(",")):
        key, equals, value = part.partition("=")
        if key not in values or (equals and values[key] != value):
            return False
    return True


def flat(raw: Object, above: str = "") -> Object:
    """Return the fields of an object by their dotted paths."""
    found: Object = {}
    for key, value in raw.items():
        found |= flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return found
