"""Heroku's two descriptions of a formation: ``app.json``, and the list of the Platform API.

The cron entries of an ``app.json`` are Dokku's.
Sources: https://devcenter.heroku.com/articles/app-json-schema,
https://dokku.com/docs/processes/scheduled-cron-tasks/,
https://devcenter.heroku.com/articles/platform-api-reference#formation and
https://devcenter.heroku.com/articles/dyno-types
"""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationError

from formation_cli.dialects import dotenv, manifest, names
from formation_cli.dialects.app import App, Cron, Line
from formation_cli.dialects.manifest import Known
from formation_cli.failures import Mistyped
from formation_cli.words import values
from formation_operator.api.fields import INT32, MOST_VARIABLES
from formation_operator.api.formation import MOST_SCHEDULES, MOST_TYPES
from formation_operator.kube.objects import lenient

SIZES = {
    "512Mi": ("Standard-1X", "Free", "Hobby", "Eco", "Basic"),
    "1Gi": ("Standard-2X", "Private-S", "Shield-S"),
    "2560Mi": ("Performance-M", "Private-M", "Shield-M"),
    "14Gi": ("Performance-L", "Private-L", "Shield-L"),
    "30Gi": ("Performance-L-RAM",),
    "62Gi": ("Performance-XL",),
    "126Gi": ("Performance-2XL",),
}
"""The sizes of dynos by their memory; the first of each is the one that is written."""
MEMORY = {each.lower(): memory for memory, dynos in SIZES.items() for each in dynos}
ELSEWHERE = ("addons", "buildpacks", "stack")
"""What of an app.json is no part of a formation."""
NO_PART = "no part of a formation"


def _memory(size: Any) -> str:
    """Return the memory of a dyno by its size, which the API has as an object; raises `ValueError`."""
    word = str(size.get("name") if isinstance(size, dict) else size)
    if word.lower() not in MEMORY:
        there = ", ".join(dynos[0] for dynos in SIZES.values())
        raise ValueError(f"{word[:100]!r} isn't a known size; there is: {there}")
    return MEMORY[word.lower()]


def _within(key: str) -> BeforeValidator:
    """Take what may be an object with a key, or the value of that alone."""
    return BeforeValidator(lambda said: said.get(key) if isinstance(said, dict) else said)


Name = Annotated[str, StringConstraints(pattern=f"^{dotenv.NAME.pattern}$")]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


class Entries(BaseModel):
    """What of an app.json is about the clock."""

    cron: Annotated[list[Cron], Field(max_length=MOST_SCHEDULES)] = []


class Dyno(BaseModel):
    """How much of a type there is, and what it runs."""

    quantity: int | None = Field(None, strict=True, ge=0, le=INT32)
    memory: Annotated[str, BeforeValidator(_memory)] = Field("", alias="size")
    command: Line = ""


class OfApi(Dyno):
    """The same in the API's list."""

    type: str


class Scripts(BaseModel, extra="allow"):
    """Scripts, of which one runs before each deploy."""

    release: Annotated[Line, _within("command")] = ""


class AppJson(Entries, extra="allow"):
    """An app.json."""

    name: str = ""
    formation: dict[str, Dyno] = Field({}, max_length=MOST_TYPES)
    env: dict[Name, Annotated[Text | None, _within("value")]] = Field({}, max_length=MOST_VARIABLES)
    scripts: Scripts = Scripts()


def read(text: str, file: str, found: App) -> None:
    """Add what a file says; raises `Mistyped` with the place of what isn't as Heroku writes it."""
    if text.lstrip().startswith("["):
        seen: set[str] = set()
        for dyno in _parsed(Annotated[list[OfApi], Field(max_length=MOST_TYPES)], text, file):
            if dyno.type in seen:
                raise Mistyped(f"{file}: {lenient.shown(dyno.type)} appears twice.")
            seen.add(dyno.type)
            _take_in(dyno.type, dyno, file, found)
    else:
        _read_app(_parsed(AppJson, text, file), file, found)


def entries(text: str, file: str) -> list[Cron]:
    """Return the cron entries of an app.json; raises `Mistyped` with the place of what is none."""
    found: Entries = _parsed(Entries, text, file)
    return found.cron


def _parsed(form: Any, text: str, file: str) -> Any:
    """Return what a JSON file says; raises `Mistyped` with the first thing that isn't of the form."""
    try:
        return TypeAdapter(form).validate_json(text.encode(errors="surrogatepass"))
    except ValidationError as error:
        raise manifest.mistyped(error, file) from error


def _read_app(app: AppJson, file: str, found: App) -> None:
    found.name = names.suggestion(app.name)
    for name, dyno in app.formation.items():
        _take_in(name, dyno, file, found)
    for name, value in app.env.items():
        if name == dotenv.PORT:
            found.left_out.append(f"{name}: {dotenv.PORT_IS_SET}")
        elif value is None:
            found.left_out.append(f"{name}: the file has no value for it; put the value into a Secret")
        else:
            found.env[name] = value
    if app.scripts.release:
        found.commands[names.RELEASE] = app.scripts.release
    for name in app.scripts.model_extra or ():
        found.left_out.append(f"scripts.{lenient.shown(name)}: {NO_PART}")
    found.schedules += app.cron
    found.left_out += [f"{each}: {NO_PART}" for each in ELSEWHERE if (app.model_extra or {}).get(each)]


def _take_in(name: str, dyno: Dyno, file: str, found: App) -> None:
    if name != names.RELEASE:
        names.check_type(name, file)
        if dyno.quantity is not None:
            found.counts[name] = dyno.quantity
    if dyno.memory:
        found.memory[name] = dyno.memory
    if dyno.command:
        found.commands[name] = dyno.command


def check_commands(found: App) -> None:
    """Raise `Mistyped` for types whose command nobody has said."""
    named = dict.fromkeys([*found.counts, *found.memory])
    silent = [each for each in named if each not in found.commands]
    if silent:
        hint = "Commands are in the Procfile (--procfile), or in the JSON of Heroku's formation API."
        raise Mistyped(f"What should {', '.join(silent)} run?", hint=hint)


def formation(known: Known) -> list[dict[str, Any]]:
    """Return a Formation in the shape of Heroku's formation API; no size where no dyno has the memory."""
    return [
        {"type": name, "quantity": known.count(name), **_sized(known, name)} for name in known.spec.processes
    ]


def _sized(known: Known, name: str) -> dict[str, str]:
    memory = lenient.mapping(known.spec.processes[name].resources, "limits").get("memory")
    try:
        wanted = None if memory is None else values.number(memory)
    except ValueError:
        return {}
    return next(({"size": dynos[0]} for has, dynos in SIZES.items() if values.number(has) == wanted), {})


def left_out(known: Known) -> Iterable[str]:
    """Return what the API's list has no place for, and types whose memory no dyno has."""
    parts = ["spec.release: `export procfile` writes its command"] if known.spec.release else []
    parts += ["spec.schedules: Heroku Scheduler has no file"] if known.spec.schedules else []
    return parts + [
        f"{name}: no dyno has as much memory"
        for name, each in known.spec.processes.items()
        if lenient.mapping(each.resources, "limits").get("memory") is not None and not _sized(known, name)
    ]
