"""Objects as the API server has them, and what those have in common that the plugin makes."""

from typing import Any

from formation_operator.api import naming

Object = dict[str, Any]


def owner(formation: Object) -> Object:
    """Return the reference by which an object goes with a Formation, without being a child of it."""
    return {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "name": formation["metadata"]["name"],
        "uid": formation["metadata"]["uid"],
        "blockOwnerDeletion": False,
    }
