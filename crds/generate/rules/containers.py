"""Rules about the containers of a podTemplate: what there is ours, and what they need.

The process's own container goes by one name there.  Its image, command, args and port belong to
the process type: set in a podTemplate they would have to be dropped silently, or fight.
"""

from collections.abc import Iterable

from crds.generate.rules.cel import Rule, given, no_key, some_container
from formation_operator.api import naming

OWN = naming.PROCESS_CONTAINER
KINDS = ("containers", "initContainers")
PORT_OF_T = "has(self.processes[t].port) && p.containerPort == self.processes[t].port"
ANY_PORT = f"self.processes.exists(t, {PORT_OF_T})"
RENAME = f"call it {OWN} to change the process itself, or give it another name"


def same_port(owner: str, taken: str) -> str:
    """Return the CEL for: the owner's podTemplate sets a TCP port ``p`` of the process that is taken."""
    again = f"(!has(p.protocol) || p.protocol in ['', 'TCP']) && {taken}"
    return some_container(owner, f"c.name == '{OWN}' && has(c.ports) && c.ports.exists(p, {again})")


def bare(kind: str) -> str:
    """Return the CEL for: process type ``t`` has a container of its own that gets no image from anywhere."""
    shared = some_container("self", "s.name == c.name", kind, each="s")
    return some_container("self.processes[t]", f"!has(c.image) && c.name != '{OWN}' && !{shared}", kind)


def shared_as(condition: str, kind: str) -> str:
    """Return the CEL for: the shared podTemplate has a container ``c`` that is named like a process type."""
    return some_container("self", f"c.name != '{OWN}' && {condition}", kind)


def any_of(conditions: Iterable[str]) -> str:
    """Return the CEL for: one of the conditions holds."""
    return " || ".join(conditions)


# A type's own podTemplate adds to the shared one, so its sidecars may have their images from there.
SPEC = [
    *(
        Rule(
            f"!{shared_as('c.name in self.processes', kind)}",
            f"a container is named '{{t}}', like the process type: {RENAME}",
            at=f".podTemplate.spec.{kind}",
            reason="FieldValueForbidden",
            culprit=f"self.processes.filter(t, {shared_as('c.name == t', kind)})[0]",
        )
        for kind in KINDS
    ),
    Rule(
        f"!{same_port('self', ANY_PORT)}",
        f"the container {OWN} sets the port that process type '{{t}}' has already: leave it out here",
        at=".podTemplate.spec.containers",
        reason="FieldValueForbidden",
        culprit=f"self.processes.filter(t, {same_port('self', PORT_OF_T)})[0]",
    ),
    given(
        "types",
        "self.processes",
        no_key(
            "self.processes",
            f"has(types[t].podTemplate) && ({any_of(map(bare, KINDS))})",
            "'{t}': a container in its podTemplate has no image: set one (the process's own container is "
            f"named {OWN} there)",
            at=".processes",
            reason="FieldValueRequired",
        ),
    ),
]
PROCESSES = [
    no_key(
        "self",
        f"has(self[t].podTemplate) && t != '{OWN}' && "
        f"({any_of(some_container('self[t]', 'c.name == t', kind) for kind in KINDS)})",
        f"'{{t}}': a container in its podTemplate is named like the process type: {RENAME}",
        reason="FieldValueForbidden",
    )
]
PROCESS = [
    Rule(
        f"!{same_port('self', 'has(self.port) && p.containerPort == self.port')}",
        f"the container {OWN} sets the port that is this type's port already: leave it out here",
        at=".podTemplate.spec.containers",
        reason="FieldValueForbidden",
    )
]
CONTAINER = [
    *(
        Rule(
            f"!has(self.{field}) || self.name != '{OWN}'",
            f"this belongs to the process type: set spec.processes.<type>.{field} and leave it out here",
            at=f".{field}",
            reason="FieldValueForbidden",
        )
        for field in ("image", "command", "args")
    ),
    Rule(
        f"!has(self.ports) || self.name != '{OWN}' || "
        f"!self.ports.exists(p, has(p.name) && p.name == '{naming.PORT_NAME}')",
        f"the port {naming.PORT_NAME} belongs to the process type: set spec.processes.<type>.port and leave "
        "it out here",
        at=".ports",
        reason="FieldValueForbidden",
    ),
]
INIT_CONTAINER = [
    Rule(
        f"self.name != '{OWN}'",
        f"{OWN} stands for the process's own container, which is one of containers: choose another name here",
        at=".name",
        reason="FieldValueForbidden",
    )
]
SHARED_CONTAINER = [
    Rule(
        f"has(self.image) || self.name == '{OWN}'",
        f"'{{self.name}}' has no image: set one (the process's own container is named {OWN} here)",
        at=".image",
        reason="FieldValueRequired",
    )
]
