"""Heroku's two descriptions of a formation: ``app.json``, and the list of the Platform API.

Sources: https://devcenter.heroku.com/articles/app-json-schema,
https://devcenter.heroku.com/articles/platform-api-reference#formation and
https://devcenter.heroku.com/articles/dyno-types
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

from formation_cli.dialects import cron, dotenv, names, quantities
from formation_cli.dialects.cron import Cron
from formation_cli.dialects.manifest import Known
from formation_cli.failures import Mistyped
from formation_operator.api.formation import INT32, LONGEST_WORD, MOST_TYPES, MOST_VARIABLES
from formation_operator.kube.objects import lenient

SIZES = {
    "Standard-1X": "512Mi",
    "Standard-2X": "1Gi",
    "Performance-M": "2560Mi",
    "Performance-L": "14Gi",
    "Performance-L-RAM": "30Gi",
    "Performance-XL": "62Gi",
    "Performance-2XL": "126Gi",
}
"""The memory of a dyno by its size."""
ALIKE = {
    "free": "Standard-1X",
    "hobby": "Standard-1X",
    "eco": "Standard-1X",
    "basic": "Standard-1X",
    "private-s": "Standard-2X",
    "private-m": "Performance-M",
    "private-l": "Performance-L",
    "shield-s": "Standard-2X",
    "shield-m": "Performance-M",
    "shield-l": "Performance-L",
}
"""Other sizes, and the one that has as much memory."""
CANONICAL = {name.lower(): name for name in SIZES} | ALIKE
HALF = re.compile(r"[\x00\ud800-\udfff]")
ELSEWHERE = ("addons", "buildpacks", "stack")
"""What of an app.json is no part of a formation."""
NO_PART = "no part of a formation"
SCRIPTS = {"postdeploy": "it runs once, after the first deploy: kubectl formation run NAME -- COMMAND"}
"""What of an app.json's scripts is left to people, and how."""


@dataclasses.dataclass
class Found:
    """What Heroku's files say of an app."""

    name: str = ""
    commands: dict[str, str] = dataclasses.field(default_factory=dict)
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    memory: dict[str, str] = dataclasses.field(default_factory=dict)
    schedules: list[Cron] = dataclasses.field(default_factory=list)
    left_out: list[str] = dataclasses.field(default_factory=list)

    def types(self) -> list[str]:
        """Return all types that are named."""
        return [*dict.fromkeys([*self.commands, *self.counts, *self.memory])]


def read(text: str, file: str, found: Found) -> None:
    """Add what a file says; raises `Mistyped` with the place of what isn't as Heroku writes it."""
    value = cron.parsed(text, file)
    if isinstance(value, list):
        _read_formation(value, file, found)
    elif isinstance(value, dict):
        _read_app(value, file, found)
    else:
        raise Mistyped(f"{file} is neither an app.json nor a formation, which is a list.")


def _read_app(value: Mapping[str, Any], file: str, found: Found) -> None:
    found.name = names.suggestion(lenient.text({**value}, "name"))
    for name, dyno in _mapping(value, "formation", file, MOST_TYPES).items():
        _read_dyno(name, dyno, f"{file}: formation.{lenient.shown(name)}", found)
    for name, variable in _mapping(value, "env", file, MOST_VARIABLES).items():
        if name == dotenv.PORT:
            found.left_out.append(f"{name}: {dotenv.PORT_IS_SET}")
        else:
            _read_variable(name, variable, f"{file}: env.{lenient.shown(name)}", found)
    for name, script in _mapping(value, "scripts", file, MOST_TYPES).items():
        if name == names.RELEASE:
            command = script.get("command") if isinstance(script, dict) else script
            found.commands[names.RELEASE] = _command(command, f"{file}: scripts.{name}")
        else:
            found.left_out.append(f"scripts.{lenient.shown(name)}: {SCRIPTS.get(name, NO_PART)}")
    found.schedules += cron.entries(value, file)
    found.left_out += [f"{each}: {NO_PART}" for each in ELSEWHERE if value.get(each)]


def _mapping(value: Mapping[str, Any], key: str, file: str, most: int) -> dict[str, Any]:
    found = value.get(key) or {}
    if not isinstance(found, dict):
        raise Mistyped(f"{file}: {key} isn't an object.")
    if len(found) > most:
        raise Mistyped(f"{file}: {key} has {len(found)} entries, and a Formation can have {most}.")
    return found


def _read_formation(value: list[Any], file: str, found: Found) -> None:
    if len(value) > MOST_TYPES:
        raise Mistyped(f"{file}: {len(value)} process types, and a Formation can have {MOST_TYPES}.")
    seen = set()
    for number, dyno in enumerate(value, 1):
        where = f"{file}: entry {number}"
        name = dyno.get("type") if isinstance(dyno, dict) else None
        if not isinstance(name, str):
            raise Mistyped(f"{where} has no type: Heroku writes one as {{type, quantity, size}}.")
        if name in seen:
            raise Mistyped(f"{where}: {lenient.shown(name)} appears twice.")
        seen.add(name)
        _read_dyno(name, dyno, where, found)


def _read_dyno(name: str, dyno: Any, where: str, found: Found) -> None:
    if not isinstance(dyno, dict):
        raise Mistyped(f"{where} isn't an object like {{quantity, size}}.")
    if name != names.RELEASE:
        names.check_type(name, where)
    quantity, size, command = (dyno.get(each) for each in ("quantity", "size", "command"))
    if quantity is not None and name != names.RELEASE:
        found.counts[name] = _count(quantity, where)
    if size is not None:
        found.memory[name] = SIZES[_size(size, where)]
    if command is not None:
        found.commands[name] = _command(command, where)


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= INT32:
        raise Mistyped(f"{where}: quantity isn't a count: it must be 0 or a positive whole number.")
    return value


def _size(value: Any, where: str) -> str:
    word = (value.get("name") if isinstance(value, dict) else value) or ""
    size = CANONICAL.get(word.lower()) if isinstance(word, str) else None
    if size is None:
        known = ", ".join(SIZES)
        raise Mistyped(
            f"{where}: size {lenient.shown(str(word), 100)!r} isn't known.", hint=f"There is: {known}."
        )
    return size


def _command(value: Any, where: str) -> str:
    if not _is_text(value) or not value.strip() or "\n" in value or len(value.encode()) > LONGEST_WORD:
        raise Mistyped(f"{where}: command isn't a line of at most {LONGEST_WORD} bytes.")
    return str(value).strip()


def _read_variable(name: str, variable: Any, where: str, found: Found) -> None:
    if not dotenv.NAME.fullmatch(name):
        raise Mistyped(f"{where}: not a variable name.", hint="It has letters, digits and '_'.")
    value = variable.get("value") if isinstance(variable, dict) else variable
    if isinstance(variable, dict) and value is None:
        made = "generated as a secret" if variable.get("generator") else "set by hand"
        found.left_out.append(f"{name}: Heroku has it {made}, so it has no value here; put it into a Secret")
    elif _is_text(value):
        found.env[name] = str(value)
    else:
        raise Mistyped(f"{where}: the value isn't text.", hint="Write it in quotes.")


def _is_text(value: Any) -> bool:
    """Tell whether a value is a text that a process can have: JSON can write halves of characters."""
    return isinstance(value, str) and not HALF.search(value)


def check_commands(found: Found) -> None:
    """Raise `Mistyped` for types whose command nobody has said."""
    silent = [each for each in found.types() if each not in found.commands]
    if silent:
        raise Mistyped(
            f"What should {', '.join(silent)} run?",
            hint="Commands are in the Procfile (--procfile), or in the JSON of Heroku's formation API.",
        )


def formation(known: Known) -> list[dict[str, Any]]:
    """Return a Formation in the shape of Heroku's formation API; no size where no dyno has the memory."""
    return [
        {"type": name, "quantity": known.count(name), **_sized(known, name)} for name in known.spec.processes
    ]


def _sized(known: Known, name: str) -> dict[str, str]:
    memory = lenient.mapping(known.spec.processes[name].resources, "limits").get("memory")
    try:
        wanted = None if memory is None else quantities.number(memory)
    except ValueError:
        return {}
    return next(({"size": size} for size, has in SIZES.items() if quantities.number(has) == wanted), {})


def left_out(known: Known) -> Iterable[str]:
    """Return what the API's list has no place for, and types whose memory no dyno has."""
    parts = ["spec.release: `export procfile` writes its command"] if known.spec.release else []
    parts += ["spec.schedules: Heroku Scheduler has no file"] if known.spec.schedules else []
    return parts + [
        f"{name}: no dyno has as much memory"
        for name, each in known.spec.processes.items()
        if lenient.mapping(each.resources, "limits").get("memory") is not None and not _sized(known, name)
    ]
