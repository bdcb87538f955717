"""Change the variables that all types share, plain and secret ones, in one write of the Formation."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from formation_cli.changes import config_secrets, patches
from formation_cli.failures import Mistyped, did_you_mean
from formation_cli.objects import Object
from formation_operator.kube.objects import lenient

NOTHING: Mapping[str, str] = MappingProxyType({})
PORT = "PORT"
INJECTED = (PORT, "FORMATION", "PROCESS_TYPE", "PROCESS_NAME")
"""What the operator writes into env, which wins over what a Secret says."""


class Wanted(NamedTuple):
    """What is wanted of variables."""

    plain: Mapping[str, str] = NOTHING
    """As they are in a manifest: with each dollar sign that is meant as such."""
    secret: Mapping[str, str] = NOTHING
    """In base64."""
    unset: Collection[str] = ()


class Stored(NamedTuple):
    """The secret variables that there are, in base64, and the Secrets in which they are."""

    data: Mapping[str, str] = NOTHING
    names: Collection[str] = ()
    """Of those that envFrom names: ours, and those that aren't there any more."""


class Plan(NamedTuple):
    """What to write."""

    secret: Object | None
    """The new Secret, if there is to be one."""
    operations: list[Object]
    """The JSON patch of the Formation; nothing where it is so already."""


def plan(formation: Object, stored: Stored, wanted: Wanted, suffix: str) -> Plan:
    """Return what to write; raises `Mistyped` for what can't be or would have no effect."""
    _check(formation, stored, wanted)
    kept = {key: value for key, value in stored.data.items() if key not in wanted.unset}
    data = {**kept, **wanted.secret}
    secret = None
    sources = config_secrets.env_from(formation)
    if data != stored.data:
        secret = config_secrets.manifest(formation, data, suffix) if data else None
        sources = _sources(sources, stored.names, secret)
    operations = [
        *_replaced(formation, "env", _env(formation, wanted)),
        *_replaced(formation, "envFrom", sources),
    ]
    change = [patches.unchanged(formation), *operations] if operations else []
    return Plan(secret, patches.noted(formation, change))


def _check(formation: Object, stored: Stored, wanted: Wanted) -> None:
    secret = {*stored.data, *(name for name, item in plain(formation).items() if _is_of_secret(item))}
    for name in wanted.plain:
        if name in secret:
            raise Mistyped(
                f"{name} is secret: anyone who may view the Formation could read a plain value of it.",
                hint=f"Type --secret {name} without its value; or `config unset` it first.",
            )
    for name in wanted.secret:
        if name in INJECTED:
            raise Mistyped(
                f"{name} can't be secret: the operator sets it for each process and overrides a Secret."
            )
    known = {**plain(formation), **stored.data}
    for name in wanted.unset:
        if name not in known:
            raise Mistyped(f"There is no variable {name}.", hint=did_you_mean(name, known))


def _is_of_secret(item: Object) -> bool:
    return bool(lenient.mapping(item, "valueFrom", "secretKeyRef"))


def plain(formation: Object) -> dict[str, Object]:
    """Return the items of spec.env by their names."""
    return {each["name"]: each for each in lenient.items(lenient.mapping(formation, "spec"), "env")}


def _env(formation: Object, wanted: Wanted) -> list[Object]:
    new = {name: {"name": name, "value": value} for name, value in wanted.plain.items()}
    gone = {*wanted.unset, *wanted.secret}  # a plain value would win over a secret one
    return [each for name, each in {**plain(formation), **new}.items() if name not in gone]


def _sources(sources: list[Object], names: Collection[str], secret: Object | None) -> list[Object]:
    """Return envFrom with the new Secret in the place of the last one before it, or at its end."""
    places = [place for place, each in enumerate(sources) if _is_one_of(each, names)]
    last = places[-1] if places else len(sources)
    new = [{"secretRef": {"name": secret["metadata"]["name"]}}] if secret else []
    before = [each for each in sources[:last] if not _is_one_of(each, names)]
    return [*before, *new, *sources[last + 1 :]]


def _is_one_of(item: Object, names: Collection[str]) -> bool:
    return config_secrets.own_name(item) in names


def _replaced(formation: Object, field: str, items: list[Object]) -> Iterator[Object]:
    """Yield the step that gives the spec a list, which goes if it is empty; nothing where it has it."""
    if items == lenient.items(lenient.mapping(formation, "spec"), field):
        return
    path = ("spec", field)
    yield patches.operation("add", path, items) if items else {"op": "remove", "path": "/" + "/".join(path)}


def advice(after: Object, wanted: Wanted) -> Iterator[str]:
    """Yield what else there is to know of a change of some variables."""
    names = [*wanted.plain, *wanted.secret, *wanted.unset]
    yield from _hidden(after, names)
    yield from _misled(after, wanted.plain.get(PORT))


def _hidden(after: Object, names: Collection[str]) -> Iterator[str]:
    for type_, own in sorted(own_variables(after).items()):
        if hidden := [name for name in names if name in own]:
            yield f"{type_} has its own {', '.join(hidden)} in spec.processes.{type_}.env, and keeps it."


def _misled(after: Object, port: str | None) -> Iterator[str]:
    """Yield which types listen elsewhere than their Service and their probe expect."""
    own = own_variables(after)
    ports = {
        type_: process["port"]
        for type_, process in sorted(lenient.mapping(after, "spec", "processes").items())
        if process.get("port") and PORT not in own[type_]
    }
    wrong = [f"{type_} ({number})" for type_, number in ports.items() if port not in (None, str(number))]
    if wrong:
        yield (
            f"{PORT} now differs from the port that Services and probes use: {', '.join(wrong)}. "
            f"`config unset {after['metadata']['name']} {PORT}` undoes that."
        )


def own_variables(formation: Object) -> dict[str, list[str]]:
    """Return the names of the variables that each type has of its own."""
    types = lenient.mapping(formation, "spec", "processes")
    return {
        type_: [lenient.text(each, "name") for each in lenient.items(lenient.mapping(types, type_), "env")]
        for type_ in types
    }
