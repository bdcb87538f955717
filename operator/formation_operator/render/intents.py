"""The objects that a content should have for a type: a Deployment, and a Service if it has a port.

The content is a spec, and how many processes each type has comes apart from it: what the content itself says
of counts, `suspend` and `paused` isn't looked at. Which types have a disruption budget comes apart, too.
"""

import dataclasses
from typing import Any

import msgspec

from formation_operator.api import fields, naming
from formation_operator.api.content import Mark
from formation_operator.api.formation import (
    PROGRESS_DEADLINE,
    PROOF_SECONDS,
    FormationSpec,
    Metadata,
    ProcessType,
    RollingUpdate,
)
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.render import pod_template
from formation_operator.render.pod_template import Manifest
from formation_operator.replicas.count_owner import Replicas

# Kubernetes' own defaults for a rollout, always written out: a field that the server defaulted
# can't be taken back later, which would block the switch to `singleton`.
SURGE = UNAVAILABLE = "25%"
SORTED = msgspec.json.Encoder(order="deterministic")
CANARY_LESS = "set spec.canary.seconds to 0"


@dataclasses.dataclass(frozen=True, slots=True)
class Intent:
    """One object as we want it, whole."""

    kind: ChildKind
    name: str
    process_type: str
    manifest: Manifest
    digest: str
    """The digest of the intent; with an undecided count, it has the count that was written last."""
    handed_over: int | None = None
    whole: bool = True
    """Whether the manifest is complete: not so while the count is undecided."""
    images: tuple[tuple[str, str], ...] = ()
    """The images of a Deployment, by container."""
    is_canary: bool = False

    @property
    def applied_as(self) -> str:
        """What is remembered of an object that was applied with this intent."""
        return self.digest if self.whole else f"{self.digest} but for the count"

    @property
    def without(self) -> str:
        """How the Formation does without the object, as an order; empty if it can't."""
        return CANARY_LESS if self.is_canary else self.kind.traits.without.format(self.process_type)


def children(  # noqa: PLR0913, PLR0917  # a type, and what comes apart from its content
    owner: Metadata,
    content: FormationSpec,
    name: str,
    count: Replicas,
    budget: int | str | None = None,
    mark: Mark | None = None,
) -> list[Intent]:
    """Return what one type should have, or raise `pod_template.InvalidTypeError` if it can't be rendered.

    ``budget`` is how many of its processes a drain may have down, if it is to have a disruption budget;
    ``mark`` names the content.
    """
    process = content.processes[name]
    found = [deployment(owner, content, name, count, mark)]
    if process.port is not None and process.service is not False:
        found.append(service(owner, content, name, process))
    if budget is not None:
        found.append(disruption_budget(owner, content, name, budget))
    return found


def deployment(
    owner: Metadata, content: FormationSpec, name: str, count: Replicas, mark: Mark | None = None
) -> Intent:
    """Return the Deployment of a type.

    The mark of the content is no part of the digest: a content that leaves the Deployment as it is needs no
    write.
    """
    process = content.processes[name]
    spec: Manifest = {
        **_pods(owner, content, name, naming.STABLE),
        "strategy": strategy(process, alone=count.alone),
        **_rollout_times(content, process),
    }
    # An undecided count is no difference to what was written last.
    meant = count.undecided or count
    if meant.rendered is not None:
        spec["replicas"] = meant.rendered
    # Without a count of ours the annotation would change with every scaling by another client.
    remembered = {} if meant.rendered is None else {naming.COUNT_ANNOTATION: str(meant.remembered)}
    metadata = object_meta(owner, content, name, remembered, naming.STABLE)
    made = intent(ChildKind.DEPLOYMENT, name, metadata, spec, handed_over=count.handed_over)
    if mark is not None:
        metadata["annotations"][naming.CONTENT_ANNOTATION] = str(mark)
    return made if count.undecided is None else _without_count(made)


def canary(owner: Metadata, content: FormationSpec, name: str, count: int) -> Intent:
    """Return the Deployment of the one process that proves a content for a type.

    Its track keeps it from the type's own Deployment, autoscalers and disruption budget: they would count it.
    """
    process, seconds = content.processes[name], content.canary_seconds
    deadline = seconds + (process.progress_deadline_seconds or PROGRESS_DEADLINE)
    spec: Manifest = {
        **_pods(owner, content, name, naming.CANARY),
        "replicas": count,
        "strategy": {"type": "Recreate"},  # never two of them
        "minReadySeconds": seconds,
        "progressDeadlineSeconds": min(deadline, fields.INT32),
    }
    metadata = object_meta(owner, content, name, {}, naming.CANARY)
    return intent(ChildKind.DEPLOYMENT, naming.canary(name), metadata, spec, is_canary=True)


def _pods(owner: Metadata, content: FormationSpec, name: str, track: str) -> Manifest:
    """Return a Deployment's selector and template: the track alone tells a type's Pods from its canary's."""
    template = pod_template.pod_template(owner.name, name, content, content.processes[name])
    metadata = template["metadata"]
    labels = {**metadata["labels"], naming.TRACK_LABEL: track}
    return {
        "selector": {"matchLabels": naming.selector(owner.name, name, track)},
        "template": {**template, "metadata": {**metadata, "labels": labels}},
    }


def _rollout_times(content: FormationSpec, process: ProcessType) -> Manifest:
    """Return for how long a new process must be ready to replace an old one, and what a rollout may take."""
    ready = process.min_ready_seconds
    if ready is None and not pod_template.has_own_check(content, process):
        # It is ready as soon as it runs, or as anything accepts its connections: also while it is crashing.
        ready = PROOF_SECONDS
    given = {"minReadySeconds": ready, "progressDeadlineSeconds": process.progress_deadline_seconds}
    return {field: value for field, value in given.items() if value is not None}


def _without_count(intent: Intent) -> Intent:
    """Return an intent without a count, which stays as another client has set it."""
    spec = {field: value for field, value in intent.manifest["spec"].items() if field != "replicas"}
    return dataclasses.replace(intent, manifest={**intent.manifest, "spec": spec}, whole=False)


def service(owner: Metadata, content: FormationSpec, name: str, process: ProcessType) -> Intent:
    """Return the ClusterIP Service of a type with a port, and of its canary."""
    port = {
        "name": naming.PORT_NAME,
        "port": process.port,
        "protocol": "TCP",
        "targetPort": naming.PORT_NAME,
        **({"appProtocol": process.app_protocol} if process.app_protocol else {}),
    }
    spec: Manifest = {"type": "ClusterIP", "selector": naming.selector(owner.name, name), "ports": [port]}
    if process.traffic_distribution:
        spec["trafficDistribution"] = process.traffic_distribution
    return intent(ChildKind.SERVICE, name, object_meta(owner, content, name, {}), spec)


def disruption_budget(owner: Metadata, content: FormationSpec, name: str, budget: int | str) -> Intent:
    """Return the PodDisruptionBudget of a type; nothing in it depends on the count.

    A canary that failed would count as the process that may be down, and hold up drains.
    """
    spec: Manifest = {
        "maxUnavailable": budget,
        "selector": {"matchLabels": naming.selector(owner.name, name, naming.STABLE)},
        # By default a process that crashes again and again would hold up every drain.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    metadata = object_meta(owner, content, name, {}, naming.STABLE)
    return intent(ChildKind.POD_DISRUPTION_BUDGET, name, metadata, spec)


def strategy(process: ProcessType, *, alone: bool = False) -> Manifest:
    """Return how a rollout replaces processes; ``alone``, an old one ends before a new one starts."""
    if process.singleton or alone:
        return {"type": "Recreate"}
    rolling = process.rolling_update or RollingUpdate()
    surge = SURGE if rolling.max_surge is None else rolling.max_surge
    unavailable = rolling.max_unavailable
    if unavailable is None and process.port is not None:
        unavailable = 1 if surge in (0, "0", "0%") else 0  # both zero could never move
    return {
        "type": "RollingUpdate",
        "rollingUpdate": {
            "maxSurge": surge,
            "maxUnavailable": UNAVAILABLE if unavailable is None else unavailable,
        },
    }


def object_meta(
    owner: Metadata, content: FormationSpec, name: str, annotations: dict[str, str], track: str = ""
) -> Manifest:
    """Return a child's metadata: the user's labels and annotations, ours, and the owner.

    One that selects the Pods of one track alone has its label.
    """
    return {
        "name": naming.child(owner.name, naming.on_track(name, track)),
        "namespace": owner.namespace,
        "labels": {
            **naming.recommended(owner.name, name),
            **(content.labels or {}),
            **naming.selector(owner.name, name, track),
        },
        "annotations": {**(content.annotations or {}), **annotations},
        "ownerReferences": [owner_reference(owner)],
    }


def owner_reference(owner: Metadata) -> Manifest:
    """Return what makes a Formation the owner of an object."""
    return {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        # True would need a permission on finalizers where that admission plugin is on.
        "blockOwnerDeletion": False,
    }


def intent(kind: ChildKind, process_type: str, metadata: Manifest, spec: Manifest, **facts: Any) -> Intent:
    """Return an intent of a kind for a type or a schedule, given the metadata and the spec of the object."""
    manifest = {"apiVersion": kind.traits.api_version, "kind": kind.value, "metadata": metadata, "spec": spec}
    digest = metadata["annotations"][naming.INTENT_ANNOTATION] = naming.digest(
        SORTED.encode(manifest).decode()
    )
    containers = spec["template"]["spec"]["containers"] if kind.traits.runs_processes else ()
    images = tuple((item["name"], item["image"]) for item in containers if "image" in item)
    return Intent(kind, metadata["name"], process_type, manifest, digest, images=images, **facts)
