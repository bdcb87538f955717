"""What is known of an app from other files, and the Formation that it makes."""

import base64
import dataclasses
import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, StringConstraints
from pydantic import dataclasses as checked

from formation_cli.dialects import names, programs, references, shell
from formation_cli.failures import Mistyped
from formation_cli.objects import Object
from formation_operator.api import naming
from formation_operator.api.commands import SCHEDULE
from formation_operator.api.fields import LONGEST_WORD

WEB = "web"
PORT = 8080
"""Where a web process listens unless another port is asked for; below 1024 needs rights."""
LISTENS = re.compile(r"\$\{?PORT\b")
Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_WORD, pattern=r"^[^\n\x00]*$"),
]
"""A command as a shell reads it."""


@checked.dataclass(frozen=True)
class Cron:
    """A line that runs by the clock."""

    schedule: Annotated[str, StringConstraints(strip_whitespace=True, pattern=f"^(?:{SCHEDULE})$")]
    command: Line
    concurrency_policy: (
        Annotated[Literal["Allow", "Forbid", "Replace"], BeforeValidator(lambda word: str(word).title())]
        | None
    ) = None
    maintenance: bool = False


@dataclasses.dataclass
class App:
    """An app as others describe it."""

    name: str = ""
    image: str = ""
    commands: dict[str, str] = dataclasses.field(default_factory=dict)
    """The line of each process type, as a shell reads it, and that of ``release``."""
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    memory: dict[str, str] = dataclasses.field(default_factory=dict)
    port: int = PORT
    schedules: list[Cron] = dataclasses.field(default_factory=list)
    secret: str = ""
    """The Secret whose keys all types get, if there is one."""
    left_out: list[str] = dataclasses.field(default_factory=list)
    """Sentences about what a Formation doesn't say."""
    warnings: list[str] = dataclasses.field(default_factory=list)
    """Sentences about what has to be done beside it."""
    parts: dict[str, Object] = dataclasses.field(default_factory=dict)
    """What is said in a Formation's own fields: of types that have no line, and of ``release``."""
    own_env: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """The variables that only some of these have."""

    @property
    def types(self) -> list[str]:
        """The names of the process types."""
        return [each for each in {**self.commands, **self.parts} if each != names.RELEASE]


def formation(app: App) -> Object:
    """Return the Formation; raises `Mistyped` for names that can't be, and for quotes that don't end."""
    types = app.types
    names.check_formation(app.name)
    names.check_together(app.name, types)
    if not app.image or any(map(str.isspace, app.image)):
        raise Mistyped(f"{app.image[:100]!r} isn't an image: write it like registry.example.com/shop:v1.")
    return {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": {"name": app.name},
        "spec": given(
            image=app.image,
            env=variables(app.env),
            envFrom=[{"secretRef": {"name": app.secret}}] if app.secret else None,
            release=_release(app),
            processes={each: _process(app, each) for each in types},
            schedules=_schedules(app, types),
        ),
    }


def given(**fields: Any) -> Object:
    """Return the fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, [], {})}


def secret(name: str, variables: Mapping[str, str]) -> Object:
    """Return the Secret that an app names."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in variables.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "data": data}


def _release(app: App) -> Object:
    own = app.parts.get(names.RELEASE)
    if own is not None:
        return own | given(env=variables(app.own_env.get(names.RELEASE, {})))
    if names.RELEASE not in app.commands:
        return {}
    command = words(names.RELEASE, app.commands[names.RELEASE], port=False)
    return given(command=command, resources=_resources(app, names.RELEASE))


def _schedules(app: App, types: Collection[str]) -> Object:
    """Return the schedules by their names."""
    return {
        name: given(
            schedule=each.schedule,
            command=words(name, each.command, port=False),
            concurrencyPolicy=each.concurrency_policy,
            suspend=each.maintenance or None,
        )
        for name, each in zip(_numbered(types), app.schedules, strict=False)
    }


def _numbered(types: Collection[str]) -> Iterator[str]:
    """Yield names of schedules; the longest name of a Formation leaves room for each."""
    return (name for number in itertools.count(1) if (name := f"cron-{number}") not in types)


def _process(app: App, name: str) -> Object:
    """Return a type; one that starts jobs by the clock is a singleton, unless several are asked for."""
    own = app.parts[name] if name in app.parts else _of_line(app, name)
    count = app.counts.get(name, own.get("replicas"))
    # One that listens isn't taken for a clock by its name: a singleton loses requests in each rollout.
    command = [*own.get("command", []), *own.get("args", [])]
    clock = programs.is_clock("" if "port" in own else name, command)
    known = {
        **{each: own.get(each) for each in ("command", "args")},
        "replicas": count,
        "env": variables(app.own_env.get(name, {})),
        **{each: value for each, value in own.items() if each not in {"command", "args", "replicas"}},
        "resources": _resources(app, name) or own.get("resources"),
        "singleton": (clock and (count is None or count < 2)) or None,
    }
    return given(**known)


def _of_line(app: App, name: str) -> Object:
    """Return what a line says: a type that is named web, or uses ``$PORT``, has a port."""
    line = app.commands[name]
    port = name == WEB or bool(LISTENS.search(line))
    return given(command=words(name, line, port=port), port=app.port if port else None)


def words(name: str, line: str, *, port: bool) -> list[str]:
    """Return the words of a type's command; raises `Mistyped` for quotes that don't end."""
    try:
        found = shell.words(line, port=port)
    except ValueError as error:
        raise Mistyped(f"The command of {name} has {error}.") from error
    if not found[0]:
        raise Mistyped(f"The program of {name} is empty: name what should run.")
    return found


def _resources(app: App, name: str) -> Object | None:
    memory = app.memory.get(name)
    return {"requests": {"memory": memory}, "limits": {"memory": memory}} if memory else None


def variables(env: Mapping[str, str]) -> list[Object]:
    """Return variables as a Formation has them, so that nothing in a value is replaced."""
    return [{"name": name, "value": references.escaped(value)} for name, value in env.items()]
