"""What users read has one reading: these words and forms had a second one, so none of them comes back.

The list is short on purpose: a pattern of what made readers stop, and what to write instead.
"""

import ast
import pathlib
import re
from collections.abc import Iterator

import click

from formation_cli.program import program
from formation_operator.command_line import parser
from hack.cluster import paths
from tests.shared import documents

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
CODE = re.compile(r"^ *```.*?^ *```$|`[^`]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)
MANIFESTS = {".yaml", ".tpl", ".txt", ".json", ".lua"}


def texts() -> Iterator[tuple[str, str]]:
    """Yield each text that users read, and where it is."""
    for page in documents.PAGES:
        yield documents.name_of(page), CODE.sub("]", page.read_text())
    for file in (paths.ROOT / "manifests").rglob("*"):
        if file.is_file() and file.suffix in MANIFESTS:
            yield documents.name_of(file), file.read_text().replace("#", "")
    for file in (paths.ROOT / "operator").rglob("*.py"):
        for sentence in sentences(file):
            yield documents.name_of(file), sentence
    yield "formation-operator --help", parser().format_help()
    for command in commands(program):
        yield f"{command.name} --help", command.get_help(click.Context(command))


def commands(command: click.Command) -> Iterator[click.Command]:
    """Yield a command, and those below it."""
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found
            yield from commands(found)


def sentences(file: pathlib.Path) -> Iterator[str]:
    """Yield each text in a module that is more than a word, but for what documents it."""
    nodes = [*ast.walk(ast.parse(file.read_text()))]
    documenting = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documenting:
            yield from [node.value] if " " in node.value else []


def test_what_users_read_has_one_reading() -> None:
    found = [
        f"{place}: {lines[max(0, hit.start() - 40) : hit.end() + 40]!r}: {instead}"
        for place, text in texts()
        for lines in [re.sub(r"\n(?=[^\n|#\-*0-9])", " ", text)]
        for mark, instead in MARKS.items()
        for hit in re.finditer(mark, lines, re.MULTILINE)
    ]
    assert found == []
