"""From a Formation to the objects that it should have: a Deployment per type, a Service per port."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from formation_operator.api import naming
from formation_operator.api.formation import Formation, ProcessType, RollingUpdate
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.render import pod_template
from formation_operator.render.pod_template import Manifest
from formation_operator.replicas.count_owner import Replicas

# Kubernetes' own defaults for a rollout, always written out: a field that the server defaulted
# can't be taken back later, which would block the switch to `singleton`.
SURGE = UNAVAILABLE = "25%"
PROOF_SECONDS = 5
"""How long a process without a readiness probe must run before it replaces one of the version before."""


@dataclasses.dataclass(frozen=True, slots=True)
class Intent:
    """One object as we want it, whole."""

    kind: ChildKind
    name: str
    process_type: str
    manifest: Manifest
    digest: str
    """Of what is meant; of a count that is left undecided, of that which was written last."""
    handed_over: int | None = None
    whole: bool = True
    """Whether the manifest says all that is meant, a count that is left undecided included."""
    images: tuple[tuple[str, str], ...] = ()
    """The image of each container by name, of a Deployment."""

    @property
    def settled_as(self) -> str:
        """What the cache remembers of an object that was written with this intent."""
        return self.digest if self.whole else f"{self.digest} but for the count"

    def without_manifest(self) -> "Intent":
        """Return it without its manifest: enough to tell that an object is still as it was written."""
        return dataclasses.replace(self, manifest={})

    @property
    def switch(self) -> str:
        """The field of the Formation that does without it where it is false; empty if there is none."""
        field = self.kind.traits.switch
        return f"spec.processes.{self.process_type}.{field}" if field else ""


def children(formation: Formation, name: str, count: Replicas) -> list[Intent]:
    """Return what one type should have, or raise `pod_template.InvalidTypeError` if it can't be rendered."""
    process = formation.spec.processes[name]
    found = [deployment(formation, name, process, count)]
    if process.port is not None and process.service is not False:
        found.append(service(formation, name, process.port))
    return found


def deployment(formation: Formation, name: str, process: ProcessType, count: Replicas) -> Intent:
    """Return the Deployment of a type."""
    owner = formation.metadata.name
    spec: Manifest = {
        "selector": {"matchLabels": naming.selector(owner, name)},
        "strategy": strategy(process),
        "template": pod_template.pod_template(owner, name, formation.spec, process),
    }
    if not pod_template.tells_when_ready(spec["template"], name):
        # Kubernetes counts it as ready at once, and a rollout would end the old ones for one that crashes.
        spec["minReadySeconds"] = PROOF_SECONDS
    # What is undecided is no difference to what was written last.
    meant = count.undecided or count
    if meant.rendered is not None:
        spec["replicas"] = meant.rendered
    # Without a count of ours the annotation would change with every scaling of somebody else's.
    remembered = {} if meant.rendered is None else {naming.COUNT_ANNOTATION: str(meant.remembered)}
    intent = _intent(
        ChildKind.DEPLOYMENT, name, metadata(formation, name, remembered), spec, count.handed_over
    )
    return intent if count.undecided is None else _without_count(intent)


def _without_count(intent: Intent) -> Intent:
    """Return an intent that leaves the count to whoever has set it."""
    spec = {field: value for field, value in intent.manifest["spec"].items() if field != "replicas"}
    return dataclasses.replace(intent, manifest={**intent.manifest, "spec": spec}, whole=False)


def service(formation: Formation, name: str, port: int) -> Intent:
    """Return the ClusterIP Service of a type with a port."""
    spec: Manifest = {
        "type": "ClusterIP",
        "selector": naming.selector(formation.metadata.name, name),
        "ports": [
            {"name": naming.PORT_NAME, "port": port, "protocol": "TCP", "targetPort": naming.PORT_NAME}
        ],
    }
    return _intent(ChildKind.SERVICE, name, metadata(formation, name, {}), spec)


def strategy(process: ProcessType) -> Manifest:
    """Return how a rollout replaces processes."""
    if process.singleton:
        return {"type": "Recreate"}
    wanted = process.rolling_update or RollingUpdate()
    surge = SURGE if wanted.max_surge is None else wanted.max_surge
    unavailable = wanted.max_unavailable
    if unavailable is None and process.port is not None:
        unavailable = 1 if surge in (0, "0", "0%") else 0  # both zero could never move
    return {
        "type": "RollingUpdate",
        "rollingUpdate": {
            "maxSurge": surge,
            "maxUnavailable": UNAVAILABLE if unavailable is None else unavailable,
        },
    }


def metadata(formation: Formation, name: str, annotations: dict[str, str]) -> Manifest:
    """Return a child's metadata: the user's labels and annotations, ours, and the owner."""
    owner = formation.metadata
    spec = formation.spec
    return {
        "name": naming.child(owner.name, name),
        "namespace": owner.namespace,
        "labels": {
            **naming.recommended(owner.name, name),
            **(spec.labels or {}),
            **naming.selector(owner.name, name),
        },
        "annotations": {**(spec.annotations or {}), **annotations},
        "ownerReferences": [
            {
                "apiVersion": naming.API_VERSION,
                "kind": naming.KIND,
                "name": owner.name,
                "uid": owner.uid,
                "controller": True,
                # True would need a permission on finalizers where that admission plugin is on.
                "blockOwnerDeletion": False,
            }
        ],
    }


def _intent(
    kind: ChildKind, process_type: str, about: Manifest, spec: Manifest, handed_over: int | None = None
) -> Intent:
    """Return an intent of a kind, given the metadata and the spec of the object."""
    manifest = {
        "apiVersion": kind.traits.api.api_version,
        "kind": kind.value,
        "metadata": about,
        "spec": spec,
    }
    digest = digest_of(manifest)
    about["annotations"][naming.INTENT_ANNOTATION] = digest
    images = tuple(_images(spec)) if kind.traits.runs_processes else ()
    return Intent(kind, about["name"], process_type, manifest, digest, handed_over, images=images)


def _images(spec: Manifest) -> Iterator[tuple[str, str]]:
    for item in spec["template"]["spec"]["containers"]:
        if "image" in item:
            yield item["name"], item["image"]


def digest_of(manifest: Mapping[str, Any]) -> str:
    """Return a short hash of a manifest that is the same for the same content."""
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
