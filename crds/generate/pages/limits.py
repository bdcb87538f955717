"""The page of sizes and times, from the constants that hold them."""

from typing import NamedTuple

from crds.generate.pages import parts
from formation_operator.api import bounds, fields, formation
from formation_operator.diagnose import grace_periods, investigator, log_excerpt
from formation_operator.foreground import shell
from formation_operator.kube import notices, reflector
from formation_operator.kube.objects import lenient
from formation_operator.requeue import REPORT_SECONDS
from formation_operator.rollout import canary, revision_store
from formation_operator.status import first_minute, poster, scaling_health, writer
from formation_operator.sync import repair_limit


class Limit(NamedTuple):
    """A row of a table."""

    what: str
    value: str
    more: str = ""


def doubled(first: float, most: float) -> str:
    """Return pauses that grow, in words."""
    return f"after {parts.seconds(first)}, {parts.seconds(2 * first)}, ... up to {parts.seconds(most)}"


TEXT = """\
<!-- Generated from the operator's constants by `python -m crds.generate`: don't edit. -->
# Limits: sizes and times

## How large a Formation may be

{sizes}

The API server refuses a Formation with too many types, schedules or variables. A Formation whose spec is too
large is `Stalled` with the reason `TooLarge`, and what runs stays as it is. So one Formation can't delay the
others. Move large values, such as files in `env`, into ConfigMaps (`envFrom`, or volumes in
`podTemplate`) or into an image, or make several Formations.

## What is cut

Text from others (the API server, kubelet, a process, a webhook) becomes one line without control characters;
`...` marks a cut.

{texts}

## How long things take

{times}
"""
SIZES = [
    Limit("process types", f"{formation.MOST_TYPES}"),
    Limit("schedules", f"{formation.MOST_SCHEDULES}"),
    Limit("variables in `env`", f"{fields.MOST_VARIABLES}", "for the Formation, and for each type"),
    Limit(
        "the spec",
        parts.size(bounds.MOST_DECLARED),
        "as compact JSON: `kubectl get formation shop -o json | jq -c .spec | wc -c`",
    ),
    Limit(
        "the objects made from the spec",
        parts.size(bounds.MOST_RENDERED),
        "the same, but shared fields (`env`, `podTemplate`, ...) count once for each type and each schedule",
    ),
]
UNCHECKED = "longer ones aren't checked"
TEXTS = [
    Limit("message of an Event, a type, a release or canaries", f"{lenient.LONGEST_SENTENCE:,} bytes"),
    Limit("message of a condition", f"{lenient.LONGEST_SUMMARY:,} bytes"),
    Limit("reason", f"{lenient.LONGEST_WORD} bytes"),
    Limit("line of a log in a message", f"{log_excerpt.LONGEST} characters"),
    Limit("command that is [checked](foreground.md)", f"{shell.LONGEST:,} characters", UNCHECKED),
    Limit("script that is checked", f"{shell.LONGEST_SCRIPT:,} characters", UNCHECKED),
]
PATIENCE, RELIABLE = parts.seconds(grace_periods.PATIENCE), parts.seconds(grace_periods.RELIABLE)
TIMES = [
    Limit(
        "the operator looks for the reason why a process isn't ready",
        f"after {PATIENCE}",
        "it reports a failing probe once kubelet has recorded it, or after the probe's initial attempts",
    ),
    Limit(
        "a process that crashed counts as running again",
        f"after {PATIENCE} to {RELIABLE}",
        "once it has run for twice as long as before the crash; after its first crash, for at most "
        f"{parts.seconds(grace_periods.AFTER_FIRST_CRASH)}. So a process that crashes every few minutes "
        f"stays `Crashing`. If it ran for {RELIABLE} or longer before the crash, {PATIENCE} are enough",
    ),
    Limit("an evicted process is reported", "for the same time", "even after it is replaced"),
    Limit(
        "a new process counts as available in a rollout",
        f"after {parts.seconds(formation.PROOF_SECONDS)}",
        "`minReadySeconds`; by default at once for a type with a `readinessProbe` of its own",
    ),
    Limit(
        "a rollout without progress fails",
        f"after {parts.seconds(formation.PROGRESS_DEADLINE)}",
        "`progressDeadlineSeconds`",
    ),
    Limit(
        "a [canary](how-to/canary.md) has to stay ready",
        f"{parts.seconds(formation.CANARY_SECONDS)}",
        "`spec.canary.seconds`",
    ),
    Limit(
        "a canary that doesn't get ready has failed",
        f"after {parts.seconds(formation.PROGRESS_DEADLINE)} at least",
        "`progressDeadlineSeconds`, from the start of its process: the wait for a node doesn't count, and "
        "the pull of its image doesn't, either",
    ),
    Limit(
        "a canary whose image can't be pulled has failed",
        f"after {parts.seconds(canary.PATIENCE)}",
        "however long a pull lasts that doesn't fail",
    ),
    Limit("a canary of the default that has no room is given up", f"after {parts.seconds(canary.PATIENCE)}"),
    Limit(
        "a revision has [run well](how-to/go-back.md#see-what-changed)",
        f"after {parts.seconds(first_minute.LASTS)}",
    ),
    Limit(
        "an HPA that can't scale is reported", f"{parts.seconds(scaling_health.GRACE)} after the type runs"
    ),
    Limit("the status of a Formation is written", f"once in {parts.seconds(REPORT_SECONDS)} at most"),
    Limit(
        "a status that the API server refuses is written again",
        doubled(writer.REFUSED_FIRST, writer.REFUSED_MOST),
        "and at once if it changes",
    ),
    Limit(
        "a revision that couldn't be stored is tried again",
        doubled(revision_store.RETRY_FIRST, revision_store.RETRY_MOST),
        "and at once after a change",
    ),
    Limit(
        "an object that another client changes again and again is set back",
        f"{repair_limit.FREE} times in {parts.seconds(repair_limit.WINDOW)} at most",
    ),
    Limit(
        "the same Event counts as one",
        f"within {parts.seconds(notices.SERIES_ENDS.total_seconds())}",
        "its count goes up, so a crash loop makes no new Events",
    ),
    Limit("an Event that can't be recorded is lost", f"after {parts.seconds(poster.SOON)}"),
    Limit("KEDA is found after its installation", f"within {parts.seconds(reflector.ABSENT_SECONDS)}"),
    Limit("processes with the same trouble are examined", f"{investigator.FEW} of each type"),
]


def build() -> str:
    """Return the page."""
    return TEXT.format(
        sizes=parts.table(["what", "at most", "how to count"], SIZES),
        texts=parts.table(["text", "at most", ""], TEXTS),
        times=parts.table(["what", "how long", ""], TIMES),
    )
