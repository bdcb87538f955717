"""The pages of the plugin's commands, from their help, from `commands.toml` and from the exit codes.

The pages are ``docs/cli/COMMAND.md``; two tables of ``docs/cli.md`` are made here, too.
"""

import ast
import collections
import inspect
import itertools
import pathlib
import re
import signal
import tomllib
from collections.abc import Iterator
from typing import Any

import click

from crds.generate.pages import parts
from formation_cli import failures, options, rights
from formation_cli.cluster_options import CLUSTER_OPTIONS
from formation_cli.command_table import SECTIONS
from formation_cli.program import program
from formation_cli.rights import Right
from formation_cli.views.processes import Process

Notes = dict[str, Any]

FOLDER = pathlib.Path(__file__).parents[3] / "docs"
PAGE = FOLDER / "cli.md"
NOTES = pathlib.Path(__file__).with_name("commands.toml")
HEADER = (
    "<!-- Generated from `kubectl formation {} --help` and crds/generate/pages/commands.toml "
    "by `python -m crds.generate`: don't edit. -->\n"
)
PROGRAM = "kubectl formation"
WIDTH = 200
SIGNALS = {
    signal.SIGHUP: "The terminal was closed (SIGHUP).",
    signal.SIGTERM: "The command was ended with SIGTERM.",
}
"""What ends a command, beside the endings that have a name in `failures`."""
OF = re.compile(r"((?:`\w+`(?: and )?)+): (.)")
"""What the meaning of an exit code begins with if only some commands have the code."""
QUOTED = re.compile(
    r"(?<![\w-])(?:--[a-z][\w-]*(?:=-?\w+)?|(?:spec|status)\.[\w.]*\w|\$\(\w+\)|/bin/sh -c '...')"
)
"""What a page quotes, and a terminal shows as it is."""


def pages() -> dict[pathlib.Path, str]:
    """Return each page that is generated, or has a generated part."""
    notes = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    arguments = notes.pop("arguments")
    sections: dict[str, list[str]] = collections.defaultdict(list)
    for ctx, command in _commands(None, PROGRAM, program):
        if path := ctx.command_path.removeprefix(PROGRAM).strip():
            name, *_ = path.split()
            sections[name].append(_section(path, ctx, command, notes.pop(path, {}), arguments))
    if notes:
        raise ValueError(f"commands.toml has notes of what is no command: {', '.join(notes)}")
    page = PAGE.read_text(encoding="utf-8")
    generated = {"the summaries of the commands": _index(), "the exit codes": _all_codes()}
    page = parts.filled(page, {source: "\n".join(lines) for source, lines in generated.items()})
    own = {
        FOLDER / "cli" / f"{name}.md": HEADER.format(name) + "\n".join(found)
        for name, found in sections.items()
    }
    return {**own, PAGE: page}


def _commands(
    parent: click.Context | None, name: str, command: click.Command
) -> Iterator[tuple[click.Context, click.Command]]:
    """Yield a command, and those below it, each with its place on the command line."""
    context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH)
    yield context, command
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            if found := command.get_command(context, below):
                yield from _commands(context, below, found)


def _section(path: str, ctx: click.Context, command: click.Command, own: Notes, arguments: Notes) -> str:
    """Return what there is to know of a command: a page, or a section of the page of its group."""
    level = "##" if " " in path else "#"
    usage = command.get_usage(ctx).removeprefix("Usage: ")
    blocks = [
        [f"{level} {ctx.command_path}"],
        _text(inspect.cleandoc(command.help or "").split("\n\n")),
        ["```text", usage, "```"],
        _titled(level, "Arguments", _arguments(ctx, command, {**arguments, **own.get("arguments", {})})),
        _titled(level, "Options", _options(ctx, command)),
        _titled(level, "Examples", _examples(command)),
        _titled(level, "Output for programs", _outputs(path, command, own.get("output", []))),
        _titled(level, "What it uses", [*_text([own["uses"]] if "uses" in own else []), *_rights(path)]),
        _titled(level, "Exit codes", _codes(path, command, own.get("codes", {}))),
        _titled(level, "What to know", [f"- {' '.join(each.split())}" for each in own.get("notes", [])]),
        _titled(level, "See also", [", ".join(own["more"])] if "more" in own else []),
    ]
    return "\n".join("\n".join([*block, ""]) for block in blocks if block)


def _titled(level: str, title: str, lines: list[str]) -> list[str]:
    return [f"{level}# {title}", *lines] if lines else []


def _text(paragraphs: list[str]) -> list[str]:
    """Return paragraphs with an empty line between them."""
    return "\n\n".join(map(_quoted, paragraphs)).splitlines()


def _quoted(text: str) -> str:
    """Return a text of a help with flags and fields between backticks, as its commands are already."""
    pieces = " ".join(text.split()).split("`")
    pieces[::2] = [QUOTED.sub(r"`\g<0>`", each) for each in pieces[::2]]
    return "`".join(pieces)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return parts.table(head, rows).splitlines() if rows else []


def _word(metavar: str) -> str:
    """Return how a word of the command line is called; a table's cell has no room for a bar."""
    return f"`{re.sub(r' ?[|] ?', ' or ', metavar.removeprefix('-- '))}`"


def _arguments(ctx: click.Context, command: click.Command, known: Notes) -> list[str]:
    """Return a row of each word that is typed; raises `KeyError` for one that has no meaning yet."""
    found = [each for each in command.params if isinstance(each, click.Argument) and each.metavar != ""]
    rows = [[_word(each.make_metavar(ctx)), known[each.name or ""]] for each in found]
    return _table(["Argument", "Meaning"], rows)


def _options(ctx: click.Context, command: click.Command) -> list[str]:
    """Return a row of each option of the command's own, and where the others are."""
    found = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    records = [each.get_help_record(ctx) for each in found if each not in CLUSTER_OPTIONS]
    rows = [[_word(record[0]), _quoted(record[1])] for record in records if record]
    rest = ["The [options for the cluster](../cli.md#options-for-the-cluster) work, too."]
    table = _table(["Option", "Meaning"], rows)
    return [*table, *([""] if rows else []), *rest] if {*found} & {*CLUSTER_OPTIONS} else table


def _examples(command: click.Command) -> list[str]:
    with click.Context(command) as ctx:
        lines = command.get_help(ctx).partition("Examples:\n")[2].splitlines()
    return ["```sh", *(line.strip() for line in lines), "```"]


def _outputs(path: str, command: click.Command, rows: list[list[str]]) -> list[str]:
    """Return what -o prints; raises `ValueError` if it isn't known for a command that has the option."""
    has = any(each.name == "output" for each in command.params)
    if has != bool(rows):
        raise ValueError(f"{path}: commands.toml says what -o prints if, and only if, there is -o")
    fields = ", ".join(f"`{name}`" for name in Process("", "", "", "", "", "", "", None).json())
    printed = [[f"`{what}`", json.replace("FIELDS", fields), name] for what, json, name in rows]
    return _table(["Command", "`-o json`, `-o yaml`", "`-o name`"], printed)


def _rights(path: str) -> list[str]:
    """Return a row of the rights that a command needs, and one for each option that needs more."""
    needed = rights.NEEDED.get(path, {})
    rows = [[f"`{option}`" if option else "always", _on(each)] for option, each in needed.items()]
    return ["", "For a role of your own:", "", *_table(["For", "Rights"], rows)] if rows else []


def _on(needed: list[Right]) -> str:
    return "; ".join(f"{', '.join(verbs)} on `{what}`" for what, verbs in rights.by_resource(needed).items())


def _index() -> list[str]:
    """Return a row of each command."""
    rows = [
        [f"[`{name}`](cli/{name}.md)", entry.summary, section]
        for section, entries in SECTIONS.items()
        for name, entry in entries.items()
    ]
    return _table(["Command", "What it does", "Group"], rows)


def _meanings() -> dict[int, str]:
    """Return what each exit code of ours means: the text below it in `failures`."""
    body = ast.parse(inspect.getsource(failures)).body
    found = {0: "The command has succeeded."}
    for both in itertools.pairwise(body):
        match both:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                value = getattr(failures, name)
                if isinstance(value, int) and value != failures.SIGNAL:
                    found[value] = text
    return found


def _all_codes() -> list[str]:
    signals = {failures.SIGNAL + number: text for number, text in SIGNALS.items()}
    rows = [[str(code), text] for code, text in sorted((_meanings() | signals).items())]
    return _table(["Code", "Meaning"], rows)


def _codes(path: str, command: click.Command, own: dict[str, str]) -> list[str]:
    """Return the exit codes of a command: what is special in a table, then which others it has."""
    if isinstance(command, click.Group):
        return []
    known = {str(code): text for code, text in _meanings().items() if _has(path, command, code, text)}
    limited = {code: text for code, text in known.items() if OF.match(text)}
    special = {code: OF.sub(lambda found: found[2].upper(), text) for code, text in limited.items()} | own
    rows = [[code, text] for code, text in sorted(special.items(), key=_number)]
    others = ", ".join(code for code in known if code not in special)
    which = (
        f"The exit codes {others}, and those after a signal," if others else "The exit codes after a signal"
    )
    return [
        *_table(["Code", "Meaning"], rows),
        *([""] if rows else []),
        f"{which} mean the same [for all commands](../cli.md#exit-codes).",
    ]


def _number(row: tuple[str, str]) -> int:
    return int(row[0]) if row[0].isdecimal() else failures.SIGNAL


def _has(path: str, command: click.Command, code: int, text: str) -> bool:
    """Tell whether a command ends with a code."""
    if code > failures.SIGNAL:
        return False
    if limited := OF.match(text):
        return f"`{path}`" in limited[1]
    if isinstance(command, options.Starter):
        return False
    waits = any(each.name == "timeout" for each in command.params)
    deploys = path in {"wait", "deploy", "rollback", "config set", "config unset"}
    needs = {failures.TIMED_OUT: waits, failures.OVERTAKEN: deploys}
    needs |= dict.fromkeys((failures.NOT_FOUND, failures.NO_ACCESS), isinstance(command, options.Command))
    return needs.get(code, True)
