"""A Formation as a Procfile, a ``.env`` file and counts; and what none of them can say."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from formation_cli.dialects import app, dotenv, names, procfile, references, shell
from formation_cli.dialects.manifest import Known
from formation_operator.api.formation import FormationSpec, ProcessType, Release

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
    said = {name: _line(name, process) for name, process in known.parts().items()}
    env, about_env = _env(known)
    counts = {name: each.replicas for name, each in known.spec.processes.items() if each.replicas is not None}
    return Exported(
        procfile.write({name: each.line for name, each in said.items() if each.line}),
        dotenv.write(env),
        ",".join(f"{name}={count}" for name, count in counts.items()),
        [
            *(about for each in said.values() for about in each.left_out),
            *about_env,
            *_others(known.spec, [name for name, each in said.items() if each.singleton]),
        ],
    )


class _Said(NamedTuple):
    line: str
    left_out: list[str]
    singleton: bool = False
    """Whether it is one if it is imported again."""


def _line(name: str, process: ProcessType | Release) -> _Said:
    port = isinstance(process, ProcessType) and process.port is not None
    command = [*(process.command or []), *((process.args or []) if process.command else [])]
    if not command:
        return _Said("", [f"{name}: its program is that of the image, and isn't in the Formation"])
    try:
        line, same = shell.line(command, port=port)
    except ValueError as error:
        return _Said("", [f"{name}: {error}"])
    told = []
    if process.args or not same:
        told.append(f"{name}: if imported again, its command has the same meaning in another form")
    if name != names.RELEASE and not port and app.listens(name, line):
        told.append(f"{name}: if imported again, it has a port")
    if isinstance(process, Release) or not app.is_singleton(name, line, process.replicas):
        return _Said(line, told)
    if not process.singleton:
        told.append(f"{name}: if imported again, it is a singleton")
    return _Said(line, told, singleton=True)


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
            continue
        found[name] = value
        if name == dotenv.PORT:
            left_out.append(f"{name}: if imported again, it is left out")
        if references.escaped(value) != (item.get("value") or ""):
            left_out.append(f"{name}: if imported again, its value has the same meaning in another form")
        if "\n" in value:
            left_out.append(f"{name}: a shell reads each of its line breaks as \\n")
    return found, left_out


def _value(item: dict[str, Any]) -> str:
    """Return the value of a variable; raises `ValueError` with the reason if the Formation doesn't say it."""
    if "valueFrom" in item:
        raise ValueError("its value is only in the cluster")
    value = item.get("value") or ""
    if any(each.name for each in references.parts(value)):
        raise ValueError("it refers to another variable")
    return references.expanded(value, lambda _: None)


def _others(spec: FormationSpec, singletons: Iterable[str]) -> list[str]:
    """Return the fields that have no place elsewhere, by their path; some types are singletons anyway."""
    shared = spec.model_fields_set - {"processes", "env", "release"}
    parts: dict[str, ProcessType | Release] = {
        f"spec.processes.{k}": each for k, each in spec.processes.items()
    }
    if spec.release:
        parts["spec.release"] = spec.release
    own = {
        f"{path}.{_alias(part, field)}"
        for path, part in parts.items()
        for field in part.model_fields_set - ELSEWHERE
        if getattr(part, field) is not None
    }
    own -= {f"spec.processes.{name}.singleton" for name in singletons}
    return sorted(
        {f"spec.{_alias(spec, field)}" for field in shared if getattr(spec, field) is not None} | own
    )


def _alias(model: FormationSpec | ProcessType | Release, field: str) -> str:
    return type(model).model_fields[field].alias or field
