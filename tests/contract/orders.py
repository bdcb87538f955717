"""Random orders of what somebody does to a Deployment and to a Job, and what is compared of the outcome."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from formation_operator.kube.objects import lenient
from formation_operator.kube.objects.kinds import BY_NAME, HPA
from formation_operator.kube.port import Object
from tests.unit.fakes.kubelet import NEVER, Process, ready_since

BEHAVIOURS = {
    "good": Process(),
    "late": Process(ready_after=3, grace=2),
    "never": Process(ready_after=None, grace=1),
    "crashing": Process(ready_after=None, ends_after=1),
    "done": Process(ends_after=1, exit_code=0),
    "failing": Process(ends_after=1),
}
SERVERS, RUNS = ["good", "good", "late", "never", "crashing"], ["done", "failing", "good"]
CASCADES = ["background", "orphan"]
SURGES, UNAVAILABLE = [0, 1, 2, "25%", "50%", "100%"], [1, "25%", "40%"]
NODE, NAME = "model", "web"
OF_PODS = ("updated", "ready", "available", "unavailable", "terminating")
FIGURES = {
    "Deployment": ["replicas", *(f"{each}Replicas" for each in OF_PODS)],
    "Job": ["active", "ready", "terminating", "succeeded", "failed"],
    HPA: ["currentReplicas", "desiredReplicas"],
}
Step = tuple[Any, ...]
"""The name of a request, and what it is about."""


def order(seed: int, length: int, *, patient: bool) -> list[list[Step]]:
    """Return steps, some of which consist of several requests.

    When an autoscaler looks, and what is refused is tried again, is left to chance. So without patience there
    are neither, and with a quota there is no rollout.
    """
    chance = random.Random(seed)
    first = a_deployment(chance)
    there = {image_of(first["spec"]["template"])}
    return [[("put", first)], *(_step(chance, there, patient) for _ in range(length - 1))]


def _step(chance: random.Random, there: set[str], patient: bool) -> list[Step]:
    """Return a step that makes sense with what is there, and note what is there then."""
    kinds = ["image"] * 3 + ["count"] * 2 + ["paused", "kill", "again", "Job"] + [HPA] * patient
    if "quota" in there:
        kinds = ["count", "quota"]
    elif patient and there <= {"good", "late"}:
        kinds += ["quota"] * 4
    kind, draw = chance.choice(kinds), chance.randint
    comes, least = kind not in there, draw(1, 4)
    bounds = {"minReplicas": least, "maxReplicas": least + draw(0, 2)}
    deployment, target = ("Deployment", NAME), {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME}
    if kind == HPA and not comes and draw(0, 1):
        return [("merge", HPA, NAME, {"spec": bounds})]
    another, again = chance.choice(SERVERS), a_deployment(chance)
    if kind in ("image", "again"):
        there -= {*SERVERS}
        there.add(another if kind == "image" else image_of(again["spec"]["template"]))
    elif kind in ("paused", "quota", "Job", HPA):
        there ^= {kind}
    choices: dict[str, list[Step]] = {
        "image": [("merge", *deployment, {"spec": {"template": a_template(another)}})],
        "count": [("merge", *deployment, {"spec": {"replicas": draw(0, 8)}})],
        "paused": [("merge", *deployment, {"spec": {"paused": comes}})],
        "kill": [("kill",)],
        "again": [("delete", *deployment, chance.choice(CASCADES)), ("put", again)],
        "quota": [("quota", draw(0, 6) if comes else None)],
        "Job": [("put", a_job(chance)) if comes else ("delete", "Job", NAME, "foreground")],
        HPA: [("put", an_object(HPA, {"scaleTargetRef": target, **bounds}))],
    }
    return choices[kind] if comes or kind != HPA else [("delete", HPA, NAME, "background")]


def an_object(kind: str, spec: Object) -> Object:
    return {"apiVersion": BY_NAME[kind].api_version, "kind": kind, "metadata": {"name": NAME}, "spec": spec}


def a_template(image: str, **spec: Any) -> Object:
    """Return a Pod template for a node that doesn't say that it is there."""
    about = {"nodeName": NODE, "tolerations": [{"operator": "Exists"}], **spec}
    pod = {**about, "containers": [{"name": "process", "image": image}]}
    return {"metadata": {"labels": {} if spec else {"app": NAME}}, "spec": pod}


def a_deployment(chance: random.Random) -> Object:
    bounds = {"maxSurge": chance.choice(SURGES), "maxUnavailable": chance.choice(UNAVAILABLE)}
    ready = chance.randint(0, 2)
    fields = {
        "replicas": chance.randint(0, 6),
        "strategy": chance.choice(
            [{"type": "Recreate"}, {"type": "RollingUpdate"}, {"rollingUpdate": bounds}]
        ),
        "minReadySeconds": ready,
        "progressDeadlineSeconds": chance.choice([ready + 2, 6, 600, 2**31 - 1]),
        "revisionHistoryLimit": chance.choice([0, 1, 10]),
        "selector": {"matchLabels": {"app": NAME}},
        "template": a_template(chance.choice(SERVERS)),
    }
    return an_object("Deployment", fields)


def a_job(chance: random.Random) -> Object:
    limits = chance.choice([{}, {"activeDeadlineSeconds": 8}]) | chance.choice(
        [{}, {"podReplacementPolicy": "Failed"}]
    )
    template = a_template(chance.choice(RUNS), restartPolicy="Never")
    return an_object("Job", {"backoffLimit": chance.randint(0, 1), **limits, "template": template})


def facts(there: Callable[[str], list[Object]]) -> Object:
    """Return what has become of the objects of each kind, by the function that returns these."""
    sets = Counter(
        f"{image_of(raw['spec']['template'])} {raw['spec']['replicas']}" for raw in there("ReplicaSet")
    )
    pods = Counter(
        f"{image_of(raw)} {raw['status']['phase']} {ready_since(raw) < NEVER}" for raw in there("Pod")
    )
    found: Object = {"sets": dict(sets), "pods": dict(pods)}
    for raw in (raw for kind in FIGURES for raw in there(kind)):
        status = raw.get("status", {})
        said = sorted(
            f"{each['type']} {each['status']} {each['reason']}"
            for each in lenient.items(status, "conditions")
        )
        figures = {name: status[name] for name in FIGURES[raw["kind"]] if status.get(name)}
        found[raw["kind"]] = {"conditions": said, "count": raw["spec"].get("replicas"), **figures}
    return found


def image_of(raw: Object) -> str:
    return str(raw["spec"]["containers"][0]["image"])
