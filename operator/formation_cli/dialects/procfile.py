"""A Procfile: a process type and its command in each line, ``web: gunicorn app``; beside it a ``.env`` file.

Source: https://devcenter.heroku.com/articles/procfile and https://ddollar.github.io/foreman/
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from formation_cli.dialects import dotenv, names, references, shell
from formation_cli.dialects.manifest import Known
from formation_cli.failures import Mistyped
from formation_operator.api.commands import Release
from formation_operator.api.fields import LONGEST_WORD
from formation_operator.api.formation import ProcessType
from formation_operator.kube.objects import lenient

LINE = re.compile(r"([A-Za-z0-9_.-]{1,128}):(.*)", re.DOTALL)
ELSEWHERE = {"command", "args", "replicas"}
"""Fields of a type that one of the texts has, or that a remark names."""


def parse(text: str, file: str = "Procfile") -> dict[str, str]:
    """Return the command of each type, ``release`` among them, in their order.

    Raises `Mistyped` with the line for what isn't one of a Procfile, or can't be a process type.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        if not line or line.startswith("#"):
            continue
        where = f"{file}, line {number}"
        name, command = _split(line, where)
        if name != names.RELEASE:
            names.check_type(name, where)
        if name in found:
            raise Mistyped(f"{where}: {name} appears twice.", hint="Give one of them another name.")
        found[name] = command
    return found


def _split(line: str, where: str) -> tuple[str, str]:
    match = LINE.fullmatch(line)
    if match is None:
        raise Mistyped(
            f"{where}: {lenient.shown(line, lenient.LONGEST_WORD)!r} isn't a process type and a command.",
            hint="Write it like web: command, or start a comment with #.",
        )
    command = match[2].strip()
    if shell.CONTROL.search(command):
        raise Mistyped(f"{where}: a control character in the command of {match[1]}.", hint="Remove it.")
    if not command:
        raise Mistyped(f"{where}: what should {match[1]} run?", hint=f"Write it as {match[1]}: command.")
    if len(command.encode()) > LONGEST_WORD:
        raise Mistyped(f"{where}: the command of {match[1]} has more than {LONGEST_WORD} bytes.")
    return match[1], command


def write(commands: Mapping[str, str]) -> str:
    """Return the text of a Procfile."""
    return "".join(f"{name}: {command}\n" for name, command in commands.items())


class Exported(NamedTuple):
    """The texts, and sentences about what isn't in them."""

    procfile: str
    env: str
    counts: str
    left_out: list[str]


def exported(known: Known) -> Exported:
    """Return what a Procfile and a ``.env`` file can say of a Formation."""
    lines: dict[str, str] = {}
    left_out = []
    for name, process in known.parts().items():
        try:
            lines[name] = _line(process)
        except ValueError as error:
            left_out.append(f"{name}: {error}")
    env, about_env = _env(known)
    counts = {name: each.replicas for name, each in known.spec.processes.items() if each.replicas is not None}
    return Exported(
        write(lines),
        dotenv.write(env),
        ",".join(f"{name}={count}" for name, count in counts.items()),
        [*left_out, *about_env, *known.unsaid({"env", names.RELEASE}, ELSEWHERE)],
    )


def _line(process: ProcessType | Release) -> str:
    """Return a command as a line; raises `ValueError` with the reason if it can't be one."""
    if not process.command:
        raise ValueError("its program is that of the image, and isn't in the Formation")
    port = isinstance(process, ProcessType) and process.port is not None
    return shell.line([*process.command, *(process.args or [])], port=port)


def _env(known: Known) -> tuple[dict[str, str], list[str]]:
    """Return the variables that all types share; a ``.env`` file can't tell types apart."""
    found, left_out = {}, []
    for item in known.spec.env or []:
        name = item["name"]
        try:
            value = _value(item)
            dotenv.check(name, value)
        except ValueError as error:
            left_out.append(f"{name if dotenv.NAME.fullmatch(name) else names.shown(name)}: {error}")
        else:
            found[name] = value
    return found, left_out


def _value(item: dict[str, Any]) -> str:
    """Return the value of a variable; raises `ValueError` with the reason if the Formation doesn't say it."""
    if "valueFrom" in item:
        raise ValueError("its value is only in the cluster")
    value = item.get("value") or ""
    if any(each.name for each in references.parts(value)):
        raise ValueError("it refers to another variable")
    return references.expanded(value, lambda _: None)
