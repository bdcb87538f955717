"""What users read has one reading: these words and forms had a second one, so none of them comes back.

The list is short on purpose: a pattern of what made readers stop, and what to write instead.
"""

import ast
import pathlib
import re
from collections.abc import Iterator

import click
import pytest

from formation_cli.program import program
from formation_operator.command_line import parser
from tests.cluster import paths

START = r"(?:^|[.!?:;] |\| |\()"
MARKS = {
    r"\b(?:is|are|was|were|be|been) told\b|\btold (?:to|of|otherwise)\b": "say who says it",
    r"\b(?:nobody|somebody|everybody)'s\b": "name the owner",
    r"\b[Nn]obody (?:is|has|can|reads|needs|waits|knows)\b": "say what isn't so",
    r"\bof (?:yours|theirs|his)\b": "your own ...",
    r"\bown matter\b": "say who decides",
    r"\b[Ww]hoever\b": "anyone who",
    START + r"Who [^.?|]*[.]": "anyone who",
    START + r"Of (?:an?|each|many|all|such|two|several|these|those|some|what|single)\b": "subject first",
    START + r"(?:Nor|Neither do|So (?:is|does|do) (?:it|they|the))\b": "subject first",
    r", nor\b": "and ... not",
    r"(?<!Written )\bby (?:Flux|Helm|Kustomize|kubectl|stdin|a (?:patch|pipe)|the PATH|them|-)": "with, use",
    r"\bby which\b": "with which, that",
    r"\bbe had\b": "available, missing",
    r"(?<![Tt]here )\b(?:is|are) (?:no\b(?! longer)|none\b)": "isn't a ..., there is no ...",
    r"\bthereby\b|\blest\b|\bfor ever\b|\banew\b|\ball the same\b": "a plain word",
    r"\bwas heard\b|\bheard of\b|\bis asked\b|\bare asked\b": "received, request",
    r"\bgo(?:es)? on\b|\bruns? on(?=[.,;:])": "continues, keeps",
    r"\btaken (?:away|over)\b|\btakes? \w+ (?:away|over)\b": "remove, adopt",
    r"\bgo(?:es)? by\b|\bcomes? by\b": "use",
}
"""A pattern of each, and what to write instead."""

PAGES = sorted(
    [*paths.ROOT.glob("*.md"), *(paths.ROOT / "docs").rglob("*.md"), paths.ROOT / "tests/cluster/README.md"]
)
CODE = re.compile(r"^ *```.*?^ *```$|`[^`]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)
SOURCES = sorted((paths.ROOT / "operator").rglob("*.py"))
MANIFESTS = sorted(
    file
    for file in (paths.ROOT / "manifests").rglob("*")
    if file.suffix in {".yaml", ".tpl", ".txt", ".json", ".lua"} and file.is_file()
)


def name_of(file: pathlib.Path) -> str:
    return str(file.relative_to(paths.ROOT))


def found(text: str) -> list[str]:
    """Return what a text has of the marks, each with some words around it and what to write."""
    lines = re.sub(r"\n(?=[^\n|#\-*0-9])", " ", text)
    return [
        f"{lines[max(0, hit.start() - 40) : hit.end() + 40]!r}: {instead}"
        for mark, instead in MARKS.items()
        for hit in re.finditer(mark, lines, re.MULTILINE)
    ]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_has_one_reading(page: pathlib.Path) -> None:
    assert found(CODE.sub("]", page.read_text())) == []


def commands(command: click.Command) -> Iterator[click.Command]:
    """Yield a command, and those below it."""
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found_command = command.get_command(context, name)
            assert found_command
            yield from commands(found_command)


@pytest.mark.parametrize("command", [*commands(program)], ids=lambda each: str(each.name))
def test_the_help_of_the_plugin_has_one_reading(command: click.Command) -> None:
    assert found(command.get_help(click.Context(command))) == []


def test_the_help_of_the_operator_has_one_reading() -> None:
    assert found(parser().format_help()) == []


def sentences(file: pathlib.Path) -> Iterator[str]:
    """Yield each text in a module that is more than a word, but for what documents it."""
    tree = ast.parse(file.read_text())
    documents = {
        each.value
        for node in ast.walk(tree)
        for each in ast.iter_child_nodes(node)
        if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documents:
            yield from [node.value] if " " in node.value else []


@pytest.mark.parametrize("file", SOURCES, ids=name_of)
def test_what_is_said_to_users_has_one_reading(file: pathlib.Path) -> None:
    assert [hit for text in sentences(file) for hit in found(text)] == []


@pytest.mark.parametrize("file", MANIFESTS, ids=name_of)
def test_manifests_and_the_chart_have_one_reading(file: pathlib.Path) -> None:
    assert found(file.read_text().replace("#", "")) == []
