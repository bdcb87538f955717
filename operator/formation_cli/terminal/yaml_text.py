"""Values as YAML."""

import re
from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 takes for a number, too, as kubectl's parser does: 1e3 and 0o17."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0[oxb][0-9a-fA-F_]+)\Z"),
    [*"-+.0123456789"],
)
# The names of states are more than texts to Python, but no more to others.
_Dumper.add_multi_representer(str, lambda dumper, value: dumper.represent_str(str(value)))


def of(value: Any) -> str:
    """Return a value as YAML, and in ASCII where something can't be seen: it may turn a line's direction."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True).rstrip("\n")
    if text.replace("\n", "").isprintable():
        return text
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False).rstrip("\n")
