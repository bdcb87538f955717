"""The children as they are: the few facts of an object that decisions need, and nothing else.

Whole objects would take many times more memory.  Each fact is bounded, because anyone who may write a
Deployment may write our labels and our managed fields into it.
"""

import dataclasses
import functools
from collections.abc import Hashable, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.api.content import Mark, mark_in
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import ChildKind, Key
from formation_operator.observe import autoscalers, managed_fields, rollouts
from formation_operator.observe.autoscalers import FINE, Autoscaler, Scaling
from formation_operator.observe.managed_fields import NOTHING, Owned
from formation_operator.observe.rollouts import NO_CRON_JOB_STATUS, NO_STATUS, CronJobStatus, DeploymentStatus
from formation_operator.observe.store import Wanting
from formation_operator.requeue import Lane

LONGEST_COUNT = 9
"""Digits: any count of so many fits the API's 32 bits."""
PROGRESS = ("rollout", "runs", "scaling")
"""The facts that only the status depends on."""
COUNTS_ALONE = "counts alone"
"""What a Deployment has in place of a digest where we wrote its count last, and nothing else."""


@dataclasses.dataclass(frozen=True, slots=True)
class Owner:
    """The controller of an object."""

    api_version: str
    kind: str
    name: str
    uid: str

    @property
    def is_formation(self) -> bool:
        """Whether the controller is a Formation, of any version."""
        return self.kind == naming.KIND and self.api_version.split("/")[0] == naming.GROUP


@dataclasses.dataclass(frozen=True, slots=True)
class Child:
    """A Deployment, Service or the like, known by its name and its owner: anyone may write its labels."""

    kind: ChildKind
    namespace: str
    name: str
    uid: str
    resource_version: str = dataclasses.field(compare=False)
    owner: Owner | None
    orphan_of: str
    """Without an owner: the Formation, and the type, canary or schedule, such as shop/web, that both its
    selector and its labels name; empty if they don't name the same."""
    deleting: bool
    digest: str | None
    """Digest of the intent that it was last written with, or what another client has put in its place."""
    owned: str
    """Our Apply entry in managedFields, as `managed_fields` keeps it; empty if there is none."""
    owns_count: bool = False
    count_set_by: str = ""
    """The field manager of the client that set the count, if it isn't ours; empty if it left no name."""
    scaled: bool = True
    """Whether that client used the subresource ``scale``."""
    remembered: int | None = None
    """The count that we wrote last, or that comes back after a suspension."""
    replicas: int = 1
    content: Mark | None = None
    """The content that its template was last written from, if our entry holds what says so."""
    claims: str = ""
    """The digest of that content, whoever has written what says so."""
    is_canary: bool = False
    """Whether it is the Deployment of a canary, by its selector, which nobody can change."""
    recreates: bool = False
    """Whether we have its old processes end before new ones start, as a singleton's do."""
    images: tuple[tuple[str, str], ...] = ()
    """Image of each container by name."""
    rollout: DeploymentStatus = NO_STATUS
    runs: CronJobStatus = NO_CRON_JOB_STATUS
    autoscaler: Autoscaler | None = None
    """What it scales, if it is an autoscaler."""
    scaling: Scaling = FINE
    """How a Formation's own autoscaler does."""

    @property
    def is_suspended(self) -> bool:
        """Whether we wrote a zero, and the count to come back to."""
        return self.owns_count and self.replicas == 0 and bool(self.remembered)

    def is_owned_by(self, uid: str) -> bool:
        """Return whether an object of a uid is its owner."""
        return self.owner is not None and self.owner.uid == uid

    def belongs_to(self, uid: str, formation: str, part: str) -> bool:
        """Return whether a Formation owns it, or may adopt it as an orphan of a type, canary or schedule."""
        return self.is_owned_by(uid) or self.is_orphan_of(formation, part)

    def is_orphan_of(self, formation: str, part: str) -> bool:
        """Return whether it has no owner, and a Formation may adopt it for a type, canary or schedule."""
        return self.orphan_of == f"{formation}/{part}"


ChildId = tuple[ChildKind, str]
"""Kind and name of a child."""
Children = Mapping[ChildId, Child]
"""The children of a Formation, and the objects that have their names."""


def child(raw: dict[str, Any], kind: ChildKind) -> Child:
    """Return the facts of an object of a kind of children as the API server gave it."""
    metadata, annotations = raw["metadata"], lenient.mapping(raw, "metadata", "annotations")
    owner, managed = controller(metadata), metadata.get("managedFields") or []
    digest = lenient.text(annotations, naming.INTENT_ANNOTATION)
    scales = kind is ChildKind.HORIZONTAL_POD_AUTOSCALER
    is_ours = owner is not None and owner.is_formation
    # Most autoscalers are of others, and their events come all the time.
    owned = NOTHING if scales and not is_ours else managed_fields.owned(managed, owner.uid if owner else "")
    if digest == COUNTS_ALONE:
        owned = managed_fields.with_counts_alone(owned, managed)
    return Child(
        kind=kind,
        namespace=lenient.shared(metadata["namespace"]),
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        owner=owner,
        orphan_of=_orphan_of(raw, kind) if owner is None else "",
        deleting="deletionTimestamp" in metadata,
        digest=digest if naming.INTENT_ANNOTATION in annotations else None,
        owned=owned.text,
        runs=rollouts.cron_job(raw) if kind is ChildKind.CRON_JOB else NO_CRON_JOB_STATUS,
        autoscaler=autoscalers.autoscaler(raw, kind) if scales else None,
        scaling=autoscalers.scaling(raw) if scales and is_ours else FINE,
        **(_deployment(raw, owned) if kind.traits.runs_processes else {}),
    )


def _deployment(raw: dict[str, Any], owned: Owned) -> dict[str, Any]:
    annotations, spec = lenient.mapping(raw, "metadata", "annotations"), raw["spec"]
    written, replicas = annotations.get(naming.COUNT_ANNOTATION, ""), spec.get("replicas", 1)
    # Anyone may write the annotations: they count only if we own them. Where nothing says who has written
    # something, as after a restore, it may have been us: a zero in place of another count, and the strategy
    # of a singleton.
    is_unclear = bool(written) and not owned.text
    is_stopped = is_unclear and written != "0" and not replicas
    count = written if managed_fields.REMEMBERED_COUNT in owned.held or is_stopped else ""
    mark = _mark_in(lenient.text(annotations, naming.CONTENT_ANNOTATION))
    selected = lenient.mapping(spec, "selector", "matchLabels")
    return {
        "owns_count": managed_fields.COUNT in owned.held or is_stopped,
        **rollouts.setter(raw["metadata"].get("managedFields") or []),
        "remembered": int(count) if count.isdecimal() and len(count) <= LONGEST_COUNT else None,
        "replicas": replicas,
        "content": mark if managed_fields.CONTENT in owned.held else None,
        "claims": mark.digest if mark is not None else "",
        "is_canary": selected.get(naming.TRACK_LABEL) == naming.CANARY,
        "recreates": rollouts.recreates(spec)
        and (managed_fields.STRATEGY in owned.held or (is_unclear and written in ("0", "1"))),
        "images": rollouts.images(spec["template"]["spec"]["containers"]),
        "rollout": rollouts.rollout(raw),
    }


_mark_in = functools.lru_cache(lenient.LIKELY_AGAIN)(mark_in)
"""The types of a Formation have the same one."""


def owner_of(child: Child) -> list[Key]:
    """Return the Formation that owns a child, if one does."""
    owner = child.owner
    return [(child.namespace, owner.name)] if owner is not None and owner.is_formation else []


def lane_of(before: Child | None, now: Child | None) -> Lane | None:
    """Return the lane for a child that came, went or changed; nothing if that doesn't matter."""
    if before == now:
        return None
    if before is None or now is None:
        return Lane.BUILD
    if before.replicas != now.replicas:
        return Lane.CHANGE
    if now.rollout.available > before.rollout.available and now.is_canary:
        return Lane.BUILD  # a deploy waits for it
    progress = {field: getattr(before, field) for field in PROGRESS}
    return Lane.REPORT if before == dataclasses.replace(now, **progress) else Lane.BUILD


def concerned(child: Child, wanting: Wanting) -> list[Key]:
    """Return the Formations that want a child, and the one that owns it."""
    return [*wanting((child.namespace, child.name)), *owner_of(child)]


def _orphan_of(raw: dict[str, Any], kind: ChildKind) -> str:
    labels, traits = raw["metadata"].get("labels") or {}, kind.traits
    keys = naming.FORMATION_LABEL, traits.label, naming.TRACK_LABEL
    formation, name, track = (labels.get(each, "") for each in keys)
    if traits.selector:
        is_right = lenient.mapping(raw, *traits.selector) == traits.labels(formation, name, track)
    else:
        is_right = raw["metadata"]["name"] == naming.child(formation, name)
    return f"{formation}/{naming.on_track(name, track)}" if is_right else ""


def controller(metadata: dict[str, Any]) -> Owner | None:
    """Return the controller of an object; nothing if it has none."""
    if not (reference := lenient.controller(metadata)):
        return None
    parts = [lenient.text(reference, part) for part in ("apiVersion", "kind", "name", "uid")]
    return Owner(*map(lenient.shared, parts))


# Autoscalers are found by what they scale, too


def groups_of_autoscaler(child: Child) -> list[Hashable]:
    """Return the group of what an autoscaler scales, and the Formation that owns it, if one does."""
    scaler = child.autoscaler
    group = [autoscalers.group_of(child.namespace, scaler.target[-1])] if scaler is not None else []
    return [*owner_of(child), *group]


def concerned_by_autoscaler(child: Child, wanting: Wanting) -> list[Key]:
    """Return the Formations that want or own an autoscaler, and those that it scales."""
    scaled = autoscalers.scaled(child.autoscaler, wanting) if child.autoscaler is not None else ()
    return [*concerned(child, wanting), *scaled]


def reduced(child: Child) -> Child:
    """Return what is kept of an autoscaler that no Formation wants: what it scales, and not who owns it."""
    return dataclasses.replace(child, owner=None, orphan_of="", digest=None, owned="", scaling=FINE)
