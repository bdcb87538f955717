"""Put environment variables over others, so that what they refer to stays above them.

Kubernetes resolves ``$(NAME)`` from top to bottom and leaves a reference to what comes later as it is
written.  A variable that overrides another takes its place, so that the ones below still find it; what
it refers to itself has to move in front of it.
Source: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.37/#envvar-v1-core
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Variable = dict[str, Any]

# `$$` is a dollar sign, so `$$(NAME)` refers to nothing. What has no end takes the rest: searched for at each
# beginning, that would take long.
REFERENCE = re.compile(r"\$\$|\$\((?:([^)]*)\)|.*)", re.DOTALL)


def combined(base: Iterable[Variable], overlay: Iterable[Variable]) -> list[Variable]:
    """Return the variables of both, each name once, with the overlay's where both have one.

    What the author of a variable could refer to, all that was declared before it, is above it.
    """
    variables: dict[str, Variable] = {}
    needs: dict[str, list[str]] = {}
    for item in (*base, *overlay):
        variables[item["name"]] = item
        needs[item["name"]] = [name for name in references(item) if name in variables]
    return [variables[name] for name in _sorted(variables, needs)]


def references(variable: Variable) -> list[str]:
    """Return the names that a variable's value refers to, in their order."""
    return [name for name in REFERENCE.findall(variable.get("value") or "") if name]


def _sorted(names: Iterable[str], needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names in their order, but each after those that it needs, as far as that is possible."""
    done: dict[str, None] = {}
    begun: set[str] = set()
    waiting = [*names][::-1]
    while waiting:
        name = waiting[-1]
        if name in begun:  # what it needs was above it
            done.setdefault(waiting.pop())
        else:
            begun.add(name)
            # What has begun isn't waited for: a name may need itself, directly or through others.
            waiting += [needed for needed in reversed(needs[name]) if needed not in begun]
    return list(done)
