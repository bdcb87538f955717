"""Find a Formation by its name, or say which one may be meant."""

from collections.abc import Iterable

from formation_cli.cluster import follow
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import Mistyped, NoAccess, NotFound, did_you_mean
from formation_cli.objects import ONE_OFF
from formation_operator.api import naming
from formation_operator.kube.objects import lenient


def find(cluster: Cluster, name: str) -> Object:
    """Return a Formation, or end with what there is instead."""
    found = cluster.get(naming.KIND, name)
    if found is not None:
        return found
    try:
        others = names(cluster)
    except NoAccess:  # who may read one need not see all
        others = []
    hint = (
        did_you_mean(name, others) or "`kubectl formation ps -n NAMESPACE` shows those of another namespace."
    )
    sentence = f"There is no Formation {name} in namespace {cluster.namespace}."
    raise NotFound(sentence, hint=hint)


def names(cluster: Cluster) -> list[str]:
    """Return the names of all Formations of the namespace."""
    return sorted(each["metadata"]["name"] for each in cluster.select(naming.KIND).items)


def pods(cluster: Cluster, name: str, *labels: str) -> list[Object]:
    """Return the Pods of a Formation that have these labels, too."""
    subject = follow.pods(name, *labels)
    return cluster.select(subject.kind, labels=subject.labels).items


def types(formation: Object) -> list[str]:
    """Return the process types that a Formation declares, sorted."""
    return sorted(lenient.mapping(formation, "spec", "processes"))


def schedules(formation: Object) -> list[str]:
    """Return the schedules that a Formation declares, sorted."""
    return sorted(lenient.mapping(formation, "spec", "schedules"))


def everything(formation: Object) -> list[str]:
    """Return all that is shown of a Formation by a name: types, schedules, what runs once, the release."""
    return [*types(formation), *schedules(formation), ONE_OFF, naming.RELEASE]


def chosen(formation: Object, names: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """Return what is named of the types, or of what else is ``known``; or all of it.

    Raises `Mistyped` for a name that there isn't.
    """
    known = [*known] or types(formation)
    wanted = [*dict.fromkeys(names)] or known
    for name in wanted:
        if name not in known:
            raise Mistyped(f"There is no process type {name}.", hint=did_you_mean(name, known))
    return wanted


def default_type(formation: Object, name: str | None) -> str:
    """Return the type that is named, or else web, or else the only one."""
    known = types(formation)
    if name is not None:
        return chosen(formation, [name])[0]
    if "web" in known or len(known) == 1:
        return "web" if "web" in known else known[0]
    raise Mistyped("Which process type?", hint=f"There is: {', '.join(known)}.")
