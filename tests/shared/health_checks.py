"""What Argo CD, Flux and kstatus make of a Formation, by their own rules and with what we ship for them."""

import pathlib
from typing import Any

import celpy
import yaml
from celpy.adapter import json_to_cel
from lupa import lua51

from tests.shared.builders import Manifest

GITOPS = pathlib.Path(__file__).resolve().parents[2] / "manifests" / "gitops"
LUA = (GITOPS / "argocd-health.lua").read_text()
PATCH = yaml.safe_load((GITOPS / "argocd-cm-patch.yaml").read_text())
ACTIONS = yaml.safe_load(PATCH["data"]["resource.customizations.actions.formations.dev_Formation"])
FLUX = yaml.safe_load((GITOPS / "flux-kustomization.yaml").read_text())
(EXPRESSIONS,) = FLUX["spec"]["healthCheckExprs"]

# Argo CD opens only the base, package and table libraries, and an `os` of its own.
# Source: https://github.com/argoproj/argo-cd/blob/master/util/lua/lua.go
WITHHELD = ("coroutine", "debug", "io", "math", "os", "python", "string")


def argo_cd(formation: Manifest) -> dict[str, str]:
    """Return what Argo CD shows: the shipped script, run as Argo CD runs it."""
    shown: dict[str, str] = run(LUA, formation)
    return shown


def run(script: str, formation: Manifest, **parameters: str) -> Any:
    """Return what a script makes of a Formation, run as Argo CD runs it."""
    lua = lua51.LuaRuntime()
    for library in WITHHELD:
        lua.globals()[library] = None
    lua.globals()["obj"] = lua.table_from(formation, recursive=True)
    lua.globals()["actionParams"] = lua.table_from(parameters)
    return plain(lua.execute(script))


def plain(value: Any) -> Any:
    """Return a table of Lua as the map or the list that it stands for; a list has keys from 1 on."""
    if lua51.lua_type(value) != "table":
        return value
    inside = {key: plain(each) for key, each in value.items()}
    return [*inside.values()] if 1 in inside else inside


def offered(formation: Manifest) -> set[str]:
    """Return the actions that Argo CD offers for a Formation: those that aren't disabled."""
    listed = run(ACTIONS["discovery.lua"], formation)
    return {name for name, each in listed.items() if not each.get("disabled")}


def act(formation: Manifest, action: str, **parameters: str) -> Manifest:
    """Return the Formation that Argo CD writes after an action; raises `lua51.LuaError` if it refuses."""
    (script,) = (each["action.lua"] for each in ACTIONS["definitions"] if each["name"] == action)
    changed: Manifest = run(script, formation, **parameters)
    return changed


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
