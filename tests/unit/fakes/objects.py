"""Objects as an API server keeps them, and what clients do to them, each thing at once."""

from collections.abc import Callable

from formation_operator.api import naming
from formation_operator.kube import errors
from formation_operator.kube.objects import kinds, lenient
from formation_operator.kube.port import Object
from tests.shared.builders import ago
from tests.unit.fakes import json_patch, managed_fields
from tests.unit.fakes.json_patch import copied
from tests.unit.fakes.managed_fields import Owner

Identity = tuple[str, str, str]
"""Kind, namespace and name of an object."""
OPERATOR = Owner(naming.FIELD_MANAGER, "Apply")
KUBECTL = Owner("kubectl", "Update")
SCALE = Owner("kubectl", "Update", "scale")
"""Who runs ``kubectl scale``."""
FOREGROUND = "foregroundDeletion"
"""The finalizer of an object that stays until what it owns is gone."""


class Objects:
    """All objects, with the versions, preconditions and field owners that an API server gives them.

    Nothing is validated but by `admission`, and nothing filled in but metadata.
    """

    def __init__(self) -> None:
        self.version = 100
        """The resource version that was given last."""
        self.watchers: list[Callable[[str, Object, bool], object]] = []
        """Whom each change is told at once: kind, object, and whether it is deleted."""
        self.admission: list[Callable[[Object, Object | None], object]] = []
        """Who may change or refuse what is about to be stored, given what it replaces, if anything."""
        self.stamp: Callable[[], str] = lambda: ago(0)
        """The present as Kubernetes writes it."""
        self._objects: dict[Identity, Object] = {}
        self._order: list[Identity] = []
        """All identities in the order of a list, unless some have come or gone."""

    def put(self, kind: str, raw: Object) -> Object:
        """Store an object as it is given, with what its metadata leaves out, and return it."""
        version = str(self.version + 1)
        known = kinds.BY_NAME[kind]
        metadata = {
            "namespace": "default",
            "name": f"{kind.lower()}-{version}",
            "uid": f"uid-{version}",
            "generation": 1,
            "resourceVersion": version,
            "creationTimestamp": self.stamp(),
            **raw.get("metadata", {}),
        }
        about = {"apiVersion": known.api_version, "kind": kind, "metadata": metadata}
        admitted = self._admitted(copied({**raw, **about}), None)
        self._next_version()
        return self._store(kind, admitted)

    def read(self, kind: str, namespace: str, name: str) -> Object:
        """Return an object as it is now; raise `NotFoundError` if it isn't there."""
        try:
            return copied(self._objects[kind, namespace, name])
        except KeyError as error:
            raise errors.NotFoundError(f'{kind} "{name}" not found') from error

    def all(self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "") -> list[Object]:
        """Return the objects of a kind as they are now, or those that fit, in the order of a list."""
        return copied(self.there(kind, namespace, labels=labels, fields=fields))

    def there(self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "") -> list[Object]:
        """Return them themselves, which may change."""
        found = [self._objects[identity] for identity in self._in_order() if identity[0] == kind]
        return [
            raw
            for raw in found
            if namespace in ("", raw["metadata"]["namespace"])
            and fits(raw["metadata"].get("labels") or {}, labels)
            and fits(flat(raw) if fields else {}, fields)
        ]

    def merge(self, kind: str, namespace: str, name: str, changes: Object, *, by: Owner = KUBECTL) -> Object:
        """Change an object by merge patch and return it."""
        live = self.read(kind, namespace, name)
        return self._replace(
            live, managed_fields.updated(live, json_patch.merged(live, changes), by, self.stamp())
        )

    def replace(self, raw: Object, *, by: Owner) -> Object:
        """Write an object whole and return it; raise `NotFoundError` if it isn't there."""
        live = self.read(*identity_of(raw))
        return self._replace(live, managed_fields.updated(live, raw, by, self.stamp()))

    def write(self, manifest: Object, *, by: Owner = OPERATOR, force: bool = True) -> Object:
        """Write an object by server-side apply and return it; raise `ConflictError` as the port does."""
        kind, namespace, name = identity = identity_of(manifest)
        live = self._objects.get(identity)
        check_preconditions(manifest["metadata"], live)
        before = live or {"metadata": {"namespace": namespace, "name": name}}
        after = managed_fields.applied(before, manifest, by, self.stamp(), force=force)
        return self._replace(live, after) if live else self.put(kind, after)

    def write_status(self, manifest: Object) -> Object:
        """Write an object's whole status, as the operator, and return the object."""
        live = self.read(*identity_of(manifest))
        check_preconditions(manifest["metadata"], live)
        by = OPERATOR._replace(operation="Update", subresource="status")
        return self._replace(
            live, managed_fields.updated(live, {**live, "status": manifest["status"]}, by, self.stamp())
        )

    def patch_now(self, kind: str, namespace: str, name: str, operations: list[Object]) -> Object:
        """Change an object by JSON patch, as the operator, and return it."""
        live = self.read(kind, namespace, name)
        after = json_patch.patched(live, operations)
        check_preconditions(after["metadata"], live)
        by = OPERATOR._replace(operation="Update")
        return self._replace(live, managed_fields.updated(live, after, by, self.stamp()))

    def remove(self, kind: str, namespace: str, name: str, **preconditions: str) -> None:
        """Delete an object; raise `NotFoundError` if it isn't there, `ConflictError` if it isn't that one."""
        raw = self.read(kind, namespace, name)
        check_preconditions(preconditions, raw)
        del self._objects[kind, namespace, name]
        self._order = []
        raw["metadata"]["resourceVersion"] = self._next_version()
        self._tell(kind, raw, deleted=True)
        for owner in [*self._objects.values()]:
            if FOREGROUND in owner["metadata"].get("finalizers", ()) and _controls(owner, raw):
                self._end_removal(owner)

    def begin_removal(self, kind: str, namespace: str, name: str, **preconditions: str) -> None:
        """Delete an object in the foreground: it stays until the objects that it controls are gone.

        These are for the test to delete, as the garbage collector does. Raises as `remove` does.
        """
        raw = self.read(kind, namespace, name)
        check_preconditions(preconditions, raw)
        deletion = {"deletionTimestamp": self.stamp(), "finalizers": [FOREGROUND]}
        self._end_removal(self._replace(raw, {**raw, "metadata": {**raw["metadata"], **deletion}}))

    def _end_removal(self, owner: Object) -> None:
        if not any(_controls(owner, each) for each in self._objects.values()):
            self.remove(*identity_of(owner))

    def everything(self) -> list[Object]:
        """Return all objects themselves, in the order of a list."""
        return [self._objects[identity] for identity in self._in_order()]

    def _in_order(self) -> list[Identity]:
        if len(self._order) != len(self._objects):
            self._order = sorted(self._objects)
        return self._order

    def _admitted(self, raw: Object, live: Object | None) -> Object:
        for check in self.admission:
            check(raw, live)
        return raw

    def _replace(self, live: Object, after: Object) -> Object:
        """Give an object that differs its next version, and its next generation if it means another thing."""
        if self._admitted(after, live) == live:
            return after
        generation = after["metadata"].get("generation", 0) + (after.get("spec") != live.get("spec"))
        version = self._next_version()
        metadata = {**after["metadata"], "generation": generation, "resourceVersion": version}
        return self._store(after["kind"], {**after, "metadata": metadata})

    def _store(self, kind: str, raw: Object) -> Object:
        stored = copied(raw)
        self._order = self._order if identity_of(stored) in self._objects else []
        self._objects[identity_of(stored)] = stored
        self._tell(kind, stored, deleted=False)
        return copied(stored)

    def _tell(self, kind: str, raw: Object, *, deleted: bool) -> None:
        for watcher in self.watchers:
            watcher(kind, copied(raw), deleted)

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


def _controls(owner: Object, raw: Object) -> bool:
    return bool(lenient.controller(raw["metadata"]).get("uid") == owner["metadata"]["uid"])


def fits(values: Object, selector: str) -> bool:
    """Tell whether values fit a selector: each part names a key that must be there, or what it must equal."""
    for part in filter(None, selector.split(",")):
        key, equals, value = part.partition("=")
        if key.startswith("!"):
            if key[1:] in values:
                return False
        elif key not in values or (equals and values[key] != value):
            return False
    return True


def flat(raw: Object, above: str = "") -> Object:
    """Return the fields of an object by their dotted paths."""
    found: Object = {}
    for key, value in raw.items():
        found |= flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return found
