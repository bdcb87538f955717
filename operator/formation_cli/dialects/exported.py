"""A Formation as a Procfile, a ``.env`` file and counts; and what none of them can say."""

from typing import Any, NamedTuple

from formation_cli.dialects import dotenv, names, procfile, references, shell
from formation_cli.dialects.manifest import Known
from formation_operator.api.commands import Release
from formation_operator.api.formation import ProcessType

ELSEWHERE = {"command", "args", "replicas"}
"""Fields of a type that one of the texts has, or that a remark names."""


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
        procfile.write(lines),
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
