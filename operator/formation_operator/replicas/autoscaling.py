"""Which types have an autoscaler that we make: pure.

An autoscaler that scales the same Deployment and isn't ours comes first: two would fight over the count.
"""

from collections.abc import Mapping

from formation_operator.api import naming
from formation_operator.api.formation import Autoscaling
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Deciding
from formation_operator.observe.snapshot import Snapshot
from formation_operator.replicas.count_owner import Replicas

HPA = ChildKind.HORIZONTAL_POD_AUTOSCALER


def autoscaled(
    snapshot: Snapshot, counts: Mapping[str, Replicas], others: Deciding
) -> dict[str, Autoscaling]:
    """Return the bounds of each type that is to have an autoscaler now."""
    app, bounds = snapshot.owner.name, dict[str, Autoscaling]()
    for name, count in counts.items():
        process, deployment = snapshot.spec.processes.get(name), naming.child(app, name)
        if process is None or process.autoscaling is None or count.alone:
            continue
        if autoscalers.of_child(others, deployment) or autoscalers.of_formation(others, app, name):
            continue
        is_there = snapshot.deployment(name) is not None and not count.suspended
        if (scaler := snapshot.child(HPA, name)) is not None and scaler.autoscaler:
            # At a zero that we wrote it stands still, but for one that has scaled to zero itself.
            is_there = not (count.suspended and scaler.autoscaler.scaled_to_zero)
        if is_there:
            bounds[name] = process.autoscaling
    return bounds


def of_others(snapshot: Snapshot) -> Deciding:
    """Return the autoscalers that decide about a count, but for those that we make, or have made.

    One that has the name of ours and isn't ours is no other one: that its name is taken says it all.
    """
    owner, types = snapshot.owner, snapshot.spec.processes.items()
    ours = {naming.child(owner.name, name) for name, each in types if each.autoscaling}
    ours |= {
        name
        for (kind, name), each in snapshot.children.items()
        if kind is HPA and each.is_owned_by(owner.uid)
    }
    return autoscalers.deciding(
        each for each in snapshot.scalers if each.kind != HPA or each.name not in ours
    )
