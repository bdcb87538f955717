"""KEDA's side of a cluster, replayed: its kind, an object of it, and how it scales."""

import yaml

from hack.cluster.cluster import Cluster
from tests.live.client import Client, established

KEDA = yaml.safe_load("""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: scaledobjects.keda.sh}
spec:
  group: keda.sh
  names: {kind: ScaledObject, listKind: ScaledObjectList, plural: scaledobjects, singular: scaledobject}
  scope: Namespaced
  versions:
  - name: v1alpha1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
""")
SCALED_OBJECT = {
    "apiVersion": "keda.sh/v1alpha1",
    "kind": "ScaledObject",
    "metadata": {"name": "jobs"},
    "spec": {"scaleTargetRef": {"name": "shop-worker"}, "triggers": []},
}


def install_keda(cluster: Cluster) -> None:
    """Make KEDA's objects known to the cluster."""
    kubectl = Client(cluster, "default")
    kubectl.apply(KEDA)
    established(kubectl, "scaledobjects.keda.sh")


def keda_scales(user: Client, wanted: int) -> None:
    """Scale as KEDA does: through the subresource, under the name of its program."""
    patch = ["--subresource=scale", "--type=merge", "-p", f'{{"spec": {{"replicas": {wanted}}}}}']
    user("patch", "deployment", "shop-worker", "--field-manager=keda", *patch)
