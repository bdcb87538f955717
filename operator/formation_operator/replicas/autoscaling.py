"""Which types have an autoscaler that we make: pure.

An autoscaler that scales the same Deployment and isn't ours comes first: two would fight over the count.
"""

from collections.abc import Iterable, Mapping

from formation_operator.api import naming
from formation_operator.api.formation import Autoscaling, Formation
from formation_operator.kube.objects.kinds import ChildKind
from formation_operator.observe import autoscalers
from formation_operator.observe.autoscalers import Autoscaler, Deciding
from formation_operator.observe.children import Children
from formation_operator.replicas.count_owner import Replicas

HPA = ChildKind.HORIZONTAL_POD_AUTOSCALER


def wanted(
    formation: Formation, counts: Mapping[str, Replicas], children: Children, others: Deciding
) -> dict[str, Autoscaling]:
    """Return the bounds of each type that is to have an autoscaler now."""
    about, found = formation.metadata, dict[str, Autoscaling]()
    of_formation = autoscalers.of_formation(others, about.name)
    for name, count in counts.items():
        process, own = formation.spec.processes.get(name), naming.child(about.name, name)
        if process is None or process.autoscaling is None or count.alone:
            continue
        if autoscalers.of_child(others, own) or (name == "web" and of_formation):
            continue
        (scaler, deployment) = (children.get((kind, own)) for kind in (HPA, ChildKind.DEPLOYMENT))
        is_there = deployment is not None and deployment.is_owned_by(about.uid) and not count.suspended
        if scaler is not None and scaler.autoscaler and scaler.is_owned_by(about.uid):
            # At a zero that we wrote it stands still, but for one that has scaled to zero itself.
            is_there = not (count.suspended and scaler.autoscaler.scaled_to_zero)
        if is_there:
            found[name] = process.autoscaling
    return found


def of_others(formation: Formation, children: Children, known: Iterable[Autoscaler]) -> Deciding:
    """Return the autoscalers that decide about a count, but for those that we make, or have made.

    One that has the name of ours and isn't ours is no other one: that its name is taken says it all.
    """
    about, types = formation.metadata, formation.spec.processes.items()
    ours = {naming.child(about.name, name) for name, each in types if each.autoscaling}
    ours |= {name for (kind, name), each in children.items() if kind is HPA and each.is_owned_by(about.uid)}
    return autoscalers.deciding(each for each in known if each.kind != HPA or each.name not in ours)
