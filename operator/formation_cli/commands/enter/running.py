"""Find a process that runs."""

import time

from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import Failure
from formation_cli.views import log_lines, processes
from formation_operator.api import naming


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
    raise Failure(f"No process of {wanted} runs: {why}.", hint=f"kubectl formation ps {name}")
