"""Rules about the containers of a podTemplate: what there is ours, and what they need.

The process's own container goes by one name there.  Its image, command, args and port belong to
the process type: set in a podTemplate they would have to be dropped silently, or fight.
"""

from crds.generate.rules.cel import Rule, no_key, some_container
from formation_operator.api import naming

OWN = naming.PROCESS_CONTAINER
KINDS = ("containers", "initContainers")
RENAME = f"call it {OWN} to change the process itself, or give it another name"


def same_port(owner: str, process: str) -> str:
    """Return the CEL for: the owner's podTemplate sets the TCP port that is the process type's already."""
    taken = f"p.containerPort == {process}.port && (!has(p.protocol) || p.protocol in ['', 'TCP'])"
    same = f"c.name == '{OWN}' && has(c.ports) && c.ports.exists(p, {taken})"
    return f"has({process}.port) && {some_container(owner, same)}"


def bare(kind: str) -> str:
    """Return the CEL for: process type ``t`` has a container of its own that gets no image from anywhere."""
    shared = some_container("self", "s.name == c.name", kind, each="s")
    return some_container("self.processes[t]", f"c.name != '{OWN}' && !has(c.image) && !{shared}", kind)


# A type's own podTemplate adds to the shared one, so its sidecars may have their images from there.
SPEC = [
    *(
        no_key(
            "self.processes",
            f"t != '{OWN}' && {some_container('self', 'c.name == t', kind)}",
            f"a container is named '{{t}}', like the process type: {RENAME}",
            at=f".podTemplate.spec.{kind}",
            reason="FieldValueForbidden",
        )
        for kind in KINDS
    ),
    no_key(
        "self.processes",
        same_port("self", "self.processes[t]"),
        f"the container {OWN} sets the port that process type '{{t}}' has already: leave it out here",
        at=".podTemplate.spec.containers",
        reason="FieldValueForbidden",
    ),
    *(
        no_key(
            "self.processes",
            bare(kind),
            "'{t}': a container in its podTemplate has no image: set one (the process's own container is "
            f"named {OWN} there)",
            at=".processes",
            reason="FieldValueRequired",
        )
        for kind in KINDS
    ),
]
PROCESSES = [
    no_key(
        "self",
        f"t != '{OWN}' && {some_container('self[t]', 'c.name == t', kind)}",
        f"'{{t}}': a container in its podTemplate is named like the process type: {RENAME}",
        reason="FieldValueForbidden",
    )
    for kind in KINDS
]
PROCESS = [
    Rule(
        f"!({same_port('self', 'self')})",
        f"the container {OWN} sets the port that is this type's port already: leave it out here",
        at=".podTemplate.spec.containers",
        reason="FieldValueForbidden",
    )
]
CONTAINER = [
    *(
        Rule(
            f"self.name != '{OWN}' || !has(self.{field})",
            f"this belongs to the process type: set spec.processes.<type>.{field} and leave it out here",
            at=f".{field}",
            reason="FieldValueForbidden",
        )
        for field in ("image", "command", "args")
    ),
    Rule(
        f"self.name != '{OWN}' || !has(self.ports) || "
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
        f"self.name == '{OWN}' || has(self.image)",
        f"'{{self.name}}' has no image: set one (the process's own container is named {OWN} here)",
        at=".image",
        reason="FieldValueRequired",
    )
]
