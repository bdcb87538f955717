"""Put environment variables over others, so that what they refer to stays above them.

Kubernetes resolves ``$(NAME)`` from top to bottom and leaves a reference to what comes later as it is
written.  A variable that overrides another takes its place, so that the ones below still find it; what
it refers to itself has to move in front of it.
Source: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.37/#envvar-v1-core
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Variable = dict[str, Any]

# `$$` is a dollar sign, so `$$(NAME)` refers to nothing. What has no end takes the rest: searched for at each
# beginning, that would take long.
REFERENCE = re.compile(r"\$\$|\$\((?:([^)]*)\)|.*)", re.DOTALL)


def combined(base: Iterable[Variable], overlay: Iterable[Variable]) -> list[Variable]:
    """Return the variables of both, each name once, with the overlay's where both have one.

    Each stays below all that its author could refer to, which is what was declared before it.
    """
    variables: dict[str, Variable] = {}
    overriding: set[str] = set()
    declared: dict[str, int] = {}
    """How many names there were when the variable was declared that counts, itself among them."""
    for item in (*base, *overlay):
        name = item["name"]
        if name in variables:
            overriding.add(name)
        variables[name] = item
        declared[name] = len(variables)
    places = {name: place for place, name in enumerate(variables)}

    def needs(name: str) -> list[str]:
        variable = variables[name]
        return [each for each in references(variable) if places.get(each, math.inf) < declared[name]]

    return [variables[name] for name in _sorted(variables, overriding, needs)]


def references(variable: Variable) -> list[str]:
    """Return the names that a variable's value refers to, each once, in their order."""
    return [name for name in dict.fromkeys(REFERENCE.findall(variable.get("value") or "")) if name]


def _sorted(names: Iterable[str], overriding: set[str], needs: Callable[[str], Sequence[str]]) -> list[str]:
    """Return the names in their order, but each after those that it needs, as far as that is possible.

    Only an overriding one, and what moves up for it, may need what comes later. The references of all
    others, which may be large and many, are never parsed.
    """
    done: dict[str, None] = {}
    visited: set[str] = set()
    moving = set(overriding)
    waiting = [*names][::-1]
    while waiting:
        name = waiting[-1]
        if name in visited:  # what it needs was above it
            done.setdefault(waiting.pop())
            continue
        visited.add(name)
        if name in moving:
            # A visited name isn't waited for: it may need itself, directly or through others.
            needed = [each for each in reversed(needs(name)) if each not in visited]
            moving.update(needed)
            waiting += needed
    return list(done)
