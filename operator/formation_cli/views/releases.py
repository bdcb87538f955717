"""What a deploy has to pass before it changes processes: how far its release command is, and its canaries."""

import importlib
from collections.abc import Iterable

from formation_cli.objects import JOB_LABEL, Object
from formation_cli.views import formations, pod_state
from formation_cli.views.table import Cell, ago, state
from formation_operator.api import content as contents
from formation_operator.api import naming
from formation_operator.api.reasons import CanaryState, ConditionType, ReleaseState, State
from formation_operator.kube.objects import lenient, timestamps

NONE = (
    "{} has no release command. spec.release.command names one that runs before a deploy changes any "
    "process: kubectl explain formation.spec.release"
)
RETRIED = "a new try"
FAILURES = ("Failed", "FailureTarget")
"""The conditions of a Job that has failed: the second is there before its Pods are gone."""


def is_declared(formation: Object) -> bool:
    """Tell whether a Formation has a release command."""
    return lenient.mapping(formation, "spec").get("release") is not None


def status(formation: Object) -> Object:
    """Return what is known of the release for the spec as it is now; nothing where none is declared."""
    reported = formations.condition(formation, ConditionType.READY)
    return lenient.mapping(formation, "status", "release") if reported and is_declared(formation) else {}


def command(formation: Object) -> list[str]:
    """Return what `run` takes to run the release command; without words of its own it is the image's."""
    release = lenient.mapping(formation, "spec", "release")
    words, more = (map(str, release.get(each) or ()) for each in ("command", "args"))
    return [*(() if release.get("command") else ("--args",)), "--", *words, *more]


def is_given_another(before: Object, after: Object) -> bool:
    """Tell whether a spec has a release command that is given something else than with the one before."""
    return after.get("release") is not None and _key(before) != _key(after)


def is_gated(formation: Object) -> bool:
    """Tell whether the spec as it is now isn't rolled out yet because of its release."""
    waits = status(formation).get("state") not in (None, ReleaseState.SUCCEEDED)
    return waits and not formation["spec"].get("paused")  # then the status is that of before


def is_over(formation: Object) -> bool:
    """Tell whether nothing more comes of the release by itself."""
    known = status(formation)
    under_way = known.get("state") in (ReleaseState.RUNNING, ReleaseState.WAITING)
    return not is_declared(formation) or (bool(known) and not under_way)


def canary(formation: Object) -> Object:
    """Return what is known of the canaries of the spec as it is now; nothing while none is tried."""
    reported = formations.condition(formation, ConditionType.READY) and not formation["spec"].get("paused")
    return lenient.mapping(formation, "status", naming.CANARY) if reported else {}


def on_trial(formation: Object) -> Object:
    """Return a Formation whose canaries are tried again as if they hadn't failed before."""
    known = canary(formation)
    if not known:
        return formation
    said = {**known, "state": CanaryState.TRYING, "message": RETRIED}
    return {**formation, "status": {**formation["status"], naming.CANARY: said}}


def gate(formation: Object) -> Object:
    """Return what is known of what the spec as it is now has to pass next, if it isn't rolled out yet."""
    return status(formation) if is_gated(formation) else canary(formation)


def about_gate(formation: Object) -> Object:
    """Return the condition Ready, if it is about the gate first of all.

    What is wrong with processes of the version before is no reason: often the deploy is to mend it.
    """
    said, ready = (
        lenient.text(gate(formation), "message"),
        formations.condition(formation, ConditionType.READY),
    )
    return ready if said and lenient.text(ready, "message").startswith(said) else {}


def is_stalled(formation: Object) -> bool:
    """Tell whether it is the gate that the Formation is stalled by."""
    return formations.is_true(formation, ConditionType.STALLED) and bool(about_gate(formation))


def pods(formation: Object, found: Iterable[Object], since: float = 0.0) -> list[Object]:
    """Return the Pods of the release's Job; when it is over, only those that were made ``since`` a time."""
    job, late = lenient.text(status(formation), "job"), 0.0 if is_gated(formation) else since
    return [
        each
        for each in found
        if job and lenient.mapping(each["metadata"], "labels").get(JOB_LABEL) == job
        if (timestamps.epoch(each["metadata"]["creationTimestamp"]) or 0.0) >= late
    ]


def running_jobs(found: Iterable[Object]) -> list[str]:
    """Return the names of the Jobs whose Pods run a release command, and aren't being ended."""
    labels = (
        lenient.mapping(each, "metadata", "labels")
        for each in found
        if pod_state.is_running(each) and "deletionTimestamp" not in each["metadata"]
    )
    jobs = (lenient.text(each, JOB_LABEL) for each in labels if naming.RELEASE_LABEL in each)
    return sorted({each for each in jobs if each})


def is_of_another(job: Object, formation: Object) -> bool:
    """Tell whether a Formation's Job releases a content that it doesn't declare now.

    As the operator sees it, a Job that is given the same releases what is declared, unless that runs already.
    """
    metadata, spec = job["metadata"], formation["spec"]
    if lenient.controller(metadata).get("uid") != formation["metadata"]["uid"]:
        return False
    declared = contents.digest_of(contents.content_of(spec))
    if lenient.text(lenient.mapping(metadata, "labels"), naming.RELEASE_LABEL) == declared:
        return False
    rolled_out = lenient.text(lenient.mapping(formation, "status", "revision"), "name")
    key = lenient.text(lenient.mapping(metadata, "annotations"), naming.RELEASE_KEY_ANNOTATION)
    return contents.digest_in(rolled_out) == declared or key != _key(spec)


def has_failed(job: Object) -> bool:
    """Tell whether a Job has failed, even if a Pod of it is still there."""
    conditions = lenient.items(lenient.mapping(job, "status"), "conditions")
    return any(each.get("type") in FAILURES and each.get("status") == "True" for each in conditions)


def _key(spec: Object) -> str:
    """Return what names that which a release of a spec is given; it is rarely needed, and takes long."""
    return str(importlib.import_module("formation_cli.views.release_keys").key(spec))


def sentence(formation: Object, now: float) -> str:
    """Return how far the release is, in a sentence."""
    known, name = status(formation), formation["metadata"]["name"]
    if not known:
        return formations.sentence(formation)
    job, ended = lenient.text(known, "job"), ago(lenient.text(known, "finishedAt"), now)
    done = f"has succeeded in Job {job}, {ended} ago" if job else "has nothing to do for the running content"
    return f"{name}: {lenient.text(known, 'message') or f'the release command {done}'}"


def row(formation: Object, pods: Iterable[Object]) -> tuple[Cell, ...]:
    """Return the row of the gate for anyone who waits for it, given the Pods of the release."""
    known, name = gate(formation), naming.RELEASE if is_gated(formation) else naming.CANARY
    word, message = (lenient.text(known, each) for each in ("state", "message"))
    if word == ReleaseState.RUNNING and not any(map(pod_state.has_started, pods)):
        word = State.STARTING
    return Cell(name, "bold"), Cell("-"), Cell("-"), state(word), Cell(message or "-")
