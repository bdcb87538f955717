"""Find a process that runs, and that one may connect to."""

import time

from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import Failure, Mistyped, NoAccess, again, did_you_mean
from formation_cli.views import log_lines, processes
from formation_operator.api import naming
from formation_operator.kube.objects import lenient


def pods(cluster: Cluster, name: str) -> dict[str, Object]:
    """Return the Pods of a Formation's processes, by name."""
    found = cluster.select(kinds.POD, labels=f"{naming.FORMATION_LABEL}={name}").items
    return {each["metadata"]["name"]: each for each in found if processes.is_of(each)}


def find(cluster: Cluster, formation: Object, process_type: str | None) -> Object:
    """Return the Pod of a process of a type: the oldest that is ready, or else one that runs at least.

    Raises `Failure` with the reason if none does.
    """
    wanted, name = formations.default_type(formation, process_type), formation["metadata"]["name"]
    there = pods(cluster, name)
    listed = [
        each for each in processes.processes(formation, there.values(), time.time()) if each.type == wanted
    ]
    found = [each for each in listed if each.process and log_lines.is_running(there[each.process])]
    if found:
        chosen = min(found, key=lambda each: (each.state == processes.STOPPING, not each.ready))
        return there[chosen.process]
    why = "; ".join(dict.fromkeys(each.message or each.state for each in listed))
    raise Failure(f"No process of {wanted} runs: {why}.", hint=again(f"ps {name}"))


def chosen(cluster: Cluster, formation: Object, process_type: str | None, process: str | None) -> Object:
    """Return the Pod of the process that is named, or else that of a type, as `find` does.

    Raises `Mistyped` for a process that there isn't, and for one of another type than the one that is named.
    """
    if process is None:
        return find(cluster, formation, process_type)
    name = formation["metadata"]["name"]
    there = pods(cluster, name)
    pod = next((each for each in there.values() if log_lines.is_named(each, process)), None)
    if pod is None:
        raise Mistyped(f"{name} has no process {process}.", hint=did_you_mean(process, there))
    own = processes.process_type(pod)
    if process_type not in (None, own):
        raise Mistyped(f"{process} is a process of {own}, not of {process_type}: leave out --type.")
    return pod


def check_access(cluster: Cluster, pod: str, subresource: str) -> None:
    """Raise `NoAccess` for anyone who may not connect to a Pod: kubectl would end with 1, as commands do.

    By websocket, which kubectl tries first, clusters before 1.35 ask for the right to ``get``.
    """
    wanted = {"namespace": cluster.namespace, "resource": "pods", "subresource": subresource, "name": pod}
    for verb in ("create", "get"):
        review = {
            "apiVersion": kinds.BY_NAME[kinds.ACCESS_REVIEW].api_version,
            "kind": kinds.ACCESS_REVIEW,
            "spec": {"resourceAttributes": {**wanted, "verb": verb}},
        }
        answer = cluster.in_all_namespaces().create(review)
        if lenient.mapping(answer, "status").get("allowed") is not False:
            return
    sentence = f"You may not use pods/{subresource} in namespace {cluster.namespace}."
    raise NoAccess(sentence, hint=f"It needs the verb create on pods/{subresource}, which the role edit has.")
