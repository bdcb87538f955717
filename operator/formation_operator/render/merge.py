"""Merge a partial pod template over another one, as Kubernetes merges them.

Kubernetes combines lists of named things (containers, volumes, ...) by their merge keys and
replaces every other list.  Some structs are unions: exactly one of their fields may be set,
so a handler of the overlay must replace the base's, never join it.  A probe without a handler changes
the base's times.  Variables stay below those that they refer to.
Source of the keys: ``x-kubernetes-patch-merge-key`` in Kubernetes' OpenAPI.
"""

from collections.abc import Iterable
from typing import Any

from formation_operator.render import environment

MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "resourceClaims": ("name",),
    "schedulingGates": ("name",),
    "evictionResponders": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
    "ports": ("containerPort", "protocol"),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
DEFAULTS = {"protocol": "TCP"}
UNIONS = frozenset({"preStop", "postStart", "seccompProfile", "appArmorProfile"})
PROBES = frozenset({"readinessProbe", "livenessProbe", "startupProbe"})
HANDLERS = frozenset({"httpGet", "tcpSocket", "exec", "grpc"})
REPLACED_ITEMS = frozenset({"volumes", "resourceClaims"})


def merge(base: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``overlay`` over it; neither is changed."""
    merged = dict(base)
    for key, value in overlay.items():
        merged[key] = value if _is_whole(key, value) else _value(key, merged.get(key), value)
    return merged


def _is_whole(key: str, value: Any) -> bool:
    """Return whether a value replaces the base's as a whole: only one of its alternatives may be set."""
    return key in UNIONS or (key in PROBES and not HANDLERS.isdisjoint(value or ()))


def _value(key: str, base: Any, overlay: Any) -> Any:
    if isinstance(base, dict) and isinstance(overlay, dict):
        return merge(base, overlay)
    if isinstance(base, list) and isinstance(overlay, list):
        if key == "env":
            return environment.combined(base, overlay)
        if key in MERGE_KEYS:
            return _items(key, base, overlay)
    return overlay


def _items(key: str, base: Iterable[dict[str, Any]], overlay: Iterable[dict[str, Any]]) -> list[Any]:
    """Merge two keyed lists: known items in place, new ones at the end."""
    merged = {_identity(key, item): item for item in base}
    for item in overlay:
        identity = _identity(key, item)
        is_merged = identity in merged and key not in REPLACED_ITEMS
        merged[identity] = merge(merged[identity], item) if is_merged else item
    return list(merged.values())


def _identity(key: str, item: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(item.get(field, DEFAULTS.get(field)) for field in MERGE_KEYS[key])
