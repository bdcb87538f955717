"""Rules about the release command: that there is something to run, and an image to run it with."""

from crds.generate.rules import containers
from crds.generate.rules.cel import Rule, some_container
from formation_operator.api import naming

TAKEN = containers.any_of(
    some_container("self", f"c.name == '{naming.RELEASE}'", kind) for kind in containers.KINDS
)
SPEC = [
    Rule(
        "!has(self.release) || has(self.image)",
        "spec.release runs with spec.image, which isn't set: set spec.image (types keep images of their own)"
        ", or leave spec.release out",
        at=".image",
        reason="FieldValueRequired",
    ),
    Rule(
        f"!has(self.release) || !({TAKEN})",
        f"a container is named '{naming.RELEASE}', like that of the release command: {containers.RENAME}",
        at=".podTemplate.spec",
        reason="FieldValueForbidden",
    ),
]
# What an image runs by itself is mostly a server, which never ends.
RELEASE = [
    Rule(
        "has(self.command) || (has(self.args) && size(self.args) > 0)",
        "nothing says what to run: set spec.release.command (in place of the image's ENTRYPOINT) or "
        "spec.release.args (in place of its CMD)",
        at=".command",
        reason="FieldValueRequired",
    )
]
