"""Values for programs: JSON, YAML or names."""

import importlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from formation_cli.objects import Object
from formation_cli.terminal import screen


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
    """Return a value as YAML: what writes it takes long to import."""
    return str(importlib.import_module("formation_cli.terminal.yaml_text").of(value))
