"""The children as they are: the few facts of an object that decisions need, and nothing else.

Whole objects would take many times more memory.  Each fact is bounded, because anyone who may write a
Deployment may write our labels and our managed fields into it.
"""

import dataclasses
import itertools
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.api.content import Mark, mark_in
from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import ChildKind, Key
from formation_operator.observe import owned_fields
from formation_operator.observe.formations import Wanting
from formation_operator.observe.store import Change
from formation_operator.requeue import Lane

LONGEST_COUNT = 9
"""Digits: any count of so many fits the API's 32 bits."""
LONGEST_IMAGE = 1024
"""Characters of an image's name. No runtime takes as many."""
MOST_CONTAINERS = 64
"""How many containers of a Deployment are looked at: a process type can't have more."""
MOST_IMAGES = 16384
"""Characters of the images that are kept of a Deployment."""
USUAL_SIZE = 1024
"""Bytes of memory that a child takes without its texts."""
COUNTS_ALONE = "counts alone"
"""What a Deployment has in place of a digest where we wrote its count last, and nothing else."""
ROLLOUT_ANNOTATION = "deployment.kubernetes.io/revision"


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
class Rollout:
    """How far a Deployment has got, as its own controller reports."""

    current: bool = False
    """Whether these figures are about the Deployment's latest spec."""
    total: int = 0
    updated: int = 0
    ready: int = 0
    available: int = 0
    serving: bool = False
    """Whether enough Pods are available (the Deployment's own condition Available)."""
    stuck: str | None = None
    """The controller's message that the rollout is past its deadline, if it is."""
    blocked: str | None = None
    """Why Pods can't be created (quota, Pod Security, ...)."""
    refused: str | None = None
    """Why the ReplicaSet of the latest spec can't be created; no figure is about that spec until it is."""
    paused: bool = False
    """Whether the Deployment's rollouts are paused (``kubectl rollout pause``)."""
    terminating: bool = False
    """Whether new processes wait until the old ones have terminated."""
    revision: str = ""
    """The Deployment's revision: its controller counts the versions of the pod template."""

    @property
    def is_over(self) -> bool:
        """Whether no process of an older pod template runs."""
        return self.current and self.updated == self.total and not self.terminating


@dataclasses.dataclass(frozen=True, slots=True)
class Setter:
    """The client that set a count, by its field manager."""

    manager: str
    scale: bool
    """Whether it used the subresource ``scale``."""


@dataclasses.dataclass(frozen=True, slots=True)
class CronRuns:
    """How the runs of a CronJob go, as its own controller reports."""

    suspended: bool = False
    active: int = 0
    last_schedule_time: str = ""
    last_successful_time: str = ""


NO_CRON_RUNS = CronRuns()
NAMELESS = Setter("A client without a name", scale=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Child:
    """A Deployment, Service or the like, known by its name and its owner: anyone may write its labels."""

    kind: ChildKind
    namespace: str
    name: str
    uid: str
    resource_version: str
    owner: Owner | None
    orphan_of: tuple[str, str] | None
    """Without an owner: the Formation and the type that both its selector and its labels name, if any."""
    deleting: bool
    digest: str | None
    """Digest of the intent that it was last written with."""
    owned: str
    """Our Apply entry in managedFields, as `owned_fields` has it; empty if there is none."""
    owns_count: bool = False
    count_set_by: Setter = NAMELESS
    """The client that set the count, if it isn't ours."""
    remembered: int | None = None
    """The count that we wrote last, or that comes back after a suspension."""
    replicas: int = 1
    content: Mark | None = None
    """The content that its template was last written from, if our entry holds what says so."""
    recreates: bool = False
    """Whether its old processes end before new ones start, as a singleton's do."""
    images: tuple[tuple[str, str], ...] = ()
    """Image of each container by name."""
    rollout: Rollout = Rollout()
    runs: CronRuns = NO_CRON_RUNS

    @property
    def replicas_of_others(self) -> bool:
        """Whether it runs processes by a count that another client set."""
        return self.kind.traits.runs_processes and not self.owns_count and self.replicas > 0

    @property
    def is_suspended(self) -> bool:
        """Whether we wrote a zero, and the count to come back to."""
        return self.owns_count and self.replicas == 0 and bool(self.remembered)

    @property
    def is_resumed(self) -> bool:
        """Whether it runs processes by a count that we wrote, or have left to others."""
        return self.replicas > 0 and (self.owns_count or self.remembered is None)

    def is_owned_by(self, uid: str) -> bool:
        """Return whether an object of a uid is its owner."""
        return self.owner is not None and self.owner.uid == uid

    def belongs_to(self, uid: str, formation: str, process_type: str) -> bool:
        """Return whether a Formation owns it, or may adopt it as an orphan for a type."""
        if self.owner is not None:
            return self.owner.uid == uid
        return self.orphan_of == (formation, process_type)

    def same_object_as(self, other: "Child") -> bool:
        """Return whether at most the progress of the rollout or of runs differs."""
        return self == dataclasses.replace(
            other, resource_version=self.resource_version, rollout=self.rollout, runs=self.runs
        )


ChildId = tuple[ChildKind, str]
"""Kind and name of a child."""
Children = Mapping[ChildId, Child]
"""The children of a Formation, and the objects that have their names."""


def deployment_of(children: Children, formation: str, process_type: str) -> Child | None:
    """Return the Deployment that has the name of a type's, whatever its owner."""
    return children.get((ChildKind.DEPLOYMENT, naming.child(formation, process_type)))


def child(raw: dict[str, Any], kind: ChildKind) -> Child:
    """Return the facts of an object of a kind of children as the API server gave it."""
    metadata = raw["metadata"]
    owner = controller(metadata)
    managed, digest = metadata.get("managedFields") or [], _digest(metadata.get("annotations") or {})
    owned = owned_fields.of(managed, owner.uid if owner else "")
    if digest == COUNTS_ALONE:
        owned = owned_fields.with_counts_alone(owned, managed)
    return Child(
        kind=kind,
        namespace=lenient.shared(metadata["namespace"]),
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        owner=owner,
        orphan_of=_orphan_of(raw, kind) if owner is None else None,
        deleting="deletionTimestamp" in metadata,
        digest=digest,
        owned=owned.text,
        runs=_runs(raw) if kind is ChildKind.CRON_JOB else NO_CRON_RUNS,
        **(_deployment(raw, owned) if kind.traits.runs_processes else {}),
    )


def size_of(child: Child) -> int:
    """Return an estimate of the bytes of memory that a child takes; most of them are texts."""
    rollout, owner = child.rollout, child.owner
    texts = [child.owned, child.digest or "", child.count_set_by.manager, *itertools.chain(*child.images)]
    texts += (rollout.stuck or "", rollout.blocked or "", rollout.refused or "", rollout.revision)
    texts += (owner.api_version, owner.kind, owner.name, owner.uid) if owner is not None else ()
    return USUAL_SIZE + sum(map(sys.getsizeof, texts))


def size_of_stray(child: Child, wanting: Wanting) -> int:
    """Return the bytes of a child that no Formation wants; 0 for any other, as these are all kept.

    An owner or a label proves nothing: anyone may name a Formation in any number of objects. A child that a
    Formation doesn't want any more is deleted immediately, or after the next list if it was forgotten.
    """
    return 0 if wanting((child.namespace, child.name)) else size_of(child)


def owner_of(child: Child) -> list[Key]:
    """Return the Formation that owns a child, if one does."""
    owner = child.owner
    return [(child.namespace, owner.name)] if owner is not None and owner.is_formation else []


def lane_of(before: Child | None, now: Child | None) -> Lane | None:
    """Return the lane for a child that came, went or changed; nothing if that doesn't matter."""
    if before is now:
        return None
    if before is None or now is None:
        return Lane.BUILD
    if before.replicas != now.replicas:
        return Lane.CHANGE
    if not before.same_object_as(now):
        return Lane.BUILD
    return Lane.REPORT if (before.rollout, before.runs) != (now.rollout, now.runs) else None


def concerned(change: Change[Child], wanting: Wanting) -> set[Key]:
    """Return the Formations that want a child, and the one that owns it."""
    return {
        key for child in change.facts for key in (*wanting((child.namespace, child.name)), *owner_of(child))
    }


def _orphan_of(raw: dict[str, Any], kind: ChildKind) -> tuple[str, str] | None:
    labels, traits = raw["metadata"].get("labels") or {}, kind.traits
    named = labels.get(naming.FORMATION_LABEL, ""), labels.get(traits.label, "")
    return named if lenient.mapping(raw, *traits.selector) == traits.labels(*named) else None


def _deployment(raw: dict[str, Any], owned: owned_fields.Owned) -> dict[str, Any]:
    annotations = raw["metadata"].get("annotations") or {}
    # Anyone may write the annotation: it counts only if we own it.
    remembered = annotations.get(naming.COUNT_ANNOTATION, "") if owned.holds_remembered else ""
    named = lenient.text(annotations, naming.CONTENT_ANNOTATION) if owned.holds_content else ""
    containers = raw["spec"]["template"]["spec"]["containers"]
    return {
        "owns_count": owned.holds_count,
        "count_set_by": _setter(raw["metadata"].get("managedFields") or []),
        "remembered": _count(remembered),
        "replicas": raw["spec"].get("replicas", 1),
        "content": mark_in(named),
        "recreates": lenient.mapping(raw, "spec", "strategy").get("type") == "Recreate",
        "images": tuple(_images(containers[:MOST_CONTAINERS])),
        "rollout": _rollout(raw),
    }


def _digest(annotations: dict[str, Any]) -> str | None:
    """Return the digest of an object's intent, or what another client has put in its place."""
    there = naming.INTENT_ANNOTATION in annotations
    return lenient.text(annotations, naming.INTENT_ANNOTATION) if there else None


def _images(containers: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    remaining = MOST_IMAGES
    for item in containers:
        image = item.get("image", "")
        # Others are left out: no image has such letters, and a shortened name would be another image.
        if len(image) <= min(remaining, LONGEST_IMAGE) and image.isascii():
            remaining -= len(image)
            yield item["name"], lenient.shared(image)


def _count(text: str) -> int | None:
    """Return a count, or nothing for a text that can't be one: anyone may have written it."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_COUNT else None


def _setter(managed: list[dict[str, Any]]) -> Setter:
    """Return the other client that owns the count; one that used the subresource comes first.

    After a scale request from or to zero the count has no owner, because the subresource drops a zero before
    its fields are noted (seen on Kubernetes 1.37.2). After every other write it has one.
    """
    others = [
        Setter(entry["manager"], entry.get("subresource") == "scale")
        for entry in managed
        if entry.get("manager", naming.FIELD_MANAGER) not in (naming.FIELD_MANAGER, naming.COUNT_MANAGER)
        and owned_fields.holds_count(entry)
    ]
    return max(others, key=lambda setter: setter.scale, default=NAMELESS)


def _rollout(raw: dict[str, Any]) -> Rollout:
    status = raw.get("status") or {}
    conditions = {item["type"]: item for item in status.get("conditions") or []}
    progressing = conditions.get("Progressing") or {}
    failure = conditions.get("ReplicaFailure") or {}
    given_up = lenient.text(progressing, "message") if progressing.get("status") == "False" else None
    refused = progressing.get("reason") == "ReplicaSetCreateError"
    stuck = None if refused else given_up
    return Rollout(
        current=status.get("observedGeneration", 0) >= raw["metadata"].get("generation", 0),
        total=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=status.get("readyReplicas", 0),
        available=status.get("availableReplicas", 0),
        serving=(conditions.get("Available") or {}).get("status") == "True",
        stuck=stuck,
        refused=given_up if refused else None,
        blocked=lenient.text(failure, "message") if failure.get("status") == "True" else None,
        paused=raw["spec"].get("paused") is True,
        terminating=_is_terminating(raw["spec"], status, late=stuck is not None),
        revision=lenient.text(lenient.mapping(raw, "metadata", "annotations"), ROLLOUT_ANNOTATION),
    )


def _runs(raw: dict[str, Any]) -> CronRuns:
    status = lenient.mapping(raw, "status")
    return CronRuns(
        suspended=lenient.mapping(raw, "spec").get("suspend") is True,
        active=len(lenient.items(status, "active")),
        last_schedule_time=lenient.word(status, "lastScheduleTime"),
        last_successful_time=lenient.word(status, "lastSuccessfulTime"),
    )


def _is_terminating(spec: dict[str, Any], status: dict[str, Any], *, late: bool) -> bool:
    if lenient.mapping(spec, "strategy").get("type") != "Recreate" or status.get("updatedReplicas"):
        return False
    # Kubernetes before 1.35 doesn't count terminating Pods; nothing else makes it late without a Pod.
    return bool(status.get("replicas") or status.get("terminatingReplicas", late))


def controller(metadata: dict[str, Any]) -> Owner | None:
    """Return the controller of an object; nothing if it has none."""
    if not (reference := lenient.controller(metadata)):
        return None
    parts = ("apiVersion", "kind", "name", "uid")
    return Owner(*(lenient.shared(lenient.text(reference, part)) for part in parts))
