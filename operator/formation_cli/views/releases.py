"""The release of a Formation: how far its command is, and which Pods run it."""

from collections.abc import Iterable
from typing import Any

from formation_cli.naming import JOB_LABEL
from formation_cli.views import formations, times
from formation_cli.views.table import Cell, state
from formation_operator.api import content, naming
from formation_operator.api.reasons import ConditionType, ReleaseState, Trouble
from formation_operator.kube.objects import lenient, timestamps

Object = dict[str, Any]
WORDS = {
    ReleaseState.RUNNING: "runs",
    ReleaseState.SUCCEEDED: "has succeeded",
    ReleaseState.FAILED: "has failed",
    ReleaseState.HELD: "isn't started while the Formation is stopped",
    ReleaseState.WAITING: "waits",
}
NONE = (
    "{} has no release command. spec.release.command names one that runs before a deploy changes any "
    "process: kubectl explain formation.spec.release"
)


def is_declared(formation: Object) -> bool:
    """Tell whether a Formation has a release command."""
    return bool(lenient.mapping(formation, "spec").get("release"))


def status(formation: Object) -> Object:
    """Return what is known of the release for the spec as it is now; nothing where none is declared."""
    reported = formations.condition(formation, ConditionType.READY)
    return lenient.mapping(formation, "status", "release") if reported and is_declared(formation) else {}


def is_gated(formation: Object) -> bool:
    """Tell whether the spec as it is now isn't rolled out yet because of its release."""
    return lenient.text(status(formation), "state") not in ("", ReleaseState.SUCCEEDED)


def is_over(formation: Object) -> bool:
    """Tell whether nothing more comes of the release by itself."""
    if not is_declared(formation):
        return True
    goes_on = lenient.text(status(formation), "state") in (ReleaseState.RUNNING, ReleaseState.WAITING)
    return bool(formations.condition(formation, ConditionType.READY)) and not goes_on


def failure(formation: Object) -> str:
    """Return why waiting for a release can't help; empty if it may."""
    ready, stalled = (
        formations.condition(formation, each) for each in (ConditionType.READY, ConditionType.STALLED)
    )
    if stalled.get("status") == "True":
        return lenient.text(stalled, "message")
    failed = ready.get("reason") == Trouble.RELEASE_FAILED
    return lenient.text(ready, "message") if failed else ""


def pods(formation: Object, found: Iterable[Object], since: float | None = None) -> list[Object]:
    """Return the Pods of the release's Job; with a time, those from before it only while it is under way."""
    job = lenient.text(status(formation), "job")
    late = None if since is None or is_gated(formation) else since
    return [
        each
        for each in found
        if job and lenient.mapping(each["metadata"], "labels").get(JOB_LABEL) == job
        if late is None or (timestamps.epoch(each["metadata"]["creationTimestamp"]) or 0.0) >= late
    ]


def sentence(formation: Object, now: float) -> str:
    """Return how far the release is, in a sentence."""
    known, name = status(formation), formation["metadata"]["name"]
    word, job = (lenient.text(known, each) for each in ("state", "job"))
    if not formations.condition(formation, ConditionType.READY):
        return formations.sentence(formation)
    if word not in WORDS:
        return f"{name}: the release command hasn't run, because nothing has asked for it yet"
    began, ended = (times.ago(lenient.text(known, each), now) for each in ("startedAt", "finishedAt"))
    when = f", {ended} ago" if ended else f", since {began}" if began and word == ReleaseState.RUNNING else ""
    earlier = " (of an earlier change)" if _is_earlier(formation, known) else ""
    message = ": ".join(["", *filter(None, [lenient.text(known, "message")])])
    which = f", job/{job}" if job else ""
    return f"{name}: the release command {WORDS[ReleaseState(word)]}{when}{which}{earlier}{message}"


def _is_earlier(formation: Object, known: Object) -> bool:
    running = lenient.text(known, "running") if known.get("state") == ReleaseState.RUNNING else ""
    return running not in ("", content.digest_of(content.content_of(formation["spec"])))


def rows(formation: Object) -> list[tuple[Cell, ...]]:
    """Return the row of a release for anyone who waits for a deploy, until the types may be rolled out."""
    known = status(formation)
    message = lenient.text(known, "message") or lenient.text(known, "job")
    cells = Cell(naming.RELEASE, "bold"), Cell("-"), Cell("-"), state(lenient.text(known, "state"))
    return [(*cells, Cell(message or "-"))] if is_gated(formation) else []
