"""Words that pages quote exist: flags, metrics, reasons, Events, alerts, kinds, fields and defaults.

What has such a shape and belongs to others is in a table here. A word that no page quotes any more leaves it.
"""

import ast
import functools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import click
import kubernetes.client
import pytest

from crds.generate import crd, snapshot
from formation_cli.command_table import ENTRIES
from formation_cli.program import program
from formation_operator.command_line import parser
from formation_operator.controller.intake import Controller
from formation_operator.settings import Settings
from tests import documents
from tests.cluster import paths
from tests.unit.fakes.cluster import FakeCluster
from tests.unit.fakes.operator import Time

Json = dict[str, Any]
OF_OTHERS = {"docs/foreground.md", "docs/performance.md"}
"""Pages that quote other programs throughout; other tests compare them with their tables."""
HISTORY = "docs/decisions/"
"""A decision quotes what was there when it was made."""
FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
SNAKE = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")
CAMEL = re.compile(r"(?:[A-Z][a-z]+)+")
FIELD = re.compile(r"(?:spec|status)(?:\.[\w<>-]+(?:\[\d*\])?)+")
QUOTE = re.compile("`([^`]+)`(?: \\(([0-9]+)( minutes| seconds)?\\))?")
"""A quote, with the number in brackets behind it: its default."""
MINUTE = 60
CALLED = re.compile(r"^ *(\w+): ([0-9]+) +# the default", re.MULTILINE)
DESCRIBED = re.compile(r"\(default (\w+)")
[VERSION] = crd.build(snapshot.read())["spec"]["versions"]
SCHEMA: Json = VERSION["schema"]["openAPIV3Schema"]

FLAGS = {
    "kubectl": {"--cascade", "--field-manager", "--force-conflicts"},
    "helm": {"--create-namespace", "--logs", "--set", "--set-json", "--take-ownership"},
    "gunicorn and uvicorn": {"--graceful-timeout", "--host", "--preload"},
    "make up": {"--without-controllers"},
}
"""By the program that has them, as all of these."""
NAMES = {
    "Prometheus": {"honor_labels", "rule_files", "runbook_url"},
    "PostgreSQL": {"lock_timeout", "pg_advisory_lock"},
}
WORDS = {
    "Kubernetes": {
        *("DoNotSchedule", "Evicted", "External", "IfNotPresent", "NetworkNotReady", "Object"),
        *("ReadWriteMany", "ReadWriteOnce", "ReadinessGatesNotReady", "ScheduleAnyway"),
    },
    "kubectl describe": {"Message", "Processes", "Worker"},
    "kustomize": {"Kustomization"},
    "systemd": {"MemoryMax", "NoNewPrivileges", "TimeoutStopSec"},
    "Argo CD": {"Healthy", "OutOfSync", "Synced"},
    "the changelog": {"Unreleased"},
    "a language": {"Go"},
}
FOREIGN = set[str]().union(*FLAGS.values())


class Quote(NamedTuple):
    """What a page has in backticks."""

    page: str
    text: str
    number: int | None


def quotes() -> Iterator[Quote]:
    """Yield each quote in the text of a page, but for what is about others or about the past."""
    for page in documents.PAGES:
        name = documents.name_of(page)
        if name not in OF_OTHERS and not name.startswith(HISTORY):
            for text, number, unit in QUOTE.findall(documents.BLOCK.sub("", page.read_text())):
                seconds = int(number) * (MINUTE if "minutes" in unit else 1) if number else None
                yield Quote(name, " ".join(text.split()), seconds)


QUOTES = [*quotes()]


def of_shape(shape: re.Pattern[str]) -> set[str]:
    return {each.text for each in QUOTES if shape.fullmatch(each.text)}


def nodes(folder: str) -> Iterator[ast.AST]:
    for file in sorted((paths.ROOT / folder).rglob("*.py")):
        yield from ast.walk(ast.parse(file.read_text()))


@functools.cache
def constants() -> set[str]:
    """Return each text in the operator and the plugin."""
    found = (node.value for node in nodes("operator") if isinstance(node, ast.Constant))
    return {value for value in found if isinstance(value, str)}


@functools.cache
def names() -> set[str]:
    """Return the names of all modules, classes, functions and fields, those of the tests included."""
    found = {file.stem for folder in ("operator", "tests") for file in (paths.ROOT / folder).rglob("*.py")}
    for node in (*nodes("operator"), *nodes("tests")):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


def options(command: click.Command) -> set[str]:
    """Return the long options of a command, and of those below it."""
    found = {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)}
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return found.union({"--help"}, *map(options, below))


def plugin(name: str) -> click.Command:
    command = program.get_command(click.Context(program), name)
    assert command is not None, f"kubectl formation has no command {name}"
    return command


OPERATORS = {flag: action.default for action in parser()._actions for flag in action.option_strings}  # noqa: SLF001
PLUGINS = {name: options(plugin(name)) for name in ENTRIES}


def allowed(text: str) -> set[str] | None:
    """Return the flags that a quoted command line may have; nothing if it is another program's."""
    first, *rest = text.removeprefix("kubectl formation ").split()
    if first.startswith("--") or not (rest or text.startswith("kubectl formation ")):
        return {*OPERATORS, *FOREIGN}.union(*PLUGINS.values())
    if first in ENTRIES:
        return PLUGINS[first]
    if first == "COMMAND":
        return {"--help"}
    return {*OPERATORS} if first == "formation-operator" else None


@pytest.mark.parametrize("quote", [each for each in QUOTES if FLAG.search(each.text)], ids=str)
def test_each_flag_that_a_page_quotes_is_one_of_the_program_it_is_quoted_of(quote: Quote) -> None:
    known = allowed(quote.text)
    own, _, _ = quote.text.partition(" -- ")
    assert known is None or {*FLAG.findall(own)} <= known


def test_each_command_of_the_plugin_that_a_page_quotes_exists() -> None:
    called = {each.text.split()[2] for each in QUOTES if each.text.startswith("kubectl formation ")}
    assert called - {"--help", "COMMAND"} <= {*ENTRIES}


@functools.cache
def samples() -> set[str]:
    """Return each name under which the operator serves a figure, and each label."""
    registry = Controller(FakeCluster(), Settings(), Time()).instruments.registry
    names = {name for family in registry.collect() for name in [family.name, f"{family.name}_total"]}
    short = {name.removeprefix("formation_operator_") for name in names}
    return names | short | {"process_type"}


def test_each_metric_that_a_page_names_is_served() -> None:
    text = "".join(page.read_text() for page in documents.PAGES)
    assert {*re.findall(r"\bformation_operator_\w+", text)} - samples() == set()


def test_each_name_with_underscores_that_a_page_quotes_is_a_metric_or_a_part_of_the_code() -> None:
    found = of_shape(SNAKE)
    assert found & samples()
    assert found - samples() - names() == set[str]().union(*NAMES.values())


def test_each_word_of_a_status_an_event_or_an_alert_that_a_page_quotes_exists() -> None:
    models = {re.sub(r"^V\d(?:alpha\d|beta\d)?", "", name) for name in dir(kubernetes.client)}
    alerts = {
        name
        for file in (paths.ROOT / "manifests/monitoring/prometheus").glob("*.yaml")
        for name in re.findall(r"alert: (\w+)", file.read_text())
    }
    found = of_shape(CAMEL)
    assert found & alerts
    assert found - constants() - names() - models - alerts == set[str]().union(*WORDS.values())


def below(schema: Json, steps: list[str]) -> bool:
    """Tell whether a schema has a field at the end of some steps."""
    if not steps or schema.get("x-kubernetes-preserve-unknown-fields"):
        return True
    (first, *rest) = steps
    if "items" in schema:
        return below(schema["items"], steps)
    if "additionalProperties" in schema:
        return below(schema["additionalProperties"], rest)
    inner = schema.get("properties", {}).get(first)
    return inner is not None and below(inner, rest)


@pytest.mark.parametrize("path", sorted(of_shape(FIELD)))
def test_each_field_of_a_formation_that_a_page_quotes_is_in_the_schema(path: str) -> None:
    assert below(SCHEMA, re.sub(r"\[\d*\]", "", path).split("."))


def defaults(schema: Json) -> Iterator[tuple[str, str]]:
    """Yield the name of each field below a schema that describes a default, with that."""
    for name, field in schema.get("properties", {}).items():
        yield from ((name, each) for each in DESCRIBED.findall(field.get("description", "")))
        yield from defaults(field)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            yield from defaults(schema[inner])


def declared(name: str) -> set[int | None]:
    """Return the defaults of what has a name: a flag, an option, or a field."""
    typed = {each.default for command in ENTRIES for each in plugin(command).params if name in each.opts}
    found = {str(each).removesuffix(".0") for each in (OPERATORS.get(name), *typed)}
    own = {value for field, value in defaults(SCHEMA) if field == name}
    return {seconds_of(each) for each in found | own} - {None}


def seconds_of(default: str) -> int | None:
    """Return a number, or the seconds of a number of minutes; nothing if it is something else."""
    number = default.removesuffix("m")
    return int(number) * (MINUTE if number != default else 1) if number.isdecimal() else None


NUMBERED = [each for each in QUOTES if each.number is not None and declared(each.text.rpartition(".")[2])]


@pytest.mark.parametrize("quote", NUMBERED, ids=str)
def test_each_default_that_a_page_has_in_brackets_is_that_of_the_field_or_the_flag(quote: Quote) -> None:
    assert quote.number in declared(quote.text.rpartition(".")[2])


def test_pages_have_defaults_in_brackets() -> None:
    assert len(NUMBERED) > 3


def test_each_value_that_a_block_calls_the_default_is_that_of_its_field() -> None:
    called = [pair for block in documents.blocks("yaml") for pair in CALLED.findall(block.text)]
    assert called
    assert [(field, value) for field, value in called if int(value) not in declared(field)] == []


@pytest.mark.parametrize("flag", sorted(FOREIGN))
def test_what_belongs_to_others_is_quoted_and_no_flag_of_ours(flag: str) -> None:
    assert any(flag in FLAG.findall(each.text) for each in QUOTES)
    assert flag not in OPERATORS
