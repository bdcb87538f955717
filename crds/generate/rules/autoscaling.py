"""Rules about the autoscaling of one process type: what the API server would refuse in the autoscaler."""

from crds.generate.rules.cel import Rule

SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}
"""The types of metrics, and the field that each has."""
TARGETS = ("Utilization", "Value", "AverageValue")
"""The types of a metric's target."""

FROM_OUTSIDE = "['External', 'Object']"
AUTOSCALING = [
    Rule(
        "self.?minReplicas.orValue(1) <= self.maxReplicas",
        "maxReplicas has to be minReplicas (1 by default) or more",
        at=".maxReplicas",
    ),
    Rule(
        "self.?minReplicas.orValue(1) > 0 || "
        f"(has(self.metrics) && self.metrics.exists(m, m.type in {FROM_OUTSIDE}))",
        "at zero, no process could show that one is needed: minReplicas 0 needs a metric of type External "
        "or Object",
        at=".minReplicas",
    ),
]
METRIC = [
    Rule(
        " && ".join(f"(self.type == '{kind}') == has(self.{field})" for kind, field in SOURCES.items()),
        "a metric has the one field that its type names: Resource has resource, ContainerResource "
        "containerResource, Pods pods, Object object, External external",
    )
]
TARGET = [
    Rule(
        "self.type != 'Utilization' || has(self.averageUtilization)",
        "a target of type Utilization has averageUtilization, in per cent of what is requested",
        at=".averageUtilization",
    )
]
"""A rule can't see the other two: a quantity has no type in a CRD. The API server refuses the autoscaler."""
