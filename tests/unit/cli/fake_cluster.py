"""A cluster in memory, as commands know it, which keeps what is written."""

import copy
import threading
from collections.abc import Iterator

from formation_cli.cluster import kinds
from formation_cli.cluster.port import Change, Cluster, ConflictFailure, Listed, LogQuery, Object, Target
from formation_cli.failures import Failure, NoAccess, NotFound
from formation_operator.api import naming
from tests.shared import builders
from tests.unit.fakes import json_patch


class FakeCluster(Cluster):
    """Has the objects that it is given, by kind."""

    target = Target()
    namespace = "default"

    def __init__(self, **objects: list[Object]) -> None:
        self.objects = objects
        self.time = builders.NOW + 3600
        """What the server's clock says, in seconds."""
        self.logs: dict[str, list[str]] = {}
        """The lines of each Pod's log."""
        self.conflicts = 0
        """How many patches come too late."""
        self.dry_runs: list[bool] = []
        """Of each patch, whether it was to change nothing."""
        self.forbidden: tuple[str, ...] = ()
        """The kinds that one may neither read nor create."""
        self.failing: dict[str, BaseException] = {}
        """How it answers whoever asks for a kind, but to change it, or for the log of a Pod."""
        self.refused: Failure | None = None
        """How it answers whoever changes a Formation."""
        self.lacked: tuple[str, ...] = ()
        """Verbs and resources, such as `list pods`, of which a review of one's rights says no."""
        self.reviewed: list[str] = []
        """What was asked about, with the name if one was given."""
        self.unreachable = False
        """Whether that is because nobody answers."""

    @property
    def spec(self) -> Object:
        """The spec of the first Formation."""
        return dict(self.objects[naming.KIND][0]["spec"])

    def in_all_namespaces(self) -> Cluster:
        return self

    def _permit(self, verb: str, kind: str, name: str) -> None:
        if kind in self.forbidden:
            failure = NoAccess(f"You may not {verb} {kind} {name}.", hint="The API server says: no")
            failure.refused = not self.unreachable
            raise failure

    def get(self, kind: str, name: str) -> Object | None:
        self._permit("read", kind, name)
        self._fail(kind)
        named = (each for each in self.objects.get(kind, []) if each["metadata"]["name"] == name)
        return copy.deepcopy(next(named, None))

    def _fail(self, kind: str) -> None:
        if failure := self.failing.get(kind):
            raise failure

    def select(self, kind: str, *, labels: str = "", fields: str = "") -> Listed:
        self._fail(kind)
        return Listed([*self.objects.get(kind, [])], "1", self.time)

    def watch(self, kind: str, version: str, *, labels: str = "", fields: str = "") -> Iterator[Change]:
        threading.Event().wait()  # nothing happens any more
        yield from ()

    def patch(self, kind: str, name: str, patch: list[Object] | Object, *, dry_run: bool = False) -> Object:
        if self.conflicts:
            self.conflicts -= 1
            raise ConflictFailure("too late")
        if self.refused and kind == naming.KIND:
            raise self.refused
        found = self.get(kind, name)
        if found is None:
            raise NotFound(f"There is no {kind} {name}.")
        self.dry_runs.append(dry_run)
        if isinstance(patch, list):
            after = json_patch.patched(found, patch)
        else:
            after = dict(json_patch.merged(found, patch))
        if not dry_run:
            others = [each for each in self.objects[kind] if each["metadata"]["name"] != name]
            self.objects[kind] = [*others, copy.deepcopy(after)]
            self.react()
        return after

    def react(self) -> None:
        """Do as the operator does when something was changed."""

    def create(self, manifest: Object, *, dry_run: bool = False) -> Object:
        self._permit("create", manifest["kind"], manifest.get("metadata", {}).get("name", ""))
        self._fail(manifest["kind"])
        if manifest["kind"] == kinds.ACCESS_REVIEW:
            return self._reviewed(manifest["spec"]["resourceAttributes"])
        if dry_run:
            return manifest
        self.objects.setdefault(manifest["kind"], []).append(manifest)
        return manifest

    def _reviewed(self, asked: Object) -> Object:
        resource = "/".join(filter(None, [asked["resource"], asked["subresource"]]))
        what = f"{asked['verb']} {resource}"
        self.reviewed.append(" ".join(filter(None, [what, asked["name"]])))
        return {"status": {"allowed": what not in self.lacked}}

    def delete(self, kind: str, name: str, *, dry_run: bool = False) -> None:
        self._fail(kind)
        if dry_run:
            return
        self.objects[kind] = [each for each in self.objects[kind] if each["metadata"]["name"] != name]

    def log(self, pod: str, query: LogQuery) -> Iterator[bytes]:
        self._fail(pod)
        yield from (f"{line}\n".encode() for line in self.logs.get(pod, []))


class Deleting(FakeCluster):
    """Deletes the first object of each kind that somebody watches."""

    def watch(self, kind: str, version: str, *, labels: str = "", fields: str = "") -> Iterator[Change]:
        yield Change("DELETED", self.objects[kind][0])
        yield from super().watch(kind, version)
