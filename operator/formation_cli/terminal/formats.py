"""Values for programs: JSON or YAML."""

import json
from typing import Any

import yaml

from formation_cli.terminal import screen


def write(value: Any, output: str) -> None:
    """Write a value in one of the formats; names are written one a line."""
    if output == "name":
        screen.write_lines(value)
    elif output == "yaml":
        screen.write(as_yaml(value))
    else:
        screen.write(json.dumps(value, indent=2, ensure_ascii=False))


def as_yaml(value: Any) -> str:
    """Return a value as YAML."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True).rstrip("\n")
