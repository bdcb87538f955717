"""The JSON schema of a Formation, for editors and kubeconform: the CRD's, as strict as the API server.

The API server prunes fields that it doesn't know, and `kubectl apply` refuses them: so does this schema.
It has no rules that look at several fields at once, since JSON schema can't say them as CEL does.
"""

import json
from typing import Any

from formation_operator.api import naming

Json = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest that both kubeconform and the YAML language server know."""
COMMENT = "Generated from the models by `python -m crds.generate`: don't edit."
METADATA: Json = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("name", "generateName", "namespace")},
        **{
            name: {"type": "object", "additionalProperties": {"type": "string"}}
            for name in ("labels", "annotations")
        },
    },
}
EITHER = "x-kubernetes-int-or-string"


def text(crd: Json) -> str:
    """Return the JSON schema of the CRD's version as it is kept in the repository."""
    [version] = crd["spec"]["versions"]
    document = strict(version["schema"]["openAPIV3Schema"])
    fields = document["properties"]
    fields |= {
        "apiVersion": {**fields["apiVersion"], "enum": [naming.API_VERSION]},
        "kind": {**fields["kind"], "enum": [naming.KIND]},
        "metadata": METADATA,
    }
    document["required"] = ["apiVersion", "kind", "metadata", "spec"]
    return (
        json.dumps({"$schema": DIALECT, "$comment": COMMENT, **document}, indent=1, ensure_ascii=False) + "\n"
    )


def strict(node: Json) -> Json:
    """Return a node of a structural schema as JSON schema, in which unknown fields are refused."""
    plain = {key: value for key, value in node.items() if not key.startswith("x-kubernetes-")}
    if node.get(EITHER):
        plain["type"] = ["integer", "string"]
    if "properties" in node:
        plain["properties"] = {name: strict(value) for name, value in node["properties"].items()}
        plain["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if key in node:
            plain[key] = strict(node[key])
    return plain
