"""One Formation and its objects: that of the README, and what the operator's own code makes of it."""

import json
import pathlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from crds.generate.pictures.canvas import LINE, SMALL, WIDTH, Picture
from formation_operator.api.formation import Formation
from formation_operator.controller import parsing
from formation_operator.render import cron_job, disruption, intents, release_job
from formation_operator.replicas import count_owner

README = pathlib.Path(__file__).parents[3] / "README.md"
LEFT, MIDDLE, RIGHT, TOP = 14, 164, 206, 38
ROW, GAP = 40, 12
DEPLOY = "each deploy"
"""What isn't written into the Formation, but happens to it."""
SHOWN = ("replicas", "port", "singleton", "disruptionBudget", "schedule")


class Part(NamedTuple):
    """A part of the Formation, and what is made of it."""

    name: str
    says: list[str]
    made: list[tuple[str, str, int]]
    """Kind, name and number of processes."""


def picture() -> Picture:
    """Draw the parts on the left, and their objects on the right."""
    raw = shown()
    every = [*parts(raw)]
    named = "; ".join(f"{each.name}: {', '.join(' '.join(made[:2]) for made in each.made)}" for each in every)
    drawn = Picture(
        "objects", "One Formation and its objects", f"The Formation shop, and what is made of it. {named}."
    )
    drawn.words((LEFT, 24), "What you write", "ink strong")
    drawn.words((RIGHT, 24), "The operator makes", "ink strong")
    top: float = TOP
    for part in every:
        if part.name == DEPLOY:
            drawn.box((LEFT - 6, TOP - 6), (MIDDLE - LEFT + 12, top - GAP - TOP + 12), "none", "old")
            top += GAP
        top = _part(drawn, part, top)
    drawn.dot(LEFT + 3, top + 10, "new")
    drawn.words((LEFT + 14, top + 14), "a process: one Pod that the Deployment runs", "dim", size=SMALL)
    return drawn.end(top + 28)


def _part(drawn: Picture, part: Part, top: float) -> float:
    """Draw a part with its objects, and return where the next one begins."""
    height = max(len(part.made) * ROW - 6, LINE * (len(part.says) + 1) + 10)
    drawn.box((LEFT, top), (MIDDLE - LEFT, height), "band")
    drawn.words((LEFT + 8, top + 16), part.name, "ink strong")
    drawn.lines((LEFT + 8, top + 16 + LINE), part.says)
    for number, (kind, name, processes) in enumerate(part.made):
        y = top + number * ROW
        drawn.arrow((MIDDLE, top + 17), (MIDDLE + 18, top + 17), (MIDDLE + 18, y + 17), (RIGHT - 2, y + 17))
        drawn.box((RIGHT, y), (WIDTH - RIGHT - 12, ROW - 6), "page", "edge")
        drawn.words((RIGHT + 8, y + 14), kind, "dim", size=SMALL)
        drawn.words((RIGHT + 8, y + 28), name, "ink", size=SMALL)
        for process in range(processes):
            drawn.dot(WIDTH - 24 - 12 * process, y + 10, "new")
    return top + height + GAP


def shown() -> dict[str, Any]:
    """Return the Formation that the README shows."""
    block = README.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    return dict(yaml.safe_load(block))


def parts(raw: dict[str, Any]) -> Iterator[Part]:
    """Yield each part of a Formation that something is made of."""
    known = {"namespace": "shop", "uid": "uid", "generation": 1, "resourceVersion": "1"}
    formation = parsing.parse({**raw, "metadata": {**known, **raw["metadata"]}})
    spec = raw["spec"]
    yield Part("release", ["before each deploy"], [_release(formation)])
    for name in formation.spec.processes:
        yield Part(name, _says(spec["processes"][name]), [*_of_type(formation, name)])
    for name in formation.spec.schedules or ():
        suspend = formation.spec.suspends(name)
        made = cron_job.cron_job(formation.metadata, formation.spec, name, suspend=suspend)
        yield Part(name, _says(spec["schedules"][name]), [(made.kind, made.name, 0)])
    yield Part(DEPLOY, ["all but the counts"], [("ControllerRevision", "a revision to go back to", 0)])


def _release(formation: Formation) -> tuple[str, str, int]:
    job = release_job.job(formation.metadata, formation.spec, "<digest>", "key")
    return job["kind"], job["metadata"]["name"], 0


def _of_type(formation: Formation, name: str) -> Iterator[tuple[str, str, int]]:
    """Yield what a process type has."""
    spec = formation.spec
    count = count_owner.decide(spec.processes[name], None, suspended=bool(spec.suspend))
    budget = disruption.declared(spec, spec).get(name)
    for each in intents.children(formation.metadata, spec, name, count, budget):
        yield each.kind, each.name, count.desired if each.kind == "Deployment" else 0


def _says(part: dict[str, Any]) -> list[str]:
    return [f"{key}: {json.dumps(part[key])}" for key in SHOWN if key in part]
