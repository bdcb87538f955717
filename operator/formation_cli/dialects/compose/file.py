"""The text of a Compose file, or what ``docker compose config`` makes of one, checked by the schema."""

import functools
import importlib
import importlib.resources
import json
import re
from collections.abc import Hashable
from typing import Any

import yaml

from formation_cli.failures import Mistyped
from formation_cli.objects import Object
from formation_operator.kube.objects import lenient

RESOLVED = "docker compose config --format json | kubectl formation init -"
HINT = f"Compose itself can write all of it: {RESOLVED}"
UNKNOWN = {"additionalProperties", "unevaluatedProperties"}
"""What of the schema refuses a field that there isn't."""
MOST_NODES = 20_000
"""Values of a file, with each alias written out."""
SCHEMA = "compose-spec.json"
STDIN = "stdin"
"""The name of what ``docker compose config`` has written."""


class _Loader(yaml.SafeLoader):
    """Reads YAML 1.2, as Compose does: ``yes`` and ``22:22`` are texts, and so is a date."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 -- as the class above declares it


for _tag, _pattern, _first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", "[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", "<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), [*_first])


def read(text: str, file: str) -> Object:
    """Return what a file says; raises `Mistyped` with the service and the field that isn't as specified."""
    try:
        try:
            found = json.loads(text)
        except ValueError:
            found = _yaml(text, file)
        _check_size(found, file)
    except RecursionError as error:
        raise Mistyped(f"{file} is nested too deeply.") from error
    except (yaml.YAMLError, ValueError) as error:
        # The line itself isn't shown: it may be half of a password.
        mark, why = getattr(error, "problem_mark", None), str(getattr(error, "problem", error))
        where = f"{file}, line {mark.line + 1}" if mark else file
        hint = HINT if "!reset" in why or "!override" in why else ""
        raise Mistyped(f"{where}: not YAML or JSON: {lenient.shown(why, 300)}.", hint=hint) from error
    _check_form(found, file)
    if not isinstance(found.get("services"), dict) or not found["services"]:
        raise Mistyped(f"{file} has no services: check that it is a Compose file.")
    return dict(found)


def _check_form(found: Any, file: str) -> None:
    """Raise `Mistyped` for the first place that isn't as the schema has it.

    A value isn't shown: it may be a password.
    """
    errors = [*_schema().iter_errors(found)]
    if not errors:
        return
    # A field with a wrong value counts as one that there isn't, too.
    first = min(errors, key=lambda each: (each.validator in UNKNOWN, len(each.absolute_path)))
    wrong = max(first, *first.context, key=lambda each: len(each.absolute_path)) if first.context else first
    said = "isn't as the Compose Specification has it"
    if wrong.validator in UNKNOWN:
        said = lenient.shown(wrong.message, 300)
    elif wrong.validator == "type":
        kinds = wrong.validator_value
        said = f"isn't of type {kinds if isinstance(kinds, str) else ' or '.join(kinds)}"
    place = lenient.shown(".".join(map(str, wrong.absolute_path)) or "all of it", 300)
    hint = "See https://docs.docker.com/reference/compose-file/ for what Compose takes."
    raise Mistyped(f"{file}: {place}: {said}.", hint=hint)


def _yaml(text: str, file: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise Mistyped(f"{file} is empty.")
        _expanded(node, file, {})
        return loader.construct_document(node)
    except TypeError as error:  # a key that is a list
        raise Mistyped(f"{file} has a key that isn't a text.") from error
    finally:
        loader.dispose()


def _expanded(node: yaml.Node, file: str, known: dict[yaml.Node, int]) -> int:
    """Return how many values a node has with its aliases written out; merge keys write them out, too."""
    if node in known:
        if not known[node]:
            raise Mistyped(f"{file}, line {node.start_mark.line + 1}: an alias that contains itself.")
        return known[node]
    known[node] = 0
    below: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key, value in node.value:
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                where = f"{file}, line {key.start_mark.line + 1}"
                raise Mistyped(f"{where}: {lenient.shown(str(key.value))} appears twice.")
            seen.add(key.value)
            below += [key, value]
    elif isinstance(node, yaml.SequenceNode):
        below = node.value
    size = 1 + sum(_expanded(each, file, known) for each in below)
    if size > MOST_NODES:
        raise Mistyped(f"{file} has more than {MOST_NODES} values, which is the limit.")
    known[node] = size
    return size


def _check_size(found: Any, file: str) -> None:
    """Raise `Mistyped` for JSON with too many values; those of YAML are counted before."""
    rest, count = [found], 0
    while rest:
        each = rest.pop()
        count += 1
        if count > MOST_NODES:
            raise Mistyped(f"{file} has more than {MOST_NODES} values, which is the limit.")
        if isinstance(each, dict):
            if any(not isinstance(key, str) for key in each):
                raise Mistyped(f"{file} has a key that isn't a text: write it in quotes.")
            rest += each.values()
        elif isinstance(each, list):
            rest += each


@functools.cache
def _schema() -> Any:
    text = importlib.resources.files(__package__).joinpath(SCHEMA).read_text()
    # Only a Compose file needs it: no other command waits until it is loaded.
    return importlib.import_module("jsonschema").Draft202012Validator(json.loads(text))
