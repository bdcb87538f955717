"""Values for programs: JSON, YAML or names."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from formation_cli.objects import Object
from formation_cli.terminal import screen


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 takes for a number, too, as kubectl's parser does: 1e3 and 0o17."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0[oxb][0-9a-fA-F_]+)\Z"),
    [*"-+.0123456789"],
)
# The names of states are more than texts to Python, but no more to others.
_Dumper.add_multi_representer(str, lambda dumper, value: dumper.represent_str(str(value)))


def write(value: Any, output: str) -> None:
    """Write a value in one of the formats; names are written one a line."""
    if output == "name":
        screen.write_lines(value)
    else:
        screen.write(as_text(value, output))


def as_text(value: Any, output: str) -> str:
    """Return a value as JSON or YAML; at a terminal without characters that it would obey."""
    if output == "yaml":
        return as_yaml(value)
    return json.dumps(value, indent=2, ensure_ascii=screen.is_terminal())


def write_object(each: Object, output: str) -> None:
    """Write an object as the API server answered; its name as kubectl writes it."""
    write([reference(each)] if output == "name" else shown(each), output)


def write_objects(objects: Iterable[Object], output: str) -> None:
    """Write objects as `write_object` does one."""
    write(map(reference, objects) if output == "name" else [*map(shown, objects)], output)


def reference(each: Mapping[str, Any]) -> str:
    """Return the name of an object that any command of kubectl's takes: ``deployment.apps/shop-web``."""
    group = each["apiVersion"].rpartition("/")[0]
    return f"{'.'.join(filter(None, (each['kind'].lower(), group)))}/{each['metadata']['name']}"


def shown(each: Object) -> Object:
    """Return an object without who owns which field, as kubectl shows it."""
    metadata = {key: value for key, value in each["metadata"].items() if key != "managedFields"}
    return {**each, "metadata": metadata}


def as_yaml(value: Any) -> str:
    """Return a value as YAML, and in ASCII where something can't be seen: it may turn a line's direction."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True).rstrip("\n")
    if text.replace("\n", "").isprintable():
        return text
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False).rstrip("\n")
