"""Pods that say of themselves what no Pod should."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.shared.builders import Manifest, a_container, a_pod, ago, condition, ended, waiting

CRASHED = a_container(
    waiting("CrashLoopBackOff", "back-off 10s restarting failed container"),
    last=ended(3, "no database\n", ran=60, before=20),
    restarts=2,
    resources={"limits": {"memory": "64Mi"}},
    command=["serve"],
    args=["-v"],
    livenessProbe={"exec": {"command": ["true"]}},
    lifecycle={"postStart": {"sleep": {"seconds": 1}}},
)
MIGRATED = a_container(ended(0), "migrate", ready=True)
WHOLE = a_pod(
    CRASHED,
    init=(MIGRATED,),
    conditions=(
        condition("PodScheduled", status=False, reason="x", message="y"),
        condition("Ready", status=False),
    ),
    status={"phase": "Failed", "reason": "Evicted", "message": "z", "startTime": ago(9)},
)
IDENTITY = {("metadata", key) for key in ("name", "namespace", "uid", "resourceVersion")}
TIMES = [
    "",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-13-40T99:00:00Z",
    "yesterday",
    "2026-01-01",
]
MEAN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(TIMES),
    st.just([]),
    st.just({}),
    st.lists(st.none() | st.text(), max_size=2),
    st.dictionaries(st.sampled_from(["name", "type", "reason", "state"]), st.none() | st.text(), max_size=2),
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in an object, but for what makes it that object."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        path = (*before, step)
        if path != ("metadata",) and path not in IDENTITY:
            yield path
        yield from paths(inner, path)


@st.composite
def broken_pods(draw: st.DrawFn) -> Manifest:
    """Draw a Pod in which some things are missing, and others aren't what they should be."""
    raw = copy.deepcopy(WHOLE)
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4)):
        place: Any = raw
        try:
            for step in path[:-1]:
                place = place[step]
            if draw(st.booleans()):
                del place[path[-1]]
            else:
                place[path[-1]] = draw(MEAN)
        except (KeyError, IndexError, TypeError):
            continue  # what led there is broken already
    return raw


PATHS = list(paths(WHOLE))
