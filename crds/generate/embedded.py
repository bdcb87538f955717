"""From a definition of Kubernetes' OpenAPI to a structural schema, as a CRD needs it.

A CRD knows no references, no defaults without consequences and fewer types than Kubernetes
itself.  Everything that differs on purpose from the definition is a table here:

- Fields that a Deployment can't have, or that no Kubernetes supports any more, are left out.
- A pod template is partial, so a Pod doesn't need its containers in it.
- Names that Kubernetes requires without saying so in its schema are required.
- Lists that CEL rules look into have limits, or the API server refuses the rules' cost.
"""

from typing import Any

Json = dict[str, Any]

CORE = "io.k8s.api.core.v1."
UNSUPPORTED_VOLUMES = [
    "cephfs",
    "flocker",
    "gitRepo",
    "glusterfs",
    "photonPersistentDisk",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
]
DROPPED = {
    f"{CORE}PodSpec": ["ephemeralContainers", "activeDeadlineSeconds"],
    f"{CORE}Volume": UNSUPPORTED_VOLUMES,
}
# Of an embedded object's metadata only these reach the Pod.
METADATA = ["labels", "annotations"]
OPTIONAL = {f"{CORE}PodSpec": ["containers"]}
REQUIRED = {
    f"{CORE}{name}": ["name"]
    for name in ("ConfigMapKeySelector", "SecretKeySelector", "ConfigMapEnvSource", "SecretEnvSource")
}
NAME = {"minLength": 1, "maxLength": 63}
PORT = {"minimum": 1, "maximum": 65535}
NAMED_PORT = {**PORT, "maxLength": 15}
FEW = {"maxItems": 32}
NARROWED: dict[tuple[str, str], Json] = {
    (f"{CORE}PodSpec", "containers"): FEW,
    (f"{CORE}PodSpec", "initContainers"): FEW,
    (f"{CORE}PodSpec", "restartPolicy"): {"enum": ["Always"]},
    (f"{CORE}PodSpec", "terminationGracePeriodSeconds"): {"minimum": 0},
    (f"{CORE}Container", "name"): {**NAME, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
    (f"{CORE}Container", "image"): {"minLength": 1, "pattern": r"^\S+$"},
    (f"{CORE}Container", "ports"): FEW,
    (f"{CORE}Container", "imagePullPolicy"): {"enum": ["Always", "IfNotPresent", "Never"]},
    (f"{CORE}ContainerPort", "containerPort"): PORT,
    (f"{CORE}ContainerPort", "hostPort"): PORT,
    (f"{CORE}ContainerPort", "name"): {"minLength": 1, "maxLength": 15},
    (f"{CORE}ContainerPort", "protocol"): {"enum": ["TCP", "UDP", "SCTP"]},
    (f"{CORE}EnvVar", "name"): {"minLength": 1, "maxLength": 1024, "pattern": "^[ -<>-~]+$"},
    (f"{CORE}ConfigMapKeySelector", "name"): {"minLength": 1},
    (f"{CORE}SecretKeySelector", "name"): {"minLength": 1},
    (f"{CORE}ConfigMapEnvSource", "name"): {"minLength": 1},
    (f"{CORE}SecretEnvSource", "name"): {"minLength": 1},
    (f"{CORE}HTTPGetAction", "port"): NAMED_PORT,
    (f"{CORE}HTTPGetAction", "scheme"): {"enum": ["HTTP", "HTTPS"]},
    (f"{CORE}TCPSocketAction", "port"): NAMED_PORT,
    (f"{CORE}GRPCAction", "port"): PORT,
    (f"{CORE}Probe", "initialDelaySeconds"): {"minimum": 0},
    (f"{CORE}Probe", "periodSeconds"): {"minimum": 0},
    (f"{CORE}Probe", "timeoutSeconds"): {"minimum": 0},
    (f"{CORE}Probe", "successThreshold"): {"minimum": 0},
    (f"{CORE}Probe", "failureThreshold"): {"minimum": 0},
}

INT_OR_STRING: Json = {"x-kubernetes-int-or-string": True}
# A quantity may be written as a fraction (`cpu: 0.5`), which int-or-string refuses. So its schema
# names no type, and excludes one by one what is neither a number nor a string.
QUANTITY: Json = {
    "x-kubernetes-preserve-unknown-fields": True,
    "minimum": 0,
    "pattern": r"^\+?([0-9]+\.?[0-9]*|\.[0-9]+)(n|u|m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei|[eE][-+]?[0-9]+)?$",
    "maxItems": 0,
    "maxProperties": 0,
    "not": {"enum": [True, False, [], {}]},
}
LEAVES = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": INT_OR_STRING,
    "io.k8s.apimachinery.pkg.api.resource.Quantity": QUANTITY,
}
KEPT = ("type", "format", "description", "required", "x-kubernetes-list-type", "x-kubernetes-map-type")


def schema(name: str, definitions: Json) -> Json:
    """Return the structural schema of the definition ``name``."""
    if name in LEAVES:
        return dict(LEAVES[name])
    definition = definitions[name]
    node = structural(definition, definitions)
    if "properties" in node:
        node["properties"] = {
            key: {**value, **NARROWED.get((name, key), {})}
            for key, value in node["properties"].items()
            if key not in DROPPED.get(name, [])
        }
        required = {*node.get("required", []), *REQUIRED.get(name, [])} - {*OPTIONAL.get(name, [])}
        node = {**node, "required": sorted(required)} if required else without(node, "required")
    return node


def structural(node: Json, definitions: Json) -> Json:
    """Return a node of a definition with references resolved and only what a CRD knows."""
    if reference := target(node):
        return {**schema(reference, definitions), **described(node)}
    result = {key: node[key] for key in KEPT if key in node}
    if "properties" in node:
        result["properties"] = {
            key: metadata(definitions) if is_metadata(value) else structural(value, definitions)
            for key, value in node["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if key in node:
            result[key] = without(structural(node[key], definitions), "description")
    return {**result, **list_type(node, definitions, result)}


def target(node: Json) -> str | None:
    """Return the name of the definition that a node refers to, plainly or beside a description."""
    reference = node.get("$ref") or (node["allOf"][0]["$ref"] if "allOf" in node else None)
    return reference.rsplit("/", 1)[-1] if reference else None


def described(node: Json) -> Json:
    """Return what a node says itself beside its reference."""
    return {"description": node["description"]} if "description" in node else {}


def is_metadata(node: Json) -> bool:
    """Return whether a node is an embedded object's metadata."""
    return (target(node) or "").endswith(".ObjectMeta")


def metadata(definitions: Json) -> Json:
    """Return the schema of an embedded object's metadata."""
    properties = definitions["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]["properties"]
    return {
        "type": "object",
        "properties": {
            key: {**structural(properties[key], definitions), "maxProperties": 64} for key in METADATA
        },
    }


def list_type(node: Json, definitions: Json, result: Json) -> Json:
    """Return how a list is merged, with its items' keys required as a CRD demands.

    A key that Kubernetes fills in (a port's protocol) would need a default, which would then
    appear in the user's object: such a list is one whole instead.
    """
    if node.get("x-kubernetes-list-type") != "map":
        return {}
    keys = node["x-kubernetes-list-map-keys"]
    properties = definitions[target(node["items"]) or ""]["properties"]
    if any(properties[key].get("default") for key in keys if key not in result["items"].get("required", [])):
        return {"x-kubernetes-list-type": "atomic"}
    required = sorted({*result["items"].get("required", []), *keys})
    return {"x-kubernetes-list-map-keys": keys, "items": {**result["items"], "required": required}}


def without(node: Json, key: str) -> Json:
    """Return a node without one of its keys."""
    return {name: value for name, value in node.items() if name != key}


def undescribed(node: Any) -> Any:
    """Return a schema without descriptions: inside a pod template they would fill the object's size."""
    if not isinstance(node, dict):
        return node
    return {
        key: {name: undescribed(value) for name, value in node[key].items()}
        if key == "properties"
        else undescribed(node[key])
        for key in node
        if key != "description"
    }
