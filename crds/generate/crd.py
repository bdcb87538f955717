"""The CustomResourceDefinition as a whole: names, columns, subresources and the schema."""

from typing import Any

from crds.generate import schema
from crds.generate.rules import table
from formation_operator.api import naming
from formation_operator.api.formation import Formation, FormationSpec
from formation_operator.api.formation_status import FormationStatus

Json = dict[str, Any]

READY = '.status.conditions[?(@.type=="Ready")]'
COLUMNS: list[Json] = [
    {"name": "Ready", "type": "string", "jsonPath": f"{READY}.status"},
    {"name": "Summary", "type": "string", "jsonPath": ".status.summary"},
    {"name": "Image", "type": "string", "jsonPath": ".status.image"},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {"name": "Reason", "type": "string", "jsonPath": f"{READY}.reason", "priority": 1},
    {"name": "Message", "type": "string", "jsonPath": f"{READY}.message", "priority": 1},
]
# In no category: `kubectl delete all --all` must not reach it.
SHORT_NAMES = ["fm"]
SUBRESOURCES: Json = {
    "status": {},
    "scale": {
        "specReplicasPath": ".spec.processes.web.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    },
}
# All Formations and what they run go with the CRD: what prunes leaves it, so that it goes only on purpose.
# https://helm.sh/docs/howto/charts_tips_and_tricks/#tell-helm-not-to-uninstall-a-resource
# https://fluxcd.io/flux/components/kustomize/kustomizations/#prune
# https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/
KEPT = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "helm.sh/resource-policy": "keep",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}


def build(definitions: Json) -> Json:
    """Return the CRD, given Kubernetes' definitions."""
    names = {
        "kind": naming.KIND,
        "listKind": f"{naming.KIND}List",
        "plural": naming.PLURAL,
        "singular": naming.KIND.lower(),
        "shortNames": SHORT_NAMES,
    }
    version = {
        "name": naming.VERSION,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": COLUMNS,
        "subresources": SUBRESOURCES,
        "schema": {"openAPIV3Schema": table.attach(resource(definitions))},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{naming.PLURAL}.{naming.GROUP}", "annotations": KEPT},
        "spec": {"group": naming.GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def resource(definitions: Json) -> Json:
    """Return the schema of a Formation, without the rules that look at several fields at once."""
    # Before the first pass a fresh object must not look ready: kstatus compares the generations.
    status = {**schema.schema(FormationStatus, definitions), "default": {"observedGeneration": -1}}
    return {
        "type": "object",
        "description": Formation.__doc__,
        "properties": {
            "apiVersion": {"type": "string", "description": f"{naming.API_VERSION}."},
            "kind": {"type": "string", "description": f"{naming.KIND}."},
            "metadata": {"type": "object"},
            "spec": schema.schema(FormationSpec, definitions),
            "status": status,
        },
        "required": ["spec"],
    }
