"""Rules about the Formation as a whole: names, images, and what its children are labelled with."""

from crds.generate.rules.cel import Rule, given, no_key, unless
from formation_operator.api import naming

# A Pod's name is its Deployment's, "-", a hash of 10, "-" and 5 more; a label holds 63 characters.
LONGEST_CHILD = 63 - 17
LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
# Under another name, what should run once would run again and again: so each names its way out.
RESERVED_TYPES = {
    "release": "set spec.release, whose command runs once before a deploy changes any process",
    "run": "run it as a Job if it ends, or name it after its work, such as worker",
}
OURS = f"{naming.GROUP}/"

# The message can't be about `.metadata.name`: the API server accepts no path there.
RESOURCE = [
    Rule(
        "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        "metadata.name '{self.metadata.name}' can't name a Service: begin with a letter and use only "
        "lower-case letters, digits and '-'",
        at=".spec.processes",
    ),
    given(
        "left",
        f"{LONGEST_CHILD} - size(self.metadata.name) - 1",
        no_key(
            "self.spec.processes",
            "size(t) > left",
            f"{{self.metadata.name}}-{{t}} has more than {LONGEST_CHILD} characters, which its Pods' names "
            "don't allow: shorten the name of the Formation or of the process type",
            at=".spec.processes",
        ),
    ),
]
IMAGES = [
    unless(
        "has(self.image)",
        no_key(
            "self.processes",
            "!has(self.processes[t].image)",
            "no image for process type {t}: set spec.image, or spec.processes.{t}.image",
            at=".image",
            reason="FieldValueRequired",
        ),
    )
]


def runs_the_images_own(key: str, types: str) -> str:
    """Return the CEL for: the type of this key leaves its whole command line to the image."""
    return f"!has({types}[{key}].command) && (!has({types}[{key}].args) || size({types}[{key}].args) == 0)"


def image_of(key: str) -> str:
    """Return the CEL for the image that the type of this key runs."""
    own = f"self.processes[{key}].image"
    return f"(has({own}) ? {own} : has(self.image) ? self.image : '')"


# Whoever shares this image is looked for only once a type has been found that leaves out both.
ALONE = (
    f"self.processes.exists_one(u, {runs_the_images_own('u', 'self.processes')} && "
    f"{image_of('u')} == {image_of('t')})"
)
OWN_COMMANDS = [
    given(
        "types",
        "self.processes",
        no_key(
            "self.processes",
            f"{runs_the_images_own('t', 'types')} && !{ALONE}",
            "'{t}' and another process type both leave out command and args, and so run the same command, "
            "that of their image: set spec.processes.{t}.command (in place of the image's ENTRYPOINT) or "
            "spec.processes.{t}.args (in place of its CMD)",
            at=".processes",
            reason="FieldValueRequired",
        ),
    )
]
CANARY = [
    unless(
        "has(self.canary) && self.canary.seconds == 0",
        no_key(
            "self.processes",
            f"(t + '{naming.canary('')}') in self.processes || "
            f"(has(self.schedules) && (t + '{naming.canary('')}') in self.schedules)",
            f"the canary of process type {{t}} is called {naming.canary('{t}')}, like another process type "
            "or a schedule: rename that, or set canary.seconds to 0",
            at=".processes",
        ),
    )
]
TYPE_NAMES = [
    no_key(
        "self",
        f"!t.matches('^{LABEL}$')",
        "'{t}' can't be the name of a process type: use only lower-case letters, digits and '-', as in web "
        "or worker-2",
    ),
    *(
        Rule(
            f"!('{name}' in self)",
            f"'{name}' can't be the name of a process type, it is reserved: a process type is started again "
            f"whenever it ends, so {way_out}",
            reason="FieldValueForbidden",
        )
        for name, way_out in RESERVED_TYPES.items()
    ),
]


def keys(what: str, *reserved: str) -> list[Rule]:
    """Return the rules for the keys of labels or annotations."""
    return [
        no_key(
            "self",
            " || ".join(f"t.startsWith('{prefix}')" for prefix in reserved),
            f"'{{t}}' isn't yours to set, its prefix is reserved: choose another key for {what}",
            reason="FieldValueForbidden",
        ),
        no_key(
            "self",
            "format.qualifiedName().validate(t).hasValue()",
            f"'{{t}}' isn't a key for {what}: "
            "write name or prefix/name with letters, digits, '-', '_' and '.'",
        ),
    ]


LABELS = keys("labels", OURS)
# The others are written by the Deployment's own controller and by kubectl: two hands on one field.
ANNOTATIONS = keys(
    "annotations", OURS, "deployment.kubernetes.io/", "kubectl.kubernetes.io/last-applied-configuration"
)
POD_ANNOTATIONS = keys("annotations", OURS)
