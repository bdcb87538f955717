"""The page of each word that a status or an Event may have, what it means, and what to do.

The texts stand below the words in `formation_operator.api.reasons`.  Here are those of Kubernetes' own words,
and those of Events, whose reasons stand where an Event is made: `posted` finds all of them.
"""

import ast
import enum
import inspect
import itertools
import pathlib
from collections.abc import Iterator

import formation_operator
from crds.generate.pages import parts
from formation_operator.api import reasons

HEADER = "<!-- Generated from the operator's reasons by `python -m crds.generate`: don't edit. -->"
OPERATOR = pathlib.Path(formation_operator.__file__).parent
INTRODUCTION = """\
# States, reasons, conditions and Events

Look up here what a word of `kubectl describe formation shop` means. [Status](status.md) explains where each
word stands.
"""
SECTIONS = [
    ("States of a process type", reasons.State, ("state", "meaning")),
    ("Reasons of a process type", reasons.Reason, ("reason", "what happened", "what to do")),
    (
        "Reasons why a type or a Formation isn't as declared",
        reasons.Trouble,
        ("reason", "what happened", "what to do"),
    ),
    ("Conditions", reasons.ConditionType, ("condition", "what happened", "what to do")),
    ("States of a release", reasons.ReleaseState, ("state", "meaning")),
    ("States of canaries", reasons.CanaryState, ("state", "meaning")),
    ("States of a schedule", reasons.ScheduleState, ("state", "meaning")),
]
KUBERNETES = {
    "FailedMount FailedAttachVolume FailedMapVolume": """A volume is missing: most often a Secret, a ConfigMap
        or a claim that `podTemplate` names""",
    "FailedCreatePodSandBox NetworkNotReady": "The node's network isn't set up",
    "CreateContainerError": "The node can't start the container. Other reasons in `...Error` say the same",
    "Evicted": """The node killed or rejected the Pod, because it was out of memory or disk, or shut down.
        Other reasons of a Pod that failed as a whole say the same""",
    "ReadinessGatesNotReady": "A readiness gate of `podTemplate` is closed",
}
"""Words of Kubernetes that are passed on, beside the operator's own."""
EVENTS = {
    "Deployed": """A deploy after the first one begins to be rolled out: the number of its
        [revision](ownership.md#revisions), and what changed; variables only by name""",
    "RolledOut": """A deploy is rolled out: all processes of its revision are available. The Event says after
        how many seconds, who changed the content, and the note""",
    "Releasing": "The [release command](how-to/releases.md) has started, in the Job that the Event names",
    "Released": "The release command has succeeded",
    "ReleaseFailed": "The release command has failed. The Event says what to do",
    "RunFailed": "A run of a [schedule](how-to/schedules.md) failed: the Job's name, and the cause",
    "DriftRepaired": "Another client changed a field of the operator's, and the operator set it back",
    "Recreated": """Another client deleted a Deployment, Service, PodDisruptionBudget,
        HorizontalPodAutoscaler or CronJob, and the operator created it again""",
    "Adopted": "The operator made the Formation the owner of an object without one",
    "Deleted": """The operator deleted an object that is no longer declared. Or it deleted a budget or an
        autoscaler because of [another one](ownership.md#what-other-clients-change). The Event says why""",
    "Suspended": """A deploy without a schedule is rolled out: the operator suspended its CronJob, and
        deletes it when no run is active""",
    "ScaleHonoured": """Someone scaled a Deployment, and the operator
        [wrote its count to the Formation](counts.md#scaling-a-deployment)""",
    "ScaleOverruled": "Someone scaled a Deployment, and the operator set its count back",
    "ScaleNotHonoured": """A count was changed while a
        [declared autoscaler](counts.md#autoscaling-in-the-formation) sets it. The Event names the bounds to
        change instead""",
    "FieldsDropped": """The API server doesn't keep all fields of an autoscaler, because its version of
        Kubernetes doesn't know them (such as `tolerance` in 1.33 and 1.34)""",
    "StatusRefused": "The API server refuses the status ([the next try](limits.md#how-long-things-take))",
}
"""What an Event says, by its reason."""
COMPUTED = {
    "_notice": (
        "`Running`, `Crashing`, ..., or `ImagePullFailed`, ...",
        "The state or the reason of a type has changed. The Event is a warning if something is wrong",
    ),
    "_canary": (
        "`CanaryTrying`, `CanaryFailed`, `CanarySkipped`",
        "[Canaries](how-to/canary.md) start, one has failed, or by default there was no room for one",
    ),
    "_daemonizing": (
        "`CommandLeavesForeground`",
        "A command [leaves the foreground](foreground.md). There is another Event if the message changes",
    ),
}
"""The same where the code chooses among reasons, by the function that does."""


def build() -> str:
    """Return the page."""
    sections = [
        _table(heading, columns, {_quoted(word): said for word, said in texts(words).items()})
        for heading, words, columns in SECTIONS
    ]
    passed_on = {_quoted(words): [text] for words, text in KUBERNETES.items()}
    sections.insert(2, _table("Reasons in Kubernetes' own words", ("reason", "what happened"), passed_on))
    return "\n".join([HEADER, INTRODUCTION, *sections, _events()])


def texts(words: type[enum.StrEnum]) -> dict[str, list[str]]:
    """Return the paragraphs below each word of an enum."""
    [body] = [
        node.body for node in ast.parse(inspect.getsource(words)).body if isinstance(node, ast.ClassDef)
    ]
    found = {}
    for pair in itertools.pairwise(body):
        match pair:
            case ast.Assign(value=ast.Constant(str(word))), ast.Expr(ast.Constant(str(said))):
                found[word] = said.split("\n\n")
    return {word: found[word] for word in words}


def posted(source: str) -> Iterator[str]:
    """Yield the reason of each Event that a module makes, or the name of the function that chooses it."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                match node:
                    case ast.Call(ast.Name("Notice") | ast.Attribute(attr="Notice")):
                        yield _reason(node) or function.name


def _reason(call: ast.Call) -> str | None:
    [given, *_] = [*call.args, *(each.value for each in call.keywords if each.arg == "reason")]
    match given:
        case ast.Constant(str(word)):
            return word
        case ast.Attribute(ast.Name("Trouble"), member):
            return reasons.Trouble[member]
    return None


def _events() -> str:
    found = {reason for file in OPERATOR.rglob("*.py") for reason in posted(file.read_text(encoding="utf-8"))}
    if unlisted := found ^ {*EVENTS, *COMPUTED}:
        raise ValueError(f"Events that have no text, or aren't made: {', '.join(sorted(unlisted))}")
    rows = {**dict(COMPUTED.values()), **{_quoted(word): text for word, text in EVENTS.items()}}
    return _table("Events", ("Event", "what it says"), {shown: [text] for shown, text in rows.items()})


def _quoted(words: str) -> str:
    return parts.code(words.split())


def _table(heading: str, columns: tuple[str, ...], rows: dict[str, list[str]]) -> str:
    """Return a table with a row for each word."""
    cells = [
        [word, *(" ".join(text.split()).removesuffix(".") for text in said)] for word, said in rows.items()
    ]
    return f"## {heading}\n\n{parts.table(columns, cells)}\n"
