"""What roles grant, one right after the other."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from hack.audit.calls import Call

Role = dict[str, Any]


class Grant(NamedTuple):
    """One verb on one resource."""

    role: str
    verb: str
    group: str
    resource: str
    namespace: str
    """Where it holds; empty for everywhere."""
    names: tuple[str, ...]
    """Of which objects; empty for all."""

    def __str__(self) -> str:
        """Say which one it is."""
        return f"{self.role}: {self.verb} {self.resource}{self.group and f'.{self.group}'}"

    def allows(self, call: Call) -> bool:
        """Tell whether it is enough for a call, by Kubernetes' rules for RBAC: our roles have no ``*``."""
        return (
            (self.verb, self.group, self.resource) == (call.verb, call.group, call.resource)
            and self.namespace in (call.namespace, "")
            and (not self.names or call.name in self.names)
        )


def of(roles: Iterable[Role]) -> list[Grant]:
    """Return every right that roles grant."""
    return [
        Grant(
            role["metadata"]["name"],
            verb,
            group,
            resource,
            role["metadata"].get("namespace", ""),
            tuple(rule.get("resourceNames", ())),
        )
        for role in roles
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    ]
