"""What Argo CD and Flux make of a Formation at each stage of its life, by the rules that they go by."""

import dataclasses
import pathlib
from typing import Any

import celpy
import pytest
import yaml
from celpy.adapter import json_to_cel
from lupa import lua51

from formation_operator import naming, status
from formation_operator.counts import Count
from formation_operator.observed import Rollout
from formation_operator.status import Problem, Seen
from tests.builders import Manifest, a_formation, stored
from tests.unit.test_status import DONE, LATER, NOW, seen

GITOPS = pathlib.Path(__file__).resolve().parents[2] / "manifests" / "gitops"
LUA = (GITOPS / "argocd-health.lua").read_text()
PATCH = yaml.safe_load((GITOPS / "argocd-cm-patch.yaml").read_text())
FLUX = yaml.safe_load((GITOPS / "flux-kustomization.yaml").read_text())
(EXPRESSIONS,) = FLUX["spec"]["healthCheckExprs"]

# Argo CD opens only the base, package and table libraries, and an `os` of its own.
# Source: https://github.com/argoproj/argo-cd/blob/master/util/lua/lua.go
WITHHELD = ("coroutine", "debug", "io", "math", "os", "python", "string")

STARTING = dataclasses.replace(DONE, available=1, ready=1)
GONE = Rollout(current=True, serving=True)
ZERO = {"worker": Count(desired=0, rendered=0, remembered=2)}
THEIRS = {"worker": Count(desired=5, rendered=None, remembered=5)}
GROWING = dataclasses.replace(DONE, total=5, updated=5, available=3)
FOREIGN = Problem("web", "Foreign", "Service shop-web belongs to somebody else")


def at(world: Seen, generation: int = 3, **spec: Any) -> Manifest:
    """Return the Formation with the status that a pass reports for what it saw."""
    return {**stored(a_formation(**spec), generation=generation), "status": status.compute(world, {}, NOW)}


READY = at(seen())
STALLED = at(seen(problems=[FOREIGN]))
FRESH = {**stored(a_formation()), "status": {"observedGeneration": -1}}
DELETED = {**READY, "metadata": {**READY["metadata"], "deletionTimestamp": NOW}}
INVALID = {
    **stored(a_formation(), generation=4),
    "status": status.invalid(4, "spec.processes: wrong", READY["status"], LATER),
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
LIVING = {name: stage for name, stage in STAGES.items() if name != "being deleted"}


def argo_cd(formation: Manifest) -> dict[str, str]:
    """Return what Argo CD shows: the shipped script, run as Argo CD runs it."""
    lua = lua51.LuaRuntime()
    for library in WITHHELD:
        lua.globals()[library] = None
    lua.globals()["obj"] = lua.table_from(formation, recursive=True)
    return dict(lua.execute(LUA))


def condition(formation: Manifest, kind: str) -> str | None:
    """Return the status of a condition, or nothing where it isn't listed."""
    conditions = formation["status"].get("conditions") or []
    return next((item["status"] for item in conditions if item["type"] == kind), None)


def is_stale(formation: Manifest) -> bool:
    generation: int = formation["metadata"]["generation"]
    return bool(formation["status"].get("observedGeneration", generation) != generation)


def kstatus(formation: Manifest) -> str:
    """Return what kstatus says of a custom resource: the first of its documented rules that fits.

    Source: https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
    """
    if "deletionTimestamp" in formation["metadata"]:
        return "Terminating"
    if is_stale(formation):
        return "InProgress"
    for item in formation["status"].get("conditions") or []:
        if item["status"] == "True" and item["type"] in ("Reconciling", "Stalled"):
            return "InProgress" if item["type"] == "Reconciling" else "Failed"
    return "Current" if condition(formation, "Ready") in ("True", None) else "InProgress"


def holds(expression: str, formation: Manifest) -> bool:
    """Evaluate an expression of CEL whose variables are the fields of the object."""
    environment = celpy.Environment()
    program = environment.program(environment.compile(expression))
    return bool(program.evaluate({key: json_to_cel(value) for key, value in formation.items()}))


def flux(formation: Manifest) -> str:
    """Return what Flux makes of the shipped expressions, in the order that it asks.

    Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#health-check-expressions
    """
    if is_stale(formation):
        return "InProgress"
    for field, said in (("inProgress", "InProgress"), ("failed", "Failed"), ("current", "Current")):
        if holds(EXPRESSIONS[field], formation):
            return said
    return "InProgress"


@pytest.mark.parametrize(("formation", "health", "_"), STAGES.values(), ids=STAGES)
def test_argo_cd_shows_the_health_of_each_stage(formation: Manifest, health: str, _: str) -> None:
    assert argo_cd(formation)["status"] == health


@pytest.mark.parametrize(("formation", "_", "said"), STAGES.values(), ids=STAGES)
def test_kstatus_says_of_each_stage_what_it_is(formation: Manifest, _: str, said: str) -> None:
    assert kstatus(formation) == said


@pytest.mark.parametrize(("formation", "_", "said"), LIVING.values(), ids=LIVING)
def test_the_expressions_for_flux_say_what_kstatus_says(formation: Manifest, _: str, said: str) -> None:
    assert flux(formation) == said


@pytest.mark.parametrize(("formation", "_", "__"), STAGES.values(), ids=STAGES)
def test_argo_cd_always_has_a_sentence_to_show(formation: Manifest, _: str, __: str) -> None:
    assert argo_cd(formation)["message"]


def test_argo_cd_shows_what_stands_in_the_way() -> None:
    assert argo_cd(STALLED)["message"] == str(FOREIGN)


def test_the_patch_for_argo_cd_holds_the_script_word_for_word() -> None:
    assert PATCH["data"] == {f"resource.customizations.health.{naming.GROUP}_{naming.KIND}": LUA}


def test_the_expressions_for_flux_are_about_formations() -> None:
    assert (EXPRESSIONS["apiVersion"], EXPRESSIONS["kind"]) == (naming.API_VERSION, naming.KIND)
