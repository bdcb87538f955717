"""What the operator knows of a Formation and its children, so that a test shows only what it is about."""

import dataclasses
import itertools
import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from formation_operator.api import formation_status, naming
from formation_operator.api.formation import Formation
from formation_operator.api.reasons import ConditionType
from formation_operator.controller import parsing
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import managed_fields, pods
from formation_operator.observe.autoscalers import Autoscaler
from formation_operator.observe.children import Child, Owner
from formation_operator.observe.pods import Pod
from formation_operator.observe.rollouts import DeploymentStatus
from formation_operator.observe.snapshot import Snapshot
from formation_operator.render import autoscaler, cron_job, disruption
from formation_operator.render.intents import Intent, children
from formation_operator.replicas import count_owner
from formation_operator.replicas.count_owner import Replicas
from formation_operator.rollout import desired
from formation_operator.rollout.rollout import Content, Rollout
from formation_operator.status import compute
from formation_operator.status.observation import Observation
from tests.shared.builders import Manifest, a_formation, stored

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"


def parsed(formation: Manifest) -> Formation:
    """Return a Formation as the operator reads it."""
    return parsing.parse(stored(formation))


def intents(formation: Formation) -> list[Intent]:
    """Return what a Formation wants that has no children yet."""
    wanted = {
        name: count_owner.decide(it, None, suspended=bool(formation.spec.suspend))
        for name, it in formation.spec.processes.items()
    }
    budgets = disruption.declared(formation.spec, formation.spec)
    suspended = {name: formation.spec.suspends(name) for name in formation.spec.schedules or ()}
    of_types = {
        name: children(formation.metadata, formation.spec, name, count, budgets.get(name))
        for name, count in wanted.items()
    }
    return [
        *itertools.chain.from_iterable(of_types.values()),
        *(
            autoscaler.autoscaler(
                formation.metadata, formation.spec, name, process.autoscaling, of_types[name][0]
            )
            for name, process in formation.spec.processes.items()
            if process.autoscaling
        ),
        *(
            cron_job.cron_job(formation.metadata, formation.spec, name, suspend=suspend)
            for name, suspend in suspended.items()
        ),
    ]


def of_process(**said: Any) -> Manifest:
    """Return a podTemplate that says this of the process's own container."""
    return {"spec": {"containers": [{"name": "process", **said}]}}


def fields(value: Any) -> Any:
    """Return the fieldsV1 of a manager that applied a value; only containers are held one by one."""
    if isinstance(value, list) and value and "image" in value[0]:
        return {f'k:{{"name":"{item["name"]}"}}': {".": {}, **fields(item)} for item in value}
    return {f"f:{key}": fields(item) for key, item in value.items()} if isinstance(value, dict) else {}


def kept_of(entry: Any, owner: str = "") -> str:
    """Return what is kept of our Apply entry, by its fields, with a child of an owner's."""
    ours = {"manager": naming.FIELD_MANAGER, "operation": "Apply", "fieldsV1": entry}
    return managed_fields.owned([ours], owner).text


ORPHANED: dict[str, Any] = {"owner": None, "orphan_of": "shop/worker"}
"""What is known of the worker's Deployment once its owner was taken away."""
OWNER = Owner(naming.API_VERSION, naming.KIND, "shop", "uid-1")
(INTENT,) = intents(parsed(a_formation()))
HPA = Autoscaler("HorizontalPodAutoscaler", "default", "hpa", "1", ("apps", "Deployment", "shop-worker"))


def an_hpa(scaler: Autoscaler = HPA, **changes: Any) -> Child:
    """Return an HPA that somebody made, as it is watched."""
    return Child(
        kind=ChildKind.HORIZONTAL_POD_AUTOSCALER,
        namespace=scaler.namespace,
        name=scaler.name,
        uid="hpa-1",
        resource_version=scaler.resource_version,
        **{"owner": None, "orphan_of": "", "deleting": False, "digest": None, "owned": "", **changes},
        autoscaler=scaler,
    )


def a_child(**changes: Any) -> Child:
    """Return the worker's Deployment as we wrote it."""
    owned = fields({key: INTENT.manifest[key] for key in ("metadata", "spec")})
    child = Child(
        kind=ChildKind.DEPLOYMENT,
        namespace="default",
        name="shop-worker",
        uid="child-1",
        resource_version="5",
        owner=OWNER,
        orphan_of="",
        deleting=False,
        digest=INTENT.digest,
        owned=json.dumps(owned),
    )
    return dataclasses.replace(child, **changes)


def known(raw: Manifest) -> Pod:
    """Return what is remembered of a Pod that has something to tell."""
    pod = pods.pod(raw)
    assert pod is not None
    return pod


DONE = DeploymentStatus(current=True, total=2, updated=2, ready=2, available=2, serving=True)
QUOTA = 'pods "shop-1" is forbidden: exceeded quota: small'
QUOTA_OF_SETS = 'replicasets.apps "shop-6d" is forbidden: exceeded quota: small'
POD_SECURITY = 'pods "shop-1" is forbidden: violates PodSecurity "restricted"'
ROLLOUT = st.builds(
    DeploymentStatus,
    current=st.booleans(),
    total=st.integers(0, 9),
    updated=st.integers(0, 9),
    ready=st.integers(0, 9),
    available=st.integers(0, 9),
    serving=st.booleans(),
    stuck=st.none() | st.just("timed out"),
    blocked=st.sampled_from([None, QUOTA, POD_SECURITY]),
    refused=st.sampled_from([None, QUOTA_OF_SETS]),
    paused=st.booleans(),
    terminating=st.booleans(),
)


def seen(  # noqa: PLR0913  # each may be what a test is about
    rollout: DeploymentStatus = DONE,
    *,
    generation: int = 3,
    paused: bool = False,
    processes: Manifest | None = None,
    counts: Mapping[str, Replicas] | None = None,
    deployments: Mapping[str, Child] | None = None,
    **changes: Any,
) -> Observation:
    """Return what a pass sees of a Formation whose worker is as far as its rollout."""
    spec: dict[str, Any] = {"processes": processes} if processes else {}
    raw = stored(a_formation(paused=paused, **spec), generation=generation)
    formation = parsing.parse(raw)
    if deployments is None:
        deployments = {"worker": a_child(rollout=rollout, replicas=2, owns_count=True)}
    children = {(ChildKind.DEPLOYMENT, f"shop-{name}"): child for name, child in deployments.items()}
    snapshot = Snapshot(raw, formation, children, (), False, (), 0.0, formation_status.read({}))
    wanted = desired.desired(snapshot, Rollout(Content(formation.spec)), (), disruption.NONE)
    counts = counts or {"worker": Replicas(desired=2, rendered=2, remembered=2)}
    intents = {"worker": dataclasses.replace(INTENT, images=())}
    world = Observation(snapshot, dataclasses.replace(wanted, counts=counts), intents)
    return dataclasses.replace(world, **changes)


def status_of(world: Observation, before: Manifest, now: str) -> compute.Status:
    """Return the status of what a pass saw, after another one that was written before."""
    return compute.compute(world, formation_status.read(before), now)


def condition_of(status: Manifest, kind: ConditionType) -> Manifest:
    """Return a condition of a status, empty where it isn't listed."""
    return next((item for item in status.get("conditions") or [] if item["type"] == kind), {})
