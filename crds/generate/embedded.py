"""From a definition of Kubernetes' OpenAPI to a structural schema, as a CRD needs it.

A CRD knows no references, no defaults without consequences and fewer types than Kubernetes
itself.  Everything that differs on purpose from the definition is a table here:

- Fields that a Deployment can't have, that no Kubernetes supports any more, or that are an old name of
  another one, are left out.
- A pod template is partial, so a Pod doesn't need its containers in it.
- Names that Kubernetes requires without saying so in its schema are required.
- Lists that CEL rules look into have limits, or the API server refuses the rules' cost.
"""

from typing import Any

from crds.generate.rules import autoscaling
from formation_operator.api import fields, formation

Json = dict[str, Any]

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
    "PodSpec": ["ephemeralContainers", "activeDeadlineSeconds", "serviceAccount"],
    "Volume": UNSUPPORTED_VOLUMES,
}
# Of an embedded object's metadata only these reach the Pod.
METADATA = {
    "labels": {"type": "string", "maxLength": 63, "pattern": fields.LABEL_VALUE},
    "annotations": {"type": "string"},
}
OPTIONAL = {"PodSpec": ["containers"]}
NAMED = ["ConfigMapKeySelector", "SecretKeySelector", "ConfigMapEnvSource", "SecretEnvSource"]
REQUIRED = {"ExecAction": ["command"], **{owner: ["name"] for owner in NAMED}}


def choice(*values: str) -> Json:
    """Return the schema of a choice that may also be left empty, as templates like to do."""
    return {"enum": [*values, ""]}


PORT = {"minimum": 1, "maximum": 65535}
# As IANA names services: single hyphens between letters and digits, and a letter at least.
PORT_NAME = "([0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*"
LONGEST_PORT_NAME = 15
NAMED_PORT = {**PORT, "maxLength": LONGEST_PORT_NAME, "pattern": f"^{PORT_NAME}$"}
KEY = {"maxLength": 253, "pattern": "^[-._a-zA-Z0-9]+$"}
FEW = {"maxItems": 32}
WORDS = {"items": {"type": "string", "maxLength": fields.LONGEST_WORD}}
NOT_NEGATIVE = {"minimum": 0}
NOT_EMPTY = {"minLength": 1}
PROBE_NUMBERS = [
    *("initialDelaySeconds", "periodSeconds", "timeoutSeconds"),
    *("successThreshold", "failureThreshold"),
]
NARROWED: dict[str, Json] = {
    "PodSpec.containers": FEW,
    "PodSpec.initContainers": FEW,
    "PodSpec.restartPolicy": choice("Always"),
    "PodSpec.dnsPolicy": choice("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "PodSpec.terminationGracePeriodSeconds": NOT_NEGATIVE,
    "Container.name": {**NOT_EMPTY, "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
    "Container.image": {**NOT_EMPTY, "pattern": r"^\S+$"},
    "Container.command": WORDS,
    "Container.args": WORDS,
    "Container.ports": FEW,
    "Container.env": {"maxItems": fields.MOST_VARIABLES},
    "Container.imagePullPolicy": choice("Always", "IfNotPresent", "Never"),
    "ContainerPort.containerPort": PORT,
    "ContainerPort.hostPort": {**PORT, **NOT_NEGATIVE},
    "ContainerPort.name": {"maxLength": LONGEST_PORT_NAME, "pattern": f"^({PORT_NAME})?$"},
    "ContainerPort.protocol": choice("TCP", "UDP", "SCTP"),
    "EnvVar.name": {**NOT_EMPTY, "maxLength": 1024, "pattern": "^[ -<>-~]+$"},
    "HTTPGetAction.port": NAMED_PORT,
    "HTTPGetAction.scheme": choice("HTTP", "HTTPS"),
    "TCPSocketAction.port": NAMED_PORT,
    "GRPCAction.port": PORT,
    "ExecAction.command": {"minItems": 1, **WORDS},
    "ConfigMapKeySelector.key": KEY,
    "SecretKeySelector.key": KEY,
    **{f"Probe.{number}": NOT_NEGATIVE for number in PROBE_NUMBERS},
    "Probe.terminationGracePeriodSeconds": {"minimum": 1},
    **{f"{owner}.name": NOT_EMPTY for owner in NAMED},
    "MetricSpec.type": {"enum": [*autoscaling.SOURCES]},
    "MetricTarget.type": {"enum": [*autoscaling.TARGETS]},
    "MetricTarget.averageUtilization": {"minimum": 1},
    "HPAScalingRules.selectPolicy": {"enum": ["Max", "Min", "Disabled"]},
    "HPAScalingRules.stabilizationWindowSeconds": {"minimum": 0, "maximum": 3600},
    "HPAScalingRules.policies": {"minItems": 1, **FEW},
    "HPAScalingPolicy.type": {"enum": ["Pods", "Percent"]},
    "HPAScalingPolicy.value": {"minimum": 1},
    "HPAScalingPolicy.periodSeconds": {"minimum": 1, "maximum": 1800},
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
    kind = name.rsplit(".", 1)[-1]
    node = structural(definitions[name], definitions)
    if "properties" in node:
        node["properties"] = {
            key: {**value, **NARROWED.get(f"{kind}.{key}", {})}
            for key, value in node["properties"].items()
            if key not in DROPPED.get(kind, [])
        }
        required = {*node.get("required", []), *REQUIRED.get(kind, [])} - {*OPTIONAL.get(kind, [])}
        node = {**node, "required": sorted(required)} if required else without(node, "required")
    return node


def structural(node: Json, definitions: Json) -> Json:
    """Return a node of a definition with references resolved and only what a CRD knows."""
    if reference := target(node):
        return {**schema(reference, definitions), **described(node)}
    result = {key: node[key] for key in KEPT if key in node}
    if "properties" in node:
        result["properties"] = {
            key: metadata() if is_metadata(value) else structural(value, definitions)
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


def metadata() -> Json:
    """Return the schema of an embedded object's metadata."""
    return {
        "type": "object",
        "properties": {
            key: {"type": "object", "maxProperties": formation.MOST_LABELS, "additionalProperties": value}
            for key, value in METADATA.items()
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
