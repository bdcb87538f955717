"""Writes over an object that exists, at the version that was decided about, or after it was read again."""

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
from formation_operator.sync import drift_event
from formation_operator.sync import outcome as outcomes
from formation_operator.sync.outcome import Outcome
from formation_operator.sync.planner import Action, Verb

INTENT = f"/metadata/annotations/{naming.INTENT_ANNOTATION.replace('/', '~1')}"
"""The digest of an intent, as a JSON pointer."""

RECREATE = {"op": "replace", "path": "/spec/strategy", "value": {"type": "Recreate"}}
"""Has a Deployment end its old processes before new ones start."""

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
        live = await self.live(action.existing)
        if (moved := _moved(action, live)) is not None:
            return Outcome(action, moved, again=True)
        version, notice = live["metadata"]["resourceVersion"], None
        if action.verb is Verb.REPAIR:
            notice = drift_event.explain(self.formation, action.intended, live)
        managed = managed_fields.taken_over(live["metadata"].get("managedFields") or [])
        is_held = _holds_rolling_update(action, live)
        del live  # it may have megabytes, and the write may take long
        try:
            if managed is not None:
                outcome = await self._take_over(action, version, managed)
            else:
                if is_held:
                    version = (await self._patch(action.existing, version, RECREATE)).resource_version
                outcome = await self.write(action, version)
        except errors.ConflictError:
            live = await self.live(action.existing)
            if live["metadata"]["resourceVersion"] == version:
                raise
            return _anew(action, live)
        # A server that drops one of our fields changes nothing by that.
        is_other = outcome.child is not None and outcome.child.resource_version != version
        return outcome.with_event(notice) if notice is not None and is_other else outcome

    async def write(self, action: Action, version: str) -> Outcome:
        """Write the intent over an object that has a version, or raise `ConflictError` if it has another."""
        child, intent = action.existing, action.intended
        if intent.handed_over is not None:
            version = await self._hand_over(child, intent.handed_over, version)
        metadata = {**intent.manifest["metadata"], **_at(child, version)}
        manifest = {**intent.manifest, "metadata": metadata}
        return outcomes.written(action, await self.cluster.apply(manifest, manager=naming.FIELD_MANAGER))

    async def _hand_over(self, child: Child, count: int, version: str) -> str:
        """Give a count that the intent doesn't set any more to a field manager of its own, so that it stays.

        Returns the object's version after that.
        """
        only_count = {
            "apiVersion": child.kind.traits.api_version,
            "kind": child.kind,
            "metadata": {"name": child.name, "namespace": child.namespace, **_at(child, version)},
            "spec": {"replicas": count},
        }
        raw = await self.cluster.apply(only_count, manager=naming.COUNT_MANAGER)
        return str(raw["metadata"]["resourceVersion"])

    async def _take_over(self, action: Action, version: str, managed: list[dict[str, Any]]) -> Outcome:
        """Make the managed fields of a restored object ours."""
        operations = [{"op": "replace", "path": "/metadata/managedFields", "value": managed}]
        if action.existing.digest is not None:  # the fields may not have the values that we intend
            operations.append({"op": "remove", "path": INTENT})
        child = await self._patch(action.existing, version, *operations)
        return Outcome(action, child, again=True, taken_over=True)

    async def adopt(self, action: Action) -> Outcome:
        """Give an orphan its owner, and leave all else as it is."""
        owner = self.formation.metadata
        await check_living(self.cluster, owner)
        live = await self.live(action.existing)
        if (moved := _moved(action, live)) is not None:
            return Outcome(action, moved, again=True)
        owners = [*lenient.items(live["metadata"], "ownerReferences"), intents.owner_reference(owner)]
        operation = {"op": "add", "path": "/metadata/ownerReferences", "value": owners}
        child = await self._patch(action.existing, live["metadata"]["resourceVersion"], operation)
        return Outcome(action, child).with_event(outcomes.adopted(action))

    async def scale(self, action: Action) -> Outcome:
        """Write the count of a Deployment and what remembers it, and take the digest of its intent away.

        So it is written whole once that is possible, and nobody takes the count for another client's.
        """
        child, count = action.existing, action.count
        live = await self.live(child)
        if (moved := _moved(action, live)) is not None or count is None:
            return Outcome(action, moved, again=True)
        annotations = {**lenient.mapping(live["metadata"], "annotations")}
        annotations[naming.INTENT_ANNOTATION] = children.COUNTS_ALONE
        if count.rendered is None:
            annotations.pop(naming.COUNT_ANNOTATION, None)
        else:
            annotations[naming.COUNT_ANNOTATION] = str(count.remembered)
        replicas = child.replicas if count.now is None else count.now
        operations = (
            {"op": "add", "path": "/metadata/annotations", "value": annotations},
            {"op": "add", "path": "/spec/replicas", "value": replicas},
        )
        return Outcome(action, await self._patch(child, live["metadata"]["resourceVersion"], *operations))

    async def suspend(self, action: Action) -> Outcome:
        """Write of a CronJob alone whether it begins runs; after a conflict the next pass decides again.

        It loses the digest of its intent, so that it is written whole if it is declared, or declared again.
        """
        child = action.existing
        is_leaving = action.verb is Verb.SUSPEND
        operations = [{"op": "add", "path": "/spec/suspend", "value": action.suspend}]
        if child.digest is not None:  # otherwise it may have no annotations at all
            digest = LEAVING if is_leaving else children.COUNTS_ALONE
            operations.append({"op": "add", "path": INTENT, "value": digest})
        try:
            outcome = Outcome(action, await self._patch(child, child.resource_version, *operations))
        except errors.ConflictError:
            return _anew(action, await self.live(child))
        return outcome.with_event(outcomes.suspended(action)) if is_leaving else outcome

    async def _patch(self, child: Child, version: str, *operations: dict[str, Any]) -> Child:
        """Patch an object at a version, and return it as it is then."""
        same = unchanged(_at(child, version))
        raw = await self.cluster.patch(child.kind, child.namespace, child.name, [*same, *operations])
        return children.child(raw, child.kind)

    async def delete(self, action: Action) -> Outcome:
        """Delete an object at its known version; after a change that the watch will bring, it is tried again.

        So it is after a 404: if a proxy sent that, the object still exists, and would be forgotten.
        """
        child = action.existing
        identity = child.kind, child.namespace, child.name, child.uid, child.resource_version
        try:
            is_gone = await self.cluster.delete(*identity, foreground=action.foreground)
        except errors.ConflictError:
            is_gone = False
        if not is_gone:
            return Outcome(action, again=True)
        if action.foreground:  # the watch brings it once more, and what it was for was said
            return Outcome(action)
        return Outcome(action, gone=True).with_event(outcomes.deleted(action))


def _holds_rolling_update(action: Action, live: dict[str, Any]) -> bool:
    """Return whether a Deployment that is to recreate its Pods has fields that nobody takes away.

    So it is after a restore that has lost whose fields these are. The API server would refuse the write.
    """
    kind = lenient.mapping(action.intended.manifest, "spec", "strategy").get("type")
    strategy = lenient.mapping(live, "spec", "strategy")
    entry = managed_fields.entry_of(live["metadata"].get("managedFields") or []) or {}
    is_ours = lenient.holds(entry, ("spec", "strategy", "rollingUpdate"))
    return kind == "Recreate" and "rollingUpdate" in strategy and not is_ours


async def check_living(cluster: Cluster, owner: Metadata) -> None:
    """Raise `NotFoundError` if a Formation is gone, or is going: the watch may bring that later.

    Until then children would be adopted or created, and then deleted with it. Kubernetes' own controllers
    read their owner again, too.
    """
    live = await cluster.get(naming.KIND, owner.namespace, owner.name)
    metadata = lenient.mapping(live, "metadata")
    if metadata.get("uid") != owner.uid or "deletionTimestamp" in metadata:
        raise errors.NotFoundError(f"Formation {owner.name} is gone, or about to go")


def _at(child: Child, version: str) -> dict[str, Any]:
    """Return what makes a write a conflict if an object is another one, or has another version."""
    return {"uid": child.uid, "resourceVersion": version}


def unchanged(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the operations that make a JSON patch a conflict if an object is another one, or has changed."""
    fields = ("uid", "resourceVersion")
    return [{"op": "replace", "path": f"/metadata/{each}", "value": metadata[each]} for each in fields]


def _moved(action: Action, live: dict[str, Any]) -> Child | None:
    """Return an object if it has changed in a way that matters to the decision about it."""
    child = children.child(live, action.existing.kind)
    return None if _decided(child) == _decided(action.existing) else child


def _decided(child: Child) -> tuple[object, ...]:
    """Return the facts that decisions use: the owner, the intent that was written last, and the count."""
    owner = child.uid, child.owner, child.orphan_of, child.deleting
    return *owner, child.digest, child.replicas, child.remembered, child.owns_count


def _anew(action: Action, live: dict[str, Any]) -> Outcome:
    """Return the outcome after which the next pass decides about an object as it is now."""
    return Outcome(action, children.child(live, action.existing.kind), again=True)
