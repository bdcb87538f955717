"""Which types have an autoscaler that we make: pure.

An autoscaler that scales the same Deployment and isn't ours comes first: two would fight over the count.
"""

from collections.abc import Iterable, Mapping

from formation_operator.api import naming
from formation_operator.api.formation import Autoscaling, Formation
from formation_operator.kube.objects.kinds import HPA, ChildKind
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Autoscaler, Deciding
from formation_operator.observe.children import Children, deployment_of
from formation_operator.replicas.count_owner import Replicas


def wanted(
    formation: Formation, counts: Mapping[str, Replicas], children: Children, others: Deciding
) -> dict[str, Autoscaling]:
    """Return the bounds of each type that is to have an autoscaler now."""
    about, found = formation.metadata, dict[str, Autoscaling]()
    for name, count in counts.items():
        process = formation.spec.processes.get(name)
        own = children.get((ChildKind.HORIZONTAL_POD_AUTOSCALER, naming.child(about.name, name)))
        if process is None or process.autoscaling is None or count.alone or _other(others, about.name, name):
            continue
        if own is None or not own.is_owned_by(about.uid):
            child = deployment_of(children, about.name, name)
            is_ready = child is not None and child.is_owned_by(about.uid) and not count.suspended
        else:
            # At a zero that we wrote it stands still, but for one that has scaled to zero itself.
            scaler = own.autoscaler
            is_ready = not (count.suspended and scaler is not None and scaler.scaled_to_zero)
        if is_ready:
            found[name] = process.autoscaling
    return found


def of_others(formation: Formation, children: Children, known: Iterable[Autoscaler]) -> Deciding:
    """Return the autoscalers that decide about a count, but for those that we make, or have made.

    One that has the name of ours and isn't ours is no other one: that its name is taken says it all.
    """
    about, types = formation.metadata, formation.spec.processes.items()
    ours = {naming.child(about.name, name) for name, each in types if each.autoscaling}
    ours |= {name for (kind, name), each in children.items() if kind == HPA and each.is_owned_by(about.uid)}
    return autoscalers.deciding(each for each in known if each.kind != HPA or each.name not in ours)


def _other(others: Deciding, formation: str, name: str) -> Autoscaler | None:
    by_child = autoscalers.of_child(others, naming.child(formation, name))
    return by_child or (autoscalers.of_formation(others, formation) if name == "web" else None)
