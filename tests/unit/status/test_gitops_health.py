"""What Argo CD and Flux make of a Formation at each stage of its life, by the rules that they go by."""

import dataclasses
from typing import Any

import pytest

from formation_operator.api import naming
from formation_operator.api.reasons import Trouble
from formation_operator.observe.faults import Problem
from formation_operator.observe.rollouts import DeploymentStatus
from formation_operator.replicas.count_owner import Replicas
from formation_operator.status import compute
from formation_operator.status.observation import Observation
from tests.shared.builders import Manifest, a_formation, stored
from tests.shared.health_checks import EXPRESSIONS, LUA, PATCH, argo_cd, flux, kstatus
from tests.unit.facts import DONE, LATER, NOW, seen, status_of

STARTING = dataclasses.replace(DONE, available=1, ready=1)
GONE = DeploymentStatus(current=True, serving=True)
ZERO = {"worker": Replicas(desired=0, rendered=0, remembered=2)}
THEIRS = {"worker": Replicas(desired=5, rendered=None, remembered=5)}
GROWING = dataclasses.replace(DONE, total=5, updated=5, available=3)
RELEASING = Problem("", Trouble.RELEASING, "the release command runs in Job shop-release-a", lasting=False)
RELEASE_FAILED = Problem("", Trouble.RELEASE_FAILED, "the release command has failed: exited with code 1")
RELEASE_HELD = Problem("", Trouble.RELEASE_HELD, "it starts once spec.suspend is false", lasting=False)
FOREIGN = Problem("web", "Foreign", "Service shop-web belongs to somebody else")


def at(world: Observation, generation: int = 3, **spec: Any) -> Manifest:
    """Return the Formation with the status that a pass reports for what it saw."""
    return {**stored(a_formation(**spec), generation=generation), "status": status_of(world, {}, NOW)}


READY = at(seen())
STALLED = at(seen(problems=[FOREIGN]))
FRESH = {**stored(a_formation()), "status": {"observedGeneration": -1}}
DELETED = {**READY, "metadata": {**READY["metadata"], "deletionTimestamp": NOW}}
INVALID = {
    **stored(a_formation(), generation=4),
    "status": compute.stalled(4, Problem("", "InvalidSpec", "wrong"), READY["status"], LATER),
}

# Each stage, what Argo CD shows, and what kstatus says.
STAGES = {
    "fresh": (FRESH, "Progressing", "InProgress"),
    "rolling out": (at(seen(STARTING)), "Progressing", "InProgress"),
    "ready": (READY, "Healthy", "Current"),
    "growing by an autoscaler": (at(seen(GROWING, counts=THEIRS)), "Healthy", "Current"),
    "stalled": (STALLED, "Degraded", "Failed"),
    "stalled while suspended": (
        at(seen(GONE, counts=ZERO, problems=[FOREIGN]), suspend=True),
        "Degraded",
        "Failed",
    ),
    "releasing beside what was released before": (
        at(seen(problems=[RELEASING])),
        "Progressing",
        "InProgress",
    ),
    "its release has failed": (at(seen(problems=[RELEASE_FAILED])), "Degraded", "Failed"),
    "its release waits while it is suspended": (
        at(seen(GONE, counts=ZERO, problems=[RELEASE_HELD]), suspend=True),
        "Progressing",
        "InProgress",
    ),
    "a spec that can't be read": (INVALID, "Degraded", "Failed"),
    "ready for an older spec": (at(seen(), generation=4), "Progressing", "InProgress"),
    "stalled for an older spec": (at(seen(problems=[FOREIGN]), generation=4), "Progressing", "InProgress"),
    "suspending": (at(seen(counts=ZERO), suspend=True), "Progressing", "InProgress"),
    "suspended": (at(seen(GONE, counts=ZERO), suspend=True), "Suspended", "Current"),
    "resuming": (at(seen(GONE)), "Progressing", "InProgress"),
    "paused": (at(seen(paused=True), paused=True), "Suspended", "Current"),
    "paused and behind its spec": (at(seen(STARTING, paused=True), paused=True), "Suspended", "InProgress"),
    "being deleted": (DELETED, "Progressing", "Terminating"),
}


@pytest.mark.parametrize(("formation", "health", "said"), STAGES.values(), ids=STAGES)
def test_each_stage_is_shown_as_what_it_is_with_a_sentence(
    formation: Manifest, health: str, said: str
) -> None:
    shown = argo_cd(formation)
    assert (shown["status"], kstatus(formation)) == (health, said)
    assert shown["message"]
    if formation is not DELETED:
        assert flux(formation) == said


def test_argo_cd_shows_what_stands_in_the_way() -> None:
    assert argo_cd(STALLED)["message"] == str(FOREIGN)


def test_the_patch_for_argo_cd_holds_the_script_word_for_word() -> None:
    assert PATCH["data"][f"resource.customizations.health.{naming.GROUP}_{naming.KIND}"] == LUA


def test_the_expressions_for_flux_are_about_formations() -> None:
    assert (EXPRESSIONS["apiVersion"], EXPRESSIONS["kind"]) == (naming.API_VERSION, naming.KIND)
