"""Rules about schedules: what their CronJobs may be called, and that there is something to run."""

from crds.generate.rules import formation
from crds.generate.rules.cel import Rule, given, no_key, unless
from formation_operator.api import naming

ABSENT = "!has(self.schedules)"
RESERVED = (naming.RELEASE, "run")
RESOURCE = [
    unless(
        "!has(self.spec.schedules)",
        given(
            "left",
            f"{naming.LONGEST_CRON_JOB} - size(self.metadata.name) - 1",
            no_key(
                "self.spec.schedules",
                "size(t) > left",
                f"{{self.metadata.name}}-{{t}} has more than {naming.LONGEST_CRON_JOB} characters, the "
                "limit for the name of a CronJob: shorten the name of the Formation or of the schedule",
                at=".spec.schedules",
            ),
        ),
    )
]
SPEC = [
    unless(
        ABSENT,
        no_key(
            "self.schedules",
            "t in self.processes",
            "'{t}' is the name of a process type, too: give the schedule another name",
            at=".schedules",
        ),
    ),
    unless(
        f"{ABSENT} || has(self.image)",
        no_key(
            "self.schedules",
            "!has(self.schedules[t].image)",
            "no image for schedule {t}: set spec.image, or spec.schedules.{t}.image",
            at=".image",
            reason="FieldValueRequired",
        ),
    ),
]
NAMES = [
    no_key(
        "self",
        f"!t.matches('^{formation.LABEL}$')",
        "'{t}' can't be the name of a schedule: use only lower-case letters, digits and '-', as in "
        "nightly-report",
    ),
    no_key(
        "self",
        " || ".join(f"t == '{name}'" for name in RESERVED),
        "'{t}' can't be the name of a schedule, it is reserved: name it after what it does, such as "
        "nightly-report",
        reason="FieldValueForbidden",
    ),
]
SCHEDULE = [
    Rule(
        "has(self.command) || (has(self.args) && size(self.args) > 0)",
        "nothing says what to run: set command (in place of the image's ENTRYPOINT) or args (in place of its "
        "CMD)",
        at=".command",
        reason="FieldValueRequired",
    )
]
