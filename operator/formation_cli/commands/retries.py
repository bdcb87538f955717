"""Have canaries tried anew that have failed: their Pods are deleted, and their Deployments make others."""

from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import Failure, again
from formation_cli.views import pod_state, releases, trouble
from formation_operator.api import naming
from formation_operator.api.reasons import CanaryState, ReleaseState

SAID = "{}: its canaries are tried again"


def has_failed(formation: Object) -> bool:
    """Tell whether a canary of what a Formation declares has failed, by the rule that ends a wait for it."""
    known = releases.canary(formation)
    is_hopeless = bool(known) and not releases.is_gated(formation) and bool(trouble.of_gate(formation))
    return known.get("state") == CanaryState.FAILED or is_hopeless


def check(formation: Object) -> None:
    """Raise `Failure` unless a canary has failed."""
    if has_failed(formation):
        return
    name, failed = formation["metadata"]["name"], releases.status(formation).get("state")
    hint = ""
    if failed == ReleaseState.FAILED:
        hint = f"Its release command has: {again(f'release {name} --retry')}"
    elif releases.canary(formation):
        hint = f"Kubernetes still tries them by itself: `{again(f'ps {name}')}` shows how they are."
    raise Failure(f"No canary of {name} has failed. Nothing was changed.", hint=hint)


def retry(cluster: Cluster, formation: Object, *, dry_run: bool = False) -> frozenset[str]:
    """Delete the Pods of all canaries, since a deploy needs all of them, and return their names.

    One that has stood is tried anew, too: what its tag means may be another image now.
    """
    found = formations.pods(cluster, formation["metadata"]["name"], f"{naming.TRACK_LABEL}={naming.CANARY}")
    names = [each["metadata"]["name"] for each in found if pod_state.is_of(each)]
    for each in names:
        cluster.delete(kinds.POD, each, dry_run=dry_run)
    return frozenset(names)
