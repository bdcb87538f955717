"""From the pydantic models to a structural schema, with Kubernetes' own types filled in."""

from typing import Any

from pydantic import BaseModel

from crds.generate import embedded

Json = dict[str, Any]

# What pydantic and a CRD both call by the same name.
KEPT = [
    *("type", "description", "enum", "pattern", "required"),
    *("minimum", "maximum", "minLength", "maxLength"),
    *("minItems", "maxItems", "minProperties", "maxProperties"),
]
# Lists whose items have an identity: a duplicate is refused, and appliers own single items.
LIST_KEYS = {"env": ["name"], "conditions": ["type"]}


def schema(model: type[BaseModel], definitions: Json) -> Json:
    """Return the structural schema of a model."""
    document = model.model_json_schema(by_alias=True)
    return structural("", document, document.get("$defs", {}), definitions)


def structural(name: str, node: Json, models: Json, definitions: Json) -> Json:
    """Return one node of pydantic's JSON schema, the value of the field ``name``, as a CRD needs it."""
    if "anyOf" in node:  # an optional field: what it is when it is there
        [there] = [option for option in node["anyOf"] if option.get("type") != "null"]
        node = {**there, **{key: node[key] for key in KEPT if key in node}}
    if "$ref" in node:
        node = {**models[node["$ref"].rsplit("/", 1)[-1]], **{key: node[key] for key in KEPT if key in node}}
    result = {key: node[key] for key in KEPT if key in node}
    if "description" in result:  # a docstring, which has lines
        result["description"] = " ".join(result["description"].split())
    if "embedded" in node:
        return {**kubernetes(node["embedded"], definitions), **result}
    if "properties" in node:
        result["properties"] = {
            key: structural(key, value, models, definitions) for key, value in node["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            result[key] = structural("", node[key], models, definitions)
    return {**result, **list_type(name, node)}


def kubernetes(definition: str, definitions: Json) -> Json:
    """Return the schema of a definition of Kubernetes; the inside of a pod template has no descriptions."""
    found = embedded.schema(definition, definitions)
    whole: Json = embedded.undescribed(found) if definition.endswith(".PodTemplateSpec") else found
    return whole


def list_type(name: str, node: Json) -> Json:
    """Return how appliers share a list."""
    if node.get("type") != "array":
        return {}
    if name not in LIST_KEYS:
        return {"x-kubernetes-list-type": "atomic"}
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": LIST_KEYS[name]}


def embedded_roots(node: Any) -> set[str]:
    """Return the definitions of Kubernetes that a model's JSON schema refers to."""
    if isinstance(node, list):
        return set().union(*map(embedded_roots, node))
    if not isinstance(node, dict):
        return set()
    own = {node["embedded"]} if isinstance(node.get("embedded"), str) else set()
    return own.union(*map(embedded_roots, node.values()))
