"""Formations that mean harm: a sound one, of which a few fields are replaced.

All of it is what a namespace's editor may send. Most fields are right, so that what is wrong gets far.
"""

import copy
import json
import pathlib
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.shared.builders import Manifest, a_formation, a_process

Json = Any
Draw = Callable[[st.SearchStrategy[Any]], Any]

WORDS: dict[str, list[str]] = json.loads(pathlib.Path(__file__).with_name("words.json").read_text())
"""Among the nasty ones are lines as our metrics and our log have them, and what moves a terminal's cursor."""
NASTY = [*WORDS["nasty"], "e\u0301" * 40, "a" * 64, "a" * 254, "x." * 120]
PROGRAMS = [*WORDS["programs"], "/usr/" + "a" * 60_000 + "/bin/x"]


def slow(unit: str, times: int, end: str) -> str:
    """Return a text that a backtracking pattern is slow at."""
    return unit * times + end


def nested(depth: int, value: Json, *, lists: bool) -> Json:
    """Return a value below many levels."""
    for _ in range(depth):
        value = [value] if lists else {"a": value}
    return value


long_texts = st.builds(
    slow, st.sampled_from(WORDS["units"]), st.integers(1, 20_000), st.sampled_from(WORDS["ends"])
)
texts = st.one_of(st.sampled_from(NASTY), st.text(st.characters(), max_size=40), long_texts)
names = st.one_of(st.from_regex(r"[a-z]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True), st.sampled_from(NASTY))
numbers = st.one_of(
    st.integers(-2, 70_000),
    st.sampled_from([2**31 - 1, 2**31, -(2**31), 2**53 + 1, 2**63, 2**64, 1.5, -0.0, 1e300, 0.1]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
anything = st.one_of(
    st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8),
    st.builds(nested, st.integers(1, 400), scalars, lists=st.booleans()),
)
words = st.lists(texts, max_size=5)
commands = st.one_of(
    words,
    st.tuples(st.sampled_from(PROGRAMS), texts, texts).map(list),
    st.tuples(st.just("/bin/sh"), st.just("-c"), texts).map(list),
)
keys = st.one_of(st.sampled_from(WORDS["ours"]), names, texts)
labels = st.dictionaries(keys, st.one_of(names, texts), max_size=4)
quantities = st.one_of(st.sampled_from(["1", "100m", "-1", "1e9999", "0x", "1Ei", "9" * 400]), scalars)
references = st.sampled_from(["valueFrom", "secretRef", "fieldRef"])
variables = st.lists(
    st.one_of(
        st.fixed_dictionaries({"name": keys, "value": texts}),
        st.builds(lambda name, kind, ref: {"name": name, kind: {"name": ref}}, keys, references, texts),
    ),
    max_size=4,
)
probes = st.one_of(
    st.builds(lambda path, port: {"httpGet": {"path": path, "port": port}}, texts, st.one_of(numbers, texts)),
    st.builds(lambda command: {"exec": {"command": command}, "periodSeconds": 10}, commands),
    st.fixed_dictionaries({"periodSeconds": numbers}),
)
containers = st.lists(
    st.fixed_dictionaries(
        {"name": st.one_of(st.just("process"), names)},
        optional={"image": texts, "command": commands, "env": variables, "workingDir": texts, "tty": scalars},
    ),
    max_size=3,
)
pods = st.fixed_dictionaries(
    {},
    optional={
        "containers": containers,
        "initContainers": containers,
        "serviceAccountName": names,
        "nodeName": names,
        "nodeSelector": labels,
        "hostNetwork": st.booleans(),
        "volumes": st.lists(
            st.builds(lambda name, path: {"name": name, "hostPath": {"path": path}}, names, texts), max_size=3
        ),
        "dnsPolicy": texts,
        "terminationGracePeriodSeconds": numbers,
    },
)
templates = st.one_of(
    st.builds(lambda spec: {"spec": spec}, pods),
    st.builds(lambda marks, notes: {"metadata": {"labels": marks, "annotations": notes}}, labels, labels),
    anything,
)

OF_TYPES: dict[str, st.SearchStrategy[Json]] = {
    "command": commands,
    "args": words,
    "image": texts,
    "replicas": numbers,
    "port": numbers,
    "service": scalars,
    "env": variables,
    "envFrom": st.lists(st.builds(lambda name: {"configMapRef": {"name": name}}, texts), max_size=3),
    "resources": st.builds(lambda amount: {"limits": {"memory": amount}}, quantities),
    "livenessProbe": probes,
    "readinessProbe": probes,
    "terminationGracePeriodSeconds": numbers,
    "rollingUpdate": st.fixed_dictionaries({"maxSurge": st.one_of(numbers, texts)}),
    "singleton": scalars,
    "podTemplate": templates,
}
SHARED: dict[str, st.SearchStrategy[Json]] = {
    **{field: OF_TYPES[field] for field in ("image", "env", "envFrom", "podTemplate")},
    "labels": labels,
    "annotations": labels,
    "suspend": scalars,
    "paused": scalars,
    "securityDefaults": texts,
}
METADATA: dict[str, st.SearchStrategy[Json]] = {
    "name": names,
    "namespace": texts,
    "labels": labels,
    "annotations": labels,
    "finalizers": st.lists(texts, max_size=2),
    "ownerReferences": anything,
    "managedFields": anything,
}


def in_a_type(draw: Draw, formation: Manifest) -> None:
    """Replace a field of a type."""
    process = formation["spec"]["processes"][draw(st.sampled_from(sorted(formation["spec"]["processes"])))]
    field = draw(st.sampled_from(sorted(OF_TYPES)))
    process[field] = draw(st.one_of(OF_TYPES[field], OF_TYPES[field], OF_TYPES[field], anything))


def in_the_spec(draw: Draw, formation: Manifest) -> None:
    """Replace what all types share."""
    field = draw(st.sampled_from(sorted(SHARED)))
    formation["spec"][field] = draw(st.one_of(SHARED[field], SHARED[field], SHARED[field], anything))


def in_the_metadata(draw: Draw, formation: Manifest) -> None:
    """Replace something of the metadata."""
    field = draw(st.sampled_from(sorted(METADATA)))
    formation["metadata"][field] = draw(METADATA[field])


def another_type(draw: Draw, formation: Manifest) -> None:
    """Add a type of a name that is none, perhaps."""
    formation["spec"]["processes"][draw(st.one_of(names, texts))] = a_process(replicas=0)


def many(draw: Draw, formation: Manifest) -> None:
    """Add as much of something as there may be, or more."""
    number = draw(st.integers(30, 34))
    formation["spec"]["processes"] |= {f"t{each}": a_process(replicas=0) for each in range(number)}
    formation["spec"]["env"] = [
        {"name": f"A{each}", "value": f"$(A{each + 1})"} for each in range(number * 8)
    ]


def large(draw: Draw, formation: Manifest) -> None:
    """Make it large: beyond what is rendered, what a Deployment takes, or what the API server stores."""
    size = draw(st.sampled_from([200_000, 260_000, 300_000, 900_000, 1_700_000]))
    where = draw(st.sampled_from(["annotations", "podTemplate"]))
    filler = {"example.com/filler": draw(st.sampled_from(["x", "é", "\n"])) * size}
    formation["spec"][where] = filler if where == "annotations" else {"metadata": {"annotations": filler}}


def unknown(draw: Draw, formation: Manifest) -> None:
    """Add a field that nobody knows."""
    formation["spec"][draw(texts)] = draw(anything)


TWISTS = [*[in_a_type] * 6, *[in_the_spec] * 3, *[in_the_metadata] * 2, another_type, many, large, unknown]


@st.composite
def formations(draw: Draw) -> Manifest:
    """Return a Formation of which one to three things were replaced."""
    web, worker = a_process("/shop", "web", port=8080, replicas=1), a_process(replicas=0)
    formation = copy.deepcopy(a_formation(processes={"web": web, "worker": worker}))
    for _ in range(draw(st.integers(1, 3))):
        twist = draw(st.sampled_from(TWISTS))
        twist(draw, formation)
    return formation
