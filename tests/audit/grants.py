"""What roles grant, one right after the other."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tests.audit.calls import Call

Role = dict[str, Any]


class Grant(NamedTuple):
    """One verb on one resource, or on a path."""

    role: str
    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    """Where it holds; empty for everywhere."""
    names: tuple[str, ...] = ()
    """Of which objects; empty for all."""
    path: str = ""

    def __str__(self) -> str:
        """Say which one it is."""
        what = self.path or (f"{self.resource}.{self.group}" if self.group else self.resource)
        return f"{self.role}: {self.verb} {what}"

    def allows(self, call: Call) -> bool:
        """Tell whether it is enough for a call, by Kubernetes' rules for RBAC.

        Source: ``k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go``.
        """
        if self.verb not in (call.verb, "*"):
            return False
        if call.path or self.path:
            begins = self.path.endswith("*") and call.path.startswith(self.path[:-1])
            return bool(call.path and self.path) and (begins or call.path == self.path)
        return (
            self.group in (call.group, "*")
            and self.resource in (call.resource, "*")
            and self.namespace in (call.namespace, "")
            and (not self.names or call.name in self.names)
        )


def of(roles: Iterable[Role]) -> list[Grant]:
    """Return every right that roles grant."""
    return [grant for role in roles for rule in role["rules"] for grant in _of_rule(role["metadata"], rule)]


def _of_rule(metadata: dict[str, Any], rule: dict[str, Any]) -> Iterator[Grant]:
    role, namespace = metadata["name"], metadata.get("namespace", "")
    names = tuple(rule.get("resourceNames", ()))
    for verb in rule["verbs"]:
        for path in rule.get("nonResourceURLs", ()):
            yield Grant(role, verb, path=path)
        for group in rule.get("apiGroups", ()):
            for resource in rule.get("resources", ()):
                yield Grant(role, verb, group, resource, namespace, names)
