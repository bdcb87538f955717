"""Formations as large as the CRD and etcd let them be, each in the shape that costs one step the most."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from formation_operator.api import bounds, fields, formation, naming
from formation_operator.render import merge
from tests.shared.builders import Manifest, a_formation, a_process

ETCD = 1_500_000
"""Bytes of an object that etcd takes, a little less than its 1.5 MiB."""
CONTAINERS = 32
"""How many of a Pod the CRD allows (``crds/generate/embedded.py``)."""


def variables(number: int, value: str = "") -> list[Manifest]:
    """Return so many environment variables."""
    return [{"name": f"V{index}", "value": value} for index in range(number)]


def sidecars(variables_of_each: int) -> list[Manifest]:
    """Return all containers that a Pod may have beside the process, with so many variables each."""
    return [
        {"name": f"c{index}", "image": "i", "env": variables(variables_of_each)}
        for index in range(CONTAINERS - 1)
    ]


def types(**fields: Any) -> dict[str, Manifest]:
    """Return all types that a Formation may have, alike."""
    return {
        f"t{index}": a_process("/x", replicas=0, port=80, **fields) for index in range(formation.MOST_TYPES)
    }


def spread(length: int) -> Manifest:
    """Return a Formation whose types have many keyed items each, and of the same number in each list."""
    return a_formation(processes=types(podTemplate={"spec": {"containers": sidecars(length)}}))


def shared(length: int) -> Manifest:
    """Return a Formation whose types share what is large, so that it is rendered once for each."""
    containers = [{"name": naming.PROCESS_CONTAINER, "env": variables(length % 257)}, *sidecars(length)]
    return a_formation(processes=types(), podTemplate={"spec": {"containers": containers}})


def referring(length: int) -> Manifest:
    """Return a Formation with an environment for all types that refers to one variable very often.

    Each type overrides that one, and needs all of the others for it.
    """
    each = variables(fields.MOST_VARIABLES - 1, "$(A)" * (length // 4 // fields.MOST_VARIABLES))
    all_of_them = "".join(f"$({variable['name']})" for variable in each)
    own = types(env=[{"name": "A", "value": all_of_them}])
    return a_formation(processes=own, env=[{"name": "A", "value": "1"}, *each])


def mounting(length: int) -> Manifest:
    """Return a Formation with one long keyed list: nothing limits the volumes of a Pod."""
    volumes = [{"name": f"v{index}", "emptyDir": {}} for index in range(length)]
    mounts = [{"name": f"v{index}", "mountPath": f"/{index}"} for index in range(length)]
    container = {"name": naming.PROCESS_CONTAINER, "volumeMounts": mounts}
    return a_formation(podTemplate={"spec": {"volumes": volumes, "containers": [container]}})


def wordy(length: int) -> Manifest:
    """Return a Formation whose commands are of many short words."""
    words = ["x"] * (length // formation.MOST_TYPES)
    return a_formation(processes=types(args=words))


Shape = Callable[[int], Manifest]
SHAPES: tuple[Shape, ...] = (spread, shared, referring, mounting, wordy)


def filled(shape: Shape, size: int) -> Manifest:
    """Return the largest Formation of a shape whose spec is no larger than a size in bytes."""
    return _largest(shape, lambda spec: bounds.size(spec) <= size)


def within_bounds(shape: Shape) -> Manifest:
    """Return the largest Formation of a shape that is still rendered."""
    return _largest(shape, _is_rendered)


def _is_rendered(spec: Manifest) -> bool:
    try:
        bounds.check(spec)
    except bounds.TooLargeError:
        return False
    return True


def _largest(shape: Shape, fits: Callable[[Manifest], bool]) -> Manifest:
    most = 2
    while fits(shape(most)["spec"]):
        most *= 2
    least = most // 2
    while least < most - 1:
        middle = (least + most) // 2
        least, most = (middle, most) if fits(shape(middle)["spec"]) else (least, middle)
    return shape(least)


# What the API server makes of it

KEYS = {**merge.MERGE_KEYS, "env": ("name",), "ownerReferences": ("uid",)}
"""Lists whose items are owned one by one, and by which of their fields."""
WHOLE = frozenset({"selector", "matchLabels", "nodeSelector", "emptyDir"})


def held(value: Any, name: str = "") -> Manifest:
    """Return the ``fieldsV1`` of who applied a value."""
    if isinstance(value, dict) and name not in WHOLE:
        return {f"f:{key}": held(item, key) for key, item in value.items()}
    if isinstance(value, list) and name in KEYS:
        return {f"k:{_key(item, name)}": {".": {}, **held(item)} for item in value}
    return {}


def _key(item: Manifest, name: str) -> str:
    found = {field: item.get(field, merge.DEFAULTS.get(field)) for field in KEYS[name]}
    return json.dumps(found, separators=(",", ":"), sort_keys=True)


def live(manifest: Manifest, version: int = 5) -> Manifest:
    """Return an object as the API server gives it back after it was applied."""
    fields = held({"metadata": _unnamed(manifest["metadata"]), "spec": manifest["spec"]})
    entry = {"manager": naming.FIELD_MANAGER, "operation": "Apply", "fieldsV1": fields}
    known = {
        "uid": f"uid-of-{manifest['kind']}-{manifest['metadata']['name']}",
        "resourceVersion": str(version),
    }
    return {**manifest, "metadata": {**manifest["metadata"], **known, "managedFields": [entry]}}


def _unnamed(metadata: Manifest) -> Manifest:
    return {key: value for key, value in metadata.items() if key not in ("name", "namespace")}


def children(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield kind and object of each manifest as the API server gives it back."""
    for manifest in manifests:
        yield manifest["kind"], live(manifest)
