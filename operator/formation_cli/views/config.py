"""The variables that all types of a Formation get, and where each comes from."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from formation_cli.objects import Object
from formation_cli.views.table import Cell, Table
from formation_operator.kube.objects import lenient

Key = tuple[str, str]
"""Kind and name of an object."""
ENV = "spec.env"
FROM = {"configMapRef": "ConfigMap", "secretRef": "Secret"}
KEY_OF = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}


class Variable(NamedTuple):
    """A variable."""

    name: str
    source: str
    """Where it comes from, in words."""
    value: str | None
    """As it is in the manifest or in its source; nothing where only a process has it."""

    def json(self, *, values: bool) -> Object:
        """Return it for programs."""
        found = {"name": self.name, "from": self.source}
        return {**found, "value": self.value} if values else found


def needed(formation: Object, *, values: bool) -> list[Key]:
    """Return which objects have the names of variables, or the values, too."""
    spec = lenient.mapping(formation, "spec")
    keys = [_reference(each, FROM) for each in lenient.items(spec, "envFrom")]
    if values:
        keys += [
            _reference(lenient.mapping(each, "valueFrom"), KEY_OF) for each in lenient.items(spec, "env")
        ]
    return [*dict.fromkeys(key for key in keys if key[1])]


def _reference(source: Object, fields: Mapping[str, str]) -> Key:
    for field, kind in fields.items():
        if name := lenient.text(lenient.mapping(source, field), "name"):
            return kind, name
    return "", ""


def variables(formation: Object, objects: Mapping[Key, Object]) -> list[Variable]:
    """Return the variables in the order in which Kubernetes gives them, each name once: the last wins."""
    spec = lenient.mapping(formation, "spec")
    found: dict[str, Variable] = {}
    for source in lenient.items(spec, "envFrom"):
        key = _reference(source, FROM)
        for name, value in _data(key, objects).items():
            whole = f"{lenient.text(source, 'prefix')}{name}"
            found[whole] = Variable(whole, " ".join(key), value)
    for item in lenient.items(spec, "env"):
        found.pop(item["name"], None)
        found[item["name"]] = _of_env(item, objects)
    return [*found.values()]


def _data(key: Key, objects: Mapping[Key, Object]) -> dict[str, str]:
    data = lenient.mapping(objects.get(key), "data")
    if key[0] != "Secret":
        return data
    return {name: base64.b64decode(value).decode(errors="replace") for name, value in data.items()}


def _of_env(item: Object, objects: Mapping[Key, Object]) -> Variable:
    origin = lenient.mapping(item, "valueFrom")
    if not origin:
        return Variable(item["name"], ENV, item.get("value") or "")
    key, place = _reference(origin, KEY_OF), next(iter(origin.values()))
    if key[1]:
        name = lenient.text(place, "key")
        return Variable(item["name"], f"{' '.join(key)}, key {name}", _data(key, objects).get(name))
    what = lenient.text(place, "fieldPath") or lenient.text(place, "resource") or lenient.text(place, "key")
    return Variable(item["name"], f"{next(iter(origin))} {what}".strip(), None)


def table(found: list[Variable], *, values: bool) -> Table:
    """Return variables as a table."""
    columns = ("NAME", "VALUE", "FROM") if values else ("NAME", "FROM")
    return Table(columns, [tuple(_cells(each, values=values)) for each in found])


def _cells(variable: Variable, *, values: bool) -> Iterator[Cell]:
    yield Cell(variable.name, "bold")
    if values:
        yield Cell("-" if variable.value is None else _shown(variable.value))
    yield Cell(lenient.in_one_line(variable.source))


def _shown(value: str) -> str:
    """Return a value in one line: what has line breaks, or would move the cursor, as JSON has it."""
    return value if value.isprintable() and value not in {"", "-"} else json.dumps(value)
