"""What a test may do while others run beside it: all that concerns one namespace, nothing that concerns all.

A test that changes the cluster, and forgets to say so, is refused by the API server.
"""

import dataclasses
import json

from hack.cluster.cluster import Cluster
from tests.live import server

NAME = "tester"
GROUP = "rbac.authorization.k8s.io"


def restricted(cluster: Cluster) -> Cluster:
    """Return the cluster as somebody sees it who may use any namespace, and only look at the rest."""
    return dataclasses.replace(cluster, account=cluster.state / "kubeconfigs" / f"default.{NAME}.kubeconfig")


def grant(cluster: Cluster) -> None:
    """Make the account, with its rights."""
    items = {"apiVersion": "v1", "kind": "List", "items": objects(server.of(cluster).kinds())}
    cluster.run_kubectl("apply", "-f", "-", stdin=json.dumps(items))
    cluster.kubeconfig_for("default", NAME)


def objects(kinds: set[server.Kind]) -> list[dict[str, object]]:
    """Return the account and its role."""
    subject = {"kind": "ServiceAccount", "name": NAME, "namespace": "default"}
    role = {"apiGroup": GROUP, "kind": "ClusterRole", "name": NAME}
    named: dict[str, object] = {"apiVersion": f"{GROUP}/v1", "metadata": {"name": NAME}}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME, "namespace": "default"}},
        {**named, "kind": "ClusterRole", "rules": rules(kinds)},
        {**named, "kind": "ClusterRoleBinding", "roleRef": role, "subjects": [subject]},
    ]


def rules(kinds: set[server.Kind]) -> list[dict[str, object]]:
    """Return every verb on what is in a namespace; of the rest, reading, namespaces, and binding `edit`."""
    groups: dict[str, list[str]] = {"keda.sh": ["*"]}  # not installed yet
    for kind in sorted(kinds):
        if kind.namespaced:
            below = (f"{kind.plural}/{each}" for each in kind.subresources)
            groups.setdefault(kind.group, []).extend([kind.plural, *below])
    everything: list[dict[str, object]] = [
        {"apiGroups": [group], "resources": found, "verbs": ["*"]} for group, found in groups.items()
    ]
    return [
        *everything,
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["create", "update", "patch", "delete"]},
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [GROUP], "resources": ["clusterroles"], "verbs": ["bind"], "resourceNames": ["edit"]},
    ]
