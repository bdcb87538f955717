r"""Whether a process type's command leaves the foreground, which no process of a Pod may.

The container's first process is what Kubernetes watches, restarts and asks to stop: where it puts the
work into the background and ends, the container ends.  A command that plainly does so is warned about before
that happens, and never refused.
Source: https://12factor.net/concurrency, "twelve-factor app processes should never daemonize".
"""

import re
from collections.abc import Mapping, Sequence

from formation_operator.foreground import shell
from formation_operator.foreground.programs import LAST_OF_A_SHELL, TABLE, UNKNOWN, Program

PYTHON = r"python[0-9.]*\n(-[bBdEIOPqsSuvx]+\n|-[XW]\n[^\n]+\n)*"
# What may stand before the program that counts, each with the options that are plain.
STARTERS = (
    r"(exec|nohup|busybox|npx|ddtrace-run|opentelemetry-instrument|newrelic-admin\nrun-program)\n(--\n)?",
    r"((bundle|npm)\nexec|(poetry|pipenv|pdm|rye|uv)\nrun)\n(--\n)?",
    r"(tini|dumb-init|catatonit)\n(-(-|[gsvw]+|e\n[0-9]+|p\n[A-Z]+|r\n[0-9:]+)\n)*",
    r"(env|sudo|runuser)\n(-(-|[EHin0]+|[Cu]\n[^\n]*)\n)*",
    r"(nice|ionice|timeout)\n(-[cnk]\n?[0-9]+[smhd]?\n)*([0-9.]+[smhd]?\n)?",
    r"(gosu|su-exec)\n[^-\n][^\n]*\n",
    rf"{PYTHON}-m\n",
)
# A program of the app's own may have the name of a known one, such as /app/cron.
FOLDER = r"(/((usr|opt)/([^\n]*/)?)?s?bin/|[^\n]*(venv/|\.local/|node_modules/\.)bin/)"
BEFORE = re.compile(
    rf"([A-Za-z_][A-Za-z0-9_]*=[^\n]*\n|([^\n]*/)?({'|'.join(STARTERS)}))*(({PYTHON})?{FOLDER}|\./)?"
)
VERSIONED = re.compile(r"([a-z-]*[a-z])-?[0-9.]+")
"""A program's name with a version behind it, such as php-fpm8.2."""


def warnings(commands: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a sentence for each process type whose command leaves the foreground, with the way out."""
    return [f"{name}: {text}" for name, command in sorted(commands.items()) if (text := finding(command))]


def finding(command: Sequence[str]) -> str | None:
    """Return what a command does that it shouldn't, and the way out; nothing if that isn't plain."""
    name, program, text = _reached(command)
    leaves = program.leaves.search(text) and not program.stays.search(text)
    return f"{name} {program.says}" if leaves else None


def way_out(command: Sequence[str]) -> str | None:
    """Return what keeps a command in the foreground that has left it, as far as its program is known."""
    name, program, text = _reached(command)
    may_leave = program.leaves.search(text) or "configuration" in program.fix
    return f"{name}: {program.fix}" if may_leave and not program.stays.search(text) else None


def unwrapped(command: Sequence[str]) -> Sequence[str]:
    """Return a command without what stands before its program."""
    return command[len(command) - _program_on(command).count("\n") :]


def _program_on(command: Sequence[str]) -> str:
    """Return a command's text from the name of its program on."""
    text = shell.as_text(command)
    before = BEFORE.match(text)
    return text[before.end() if before else 0 :]


def _reached(command: Sequence[str]) -> tuple[str, Program, str]:
    """Return the program that a command comes down to: its name, what is known of it, and all its words."""
    words = unwrapped(command)
    script = shell.script(words)
    if script is not None:
        last, is_behind = shell.end(script)
        return ("its last command", LAST_OF_A_SHELL, "\n\n") if is_behind else _reached(last)
    text = _program_on(words).split("\n--\n")[0]
    name = text.partition("\n")[0]
    versioned = VERSIONED.fullmatch(name)
    if versioned and name not in TABLE:
        name = versioned[1]
    return name, TABLE.get(name, UNKNOWN), f"\n{text}\n"
