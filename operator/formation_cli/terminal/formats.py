"""Values for programs: JSON or YAML."""

import json
import re
from typing import Any

import yaml

from formation_cli.terminal import screen


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 takes for a number, too, as kubectl's parser does: 1e3 and 0o17."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0[oxb][0-9a-fA-F_]+)\Z"),
    [*"-+.0123456789"],
)


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
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True).rstrip("\n")
