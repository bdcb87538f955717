"""Have canaries tried anew that have failed: their Pods are deleted, and their Deployments make others."""

from collections.abc import Collection

from formation_cli.cluster import formations, kinds
from formation_cli.cluster.port import Cluster, Object
from formation_cli.failures import Mistyped, again
from formation_cli.views import pod_state, releases
from formation_operator.api import naming
from formation_operator.api.reasons import CanaryState, ReleaseState


def has_failed(formation: Object) -> bool:
    """Tell whether a canary of what a Formation declares has failed, and stands for no new version yet."""
    return releases.canary(formation).get("state") == CanaryState.FAILED


def check(formation: Object) -> None:
    """Raise `Mistyped` unless a canary has failed."""
    if has_failed(formation):
        return
    name, failed = formation["metadata"]["name"], releases.status(formation).get("state")
    hint = ""
    if failed == ReleaseState.FAILED:
        hint = f"Its release command has: {again(f'release {name} --retry')}"
    elif releases.canary(formation):
        hint = f"Kubernetes still tries them by itself: `{again(f'ps {name}')}` shows how they are."
    raise Mistyped(f"No canary of {name} has failed. Nothing was changed.", hint=hint)


def retry(
    cluster: Cluster, formation: Object, types: Collection[str] = (), *, dry_run: bool = False
) -> frozenset[str]:
    """Delete the Pods of all canaries, or of those of some types, and return their names.

    One that has stood is tried anew, too: what its tag means may be another image now.
    """
    found = formations.pods(cluster, formation["metadata"]["name"], f"{naming.TRACK_LABEL}={naming.CANARY}")
    own = (each for each in found if pod_state.is_of(each))
    names = [each["metadata"]["name"] for each in own if not types or pod_state.declared_type(each) in types]
    for each in names:
        cluster.delete(kinds.POD, each, dry_run=dry_run)
    return frozenset(names)
