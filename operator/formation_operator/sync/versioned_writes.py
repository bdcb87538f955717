"""Writes over an object that exists, at the version that was decided about, or after it was read again."""

import contextlib
import dataclasses
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import Formation, Metadata
from formation_operator.kube import errors
from formation_operator.kube.objects import lenient
from formation_operator.kube.port import Cluster
from formation_operator.observe import children, managed_fields
from formation_operator.observe.children import Child
from formation_operator.render import intents
from formation_operator.sync import drift_event, outcome
from formation_operator.sync.outcome import Outcome
from formation_operator.sync.planner import Action, Verb

INTENT = f"/metadata/annotations/{naming.INTENT_ANNOTATION.replace('/', '~1')}"
"""The digest of an intent, as a JSON pointer."""

LEAVING = "leaving"
"""What a CronJob that isn't wanted any more has in place of a digest."""


@dataclasses.dataclass(frozen=True)
class VersionedWrites:
    """Writes that fail if another client has written the same object, instead of overwriting that."""

    cluster: Cluster
    formation: Formation

    async def live(self, child: Child) -> dict[str, Any]:
        """Return an object as it is now, or raise `ConflictError` if it is gone."""
        live = await self.cluster.get(child.kind, child.namespace, child.name)
        if live is None:
            raise errors.ConflictError(f"{child.kind} {child.name} is gone")
        return live

    async def bring(self, action: Action) -> Outcome:
        """Write the intent over an object after a look at it; an Event explains a repair.

        Nothing is written if the object has changed in a way that matters to the decision, such as another
        count, or if it has lost our managed fields. The next pass decides again. Raises `ConflictError` if
        the object hasn't changed, so that the conflict has another reason.
        """
        live = await self.live(action.known)
        if (moved := _moved(action, live)) is not None:
            return Outcome(action, moved, again=True)
        version, is_repair = live["metadata"]["resourceVersion"], action.verb is Verb.REPAIR
        notice = drift_event.explain(self.formation, action.meant, live) if is_repair else None
        repaired = managed_fields.taken_over(live["metadata"].get("managedFields") or [])
        del live  # it may have megabytes, and the write may take long
        try:
            if repaired is not None:
                done = await self._take_over(action, version, repaired)
            else:
                done = await self.write(action, version)
        except errors.ConflictError:
            live = await self.live(action.known)
            if live["metadata"]["resourceVersion"] == version:
                raise
            return _anew(action, live)
        # A server that drops one of our fields changes nothing by that.
        is_other = done.child is not None and done.child.resource_version != version
        return done.with_event(notice) if notice is not None and is_other else done

    async def write(self, action: Action, version: str) -> Outcome:
        """Write the intent over an object that has a version, or raise `ConflictError` if it has another."""
        child, manifest = action.known, action.meant.manifest
        version = await self._hand_over(action, version)
        metadata = {**manifest["metadata"], **_at(child, version)}
        raw = await self.cluster.apply({**manifest, "metadata": metadata}, manager=naming.FIELD_MANAGER)
        return outcome.written(action, raw)

    async def _hand_over(self, action: Action, version: str) -> str:
        """Give a count that the intent doesn't set any more to a field manager of its own, so that it stays.

        Returns the object's version after that.
        """
        child = action.known
        if action.meant.handed_over is None:
            return version
        only_count = {
            "apiVersion": child.kind.traits.api.api_version,
            "kind": child.kind,
            "metadata": {"name": child.name, "namespace": child.namespace, **_at(child, version)},
            "spec": {"replicas": action.meant.handed_over},
        }
        raw = await self.cluster.apply(only_count, manager=naming.COUNT_MANAGER)
        return str(raw["metadata"]["resourceVersion"])

    async def _take_over(self, action: Action, version: str, repaired: list[dict[str, Any]]) -> Outcome:
        """Make the managed fields of a restored object ours."""
        child = action.known
        operations = [{"op": "replace", "path": "/metadata/managedFields", "value": repaired}]
        if child.digest is not None:  # the fields may not have the values that we intend
            operations.append({"op": "remove", "path": INTENT})
        raw = await self._patch(child, version, *operations)
        return dataclasses.replace(_anew(action, raw), taken_over=True)

    async def adopt(self, action: Action) -> Outcome:
        """Give an orphan its owner, and leave all else as it is."""
        mine = self.formation.metadata
        await check_living(self.cluster, mine)
        live = await self.live(action.known)
        if (moved := _moved(action, live)) is not None:
            return Outcome(action, moved, again=True)
        owners = [*lenient.items(live["metadata"], "ownerReferences"), intents.owner_reference(mine)]
        operation = {"op": "add", "path": "/metadata/ownerReferences", "value": owners}
        return (await self._set(action, live, operation)).with_event(outcome.adopted(action))

    async def scale(self, action: Action) -> Outcome:
        """Write the count of a Deployment and what remembers it, and take the digest of its intent away.

        So it is written whole once that is possible, and nobody takes the count for another client's.
        """
        child, live, count = action.known, await self.live(action.known), action.count
        if (moved := _moved(action, live)) is not None or count is None:
            return Outcome(action, moved, again=True)
        annotations = {**lenient.mapping(live["metadata"], "annotations")}
        annotations[naming.INTENT_ANNOTATION] = children.COUNTS_ALONE
        if count.rendered is None:
            annotations.pop(naming.COUNT_ANNOTATION, None)
        else:
            annotations[naming.COUNT_ANNOTATION] = str(count.remembered)
        replicas = child.replicas if count.now is None else count.now
        noted = {"op": "add", "path": "/metadata/annotations", "value": annotations}
        return await self._set(
            action, live, noted, {"op": "add", "path": "/spec/replicas", "value": replicas}
        )

    async def _set(self, action: Action, live: dict[str, Any], *operations: dict[str, Any]) -> Outcome:
        raw = await self._patch(action.known, live["metadata"]["resourceVersion"], *operations)
        return Outcome(action, children.child(raw, action.known.kind))

    async def suspend(self, action: Action) -> Outcome:
        """Write of a CronJob alone whether it begins runs; after a conflict the next pass decides again.

        It loses the digest of its intent, so that it is written whole if it is declared, or declared again.
        """
        child, leaves = action.known, action.verb is Verb.SUSPEND
        operations = [{"op": "add", "path": "/spec/suspend", "value": action.suspend}]
        if child.digest is not None:  # otherwise it may have no annotations at all
            digest = LEAVING if leaves else children.COUNTS_ALONE
            operations.append({"op": "add", "path": INTENT, "value": digest})
        try:
            raw = await self._patch(child, child.resource_version, *operations)
        except errors.ConflictError:
            return _anew(action, await self.live(child))
        written = Outcome(action, children.child(raw, child.kind))
        return written.with_event(outcome.suspended(action)) if leaves else written

    async def _patch(self, child: Child, version: str, *operations: dict[str, Any]) -> dict[str, Any]:
        """Patch an object at a version, and return it."""
        same = unchanged(_at(child, version))
        return await self.cluster.patch(child.kind, child.namespace, child.name, [*same, *operations])

    async def delete(self, action: Action) -> Outcome:
        """Delete an object at its known version; after a change that the watch will bring, it is tried again.

        So it is after a 404: if a proxy sent that, the object still exists, and would be forgotten.
        """
        child = action.known
        about = child.kind, child.namespace, child.name, child.uid, child.resource_version
        with contextlib.suppress(errors.ConflictError):
            if await self.cluster.delete(*about, foreground=action.foreground):
                return Outcome(action, gone=not action.foreground).with_event(outcome.deleted(action))
        return Outcome(action, again=True)


async def check_living(cluster: Cluster, mine: Metadata) -> None:
    """Raise `NotFoundError` if a Formation is gone, or is going: the watch may bring that later.

    Until then children would be adopted or created, and then deleted with it. Kubernetes' own controllers
    read their owner again, too.
    """
    live = await cluster.get(naming.KIND, mine.namespace, mine.name)
    about = lenient.mapping(live, "metadata")
    if about.get("uid") != mine.uid or "deletionTimestamp" in about:
        raise errors.NotFoundError(f"Formation {mine.name} is gone, or about to go")


def _at(child: Child, version: str) -> dict[str, Any]:
    """Return what makes a write a conflict if an object is another one, or has another version."""
    return {"uid": child.uid, "resourceVersion": version}


def unchanged(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the operations that make a JSON patch a conflict if an object is another one, or has changed."""
    fields = ("uid", "resourceVersion")
    return [{"op": "replace", "path": f"/metadata/{each}", "value": metadata[each]} for each in fields]


def _moved(action: Action, live: dict[str, Any]) -> Child | None:
    """Return an object if it has changed in a way that matters to the decision about it."""
    child = children.child(live, action.known.kind)
    return None if _decided(child) == _decided(action.known) else child


def _decided(child: Child) -> tuple[object, ...]:
    """Return the facts that decisions use: the owner, the intent that was written last, and the count."""
    whose = child.uid, child.owner, child.orphan_of, child.deleting
    return *whose, child.digest, child.replicas, child.remembered, child.owns_count


def _anew(action: Action, live: dict[str, Any]) -> Outcome:
    """Return the outcome after which the next pass decides about an object as it is now."""
    return Outcome(action, children.child(live, action.known.kind), again=True)
