"""What a cluster's CRD declares of a Formation: the schema of now, and earlier ones of its status."""

import copy
from typing import Any

from crds.generate import crd, snapshot

CRD = crd.build(snapshot.read())
[VERSION] = CRD["spec"]["versions"]
FORMATION: dict[str, Any] = VERSION["schema"]["openAPIV3Schema"]
PRESENT = FORMATION["properties"]["status"]
PROCESS = ("properties", "processes", "additionalProperties")


def older(*fields: tuple[str, ...]) -> dict[str, Any]:
    """Return the schema as it was before it had some fields, each given with the path of where it is."""
    schema: dict[str, Any] = copy.deepcopy(PRESENT)
    for *path, field in fields:
        node = schema
        for step in path:
            node = node[step]
        del node["properties"][field]
    return schema
