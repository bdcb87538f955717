"""Formations made at random of what the rules look at: most are refused, and many for several reasons."""

import random
import re
from typing import Any

from formation_operator.api import naming
from tests.builders import Manifest, a_formation

NAMES = ("shop", "1s", "a.b", "x")
TYPES = (
    "web",
    "worker",
    naming.PROCESS_CONTAINER,
    "Bad",
    "release",
    "run",
    "a1",
    "-",
    *("x" * n for n in (40, 41, 42)),
)
CONTAINERS = (naming.PROCESS_CONTAINER, "web", "worker", "proxy")
T = f"({'|'.join(TYPES)})"
CHANCE = [
    (rf"process type {T}: set spec.image, or spec.processes.{T}.image", "process type t"),
    (
        rf"'{T}'(: a container| can't be the name of a process type: use|, like the process| has already)",
        r"'t'\2",
    ),
    (rf"'{T}' and another process type both leave out.*", "two process types both leave out"),
    (rf"({'|'.join(NAMES)})-{T} has more", "t has more"),
]
"""Of several types that are wrong, which one a message names is chance: the order of a map in Go."""


def formations(number: int, seed: int) -> list[Manifest]:
    """Return so many Formations, the same for the same seed."""
    chance = random.Random(seed)
    return [[formation, probed][index % 2](chance) for index in range(number)]


def said(messages: list[str]) -> set[str]:
    """Return messages without what is chance in them."""
    for pattern, plain in CHANCE:
        messages = [re.sub(pattern, plain, message) for message in messages]
    return set(messages)


def formation(chance: random.Random) -> Manifest:
    """Return a Formation of a few types."""
    names = chance.sample(TYPES, chance.randint(1, 4))
    found = a_formation(chance.choice(NAMES), processes={name: process(chance) for name in names})
    found["spec"] |= some(chance, podTemplate=[pod(chance)])
    return found if chance.random() < 0.7 else {**found, "spec": {**found["spec"], "image": "i"}}


def probed(chance: random.Random) -> Manifest:
    """Return a Formation with a probe of a port, a name mostly."""
    found = a_formation()
    letters = "".join(
        chance.choice("ab08-" * 3 + "B_") for _ in range(chance.choice([0, 1, 2, 3, 4, 6, 15, 16]))
    )
    how, port = chance.choice(["httpGet", "tcpSocket"]), chance.choice([letters, letters, letters, 0, 8080])
    found["spec"]["processes"]["worker"]["livenessProbe"] = {how: {"port": port}}
    return found


def process(chance: random.Random) -> Manifest:
    """Return a process type."""
    return some(
        chance,
        command=[["x"], [""], ["x", "y"]],
        args=[[], ["x"]],
        image=["i"],
        replicas=[0, 1, 2],
        singleton=[True, False],
        rollingUpdate=[{}, {"maxSurge": 1}, {"maxSurge": 0, "maxUnavailable": 0}],
        service=[True, False],
        port=[80, 81],
        podTemplate=[pod(chance)],
    )


def pod(chance: random.Random) -> Manifest:
    """Return a podTemplate."""
    containers = {
        kind: [container(chance, name) for name in chance.sample(CONTAINERS, chance.randint(0, 3))]
        for kind in ("containers", "initContainers")
    }
    return chance.choice(
        [{}, {"spec": {}}, *({"spec": some(chance, **{k: [v] for k, v in containers.items()})},) * 4]
    )


def container(chance: random.Random, name: str) -> Manifest:
    """Return a container of a podTemplate."""
    port = {"containerPort": chance.choice([80, 81])}
    port |= some(chance, name=["http", "metrics"], protocol=["TCP", "UDP", ""])
    return {"name": name, **some(chance, image=["i"], command=[["x"]], args=[["x"]], ports=[[port]])}


def some(chance: random.Random, **choices: list[Any]) -> Manifest:
    """Return about half of the fields, each with one of its values."""
    return {field: chance.choice(values) for field, values in choices.items() if chance.random() < 0.5}
