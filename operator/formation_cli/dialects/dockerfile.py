"""What a Dockerfile says of the image that it builds: its program, its port, its user.

Source: https://docs.docker.com/reference/dockerfile/
"""

import dataclasses
import json
import re
from collections.abc import Iterator

from formation_cli.dialects import app, references
from formation_cli.dialects.app import LISTENS, WEB, App
from formation_cli.failures import Mistyped
from formation_operator.kube.objects import lenient

WORKER = "worker"
STAGE = re.compile(r"(?:--platform=\S+\s+)?(\S+)(?:\s+as\s+(\S+))?", re.IGNORECASE)
ESCAPE = re.compile(r"#\s*escape\s*=\s*(.)", re.IGNORECASE)
HEREDOC = re.compile(r"<<-?\s*[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?")
VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
ASSIGNED = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z_][A-Za-z0-9_]*)=(\"[^\"]*\"|'[^']*'|\S*)")
PORT = re.compile(r"([0-9]{1,5})(?:/(tcp|udp))?")
NUMBER = re.compile("[1-9][0-9]{0,8}")
REFUSED = (
    "securityDefaults: restricted (the default) starts only an image whose user is a number other than 0; "
    "end the Dockerfile with a line like USER 1000"
)


@dataclasses.dataclass
class Stage:
    """What a stage says, and the stages that it is built from."""

    entrypoint: str = ""
    cmd: str = ""
    ports: list[str] = dataclasses.field(default_factory=list)
    user: str = ""
    checked: bool = False
    env: dict[str, str] = dataclasses.field(default_factory=dict)


def read(text: str, file: str, port: int | None = None) -> App:
    """Return the app of an image: one process type; raises `Mistyped` with the line that isn't one."""
    stage = _last_stage(text, file)
    found = App()
    port = port or _port(stage, found)
    line = stage.entrypoint + stage.cmd
    is_web = port is not None or bool(LISTENS.search(line))
    port = port or (app.PORT if is_web else None)
    command = _words(stage.entrypoint, file, WEB if is_web else WORKER, port=is_web)
    # A shell is its ENTRYPOINT's only process: it takes no CMD.
    takes = not stage.entrypoint or _listed(stage.entrypoint) is not None
    args = _words(stage.cmd, file, WEB if is_web else WORKER, port=is_web) if takes else []
    found.parts[WEB if is_web else WORKER] = app.given(command=command, args=args, port=port)
    if not is_web:
        found.warnings.append(f"No EXPOSE, so {WORKER} has no port: if it listens, name the port with --port")
    if stage.checked:
        found.left_out.append("HEALTHCHECK: Kubernetes doesn't use it; write it as a readinessProbe")
    user = _replaced(stage.user, stage.env).partition(":")[0]
    if not NUMBER.fullmatch(user):
        said = f"USER {lenient.shown(user, 100)}" if user else "No USER, so perhaps root"
        found.warnings.append(f"{said}: {REFUSED}")
    return found


def _last_stage(text: str, file: str) -> Stage:
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for number, instruction, rest in _instructions(text):
        if instruction == "FROM":
            match = STAGE.fullmatch(rest)
            if match is None:
                raise Mistyped(f"{file}, line {number}: FROM needs an image.")
            stage = dataclasses.replace(stages.get(match[1].lower(), Stage()))
            stage = dataclasses.replace(stage, ports=[*stage.ports], env={**stage.env})
            stages[(match[2] or "").lower()] = stage
        elif stage is not None:
            _take_in(stage, instruction, rest)
        elif instruction != "ARG":
            raise Mistyped(f"{file}, line {number}: not a Dockerfile: nothing but ARG comes before FROM.")
    if stage is None:
        raise Mistyped(f"{file} has no FROM: check that it is a Dockerfile.")
    return stage


def _take_in(stage: Stage, instruction: str, rest: str) -> None:
    if instruction == "ENTRYPOINT":
        stage.entrypoint = rest
    elif instruction == "CMD":
        stage.cmd = rest
    elif instruction == "USER":
        stage.user = rest
    elif instruction == "HEALTHCHECK":
        stage.checked = not rest.upper().startswith("NONE")
    elif instruction == "EXPOSE":
        stage.ports += rest.split()
    elif instruction in {"ENV", "ARG"}:
        stage.env |= {each[1]: _replaced(each[2].strip("\"'"), stage.env) for each in ASSIGNED.finditer(rest)}


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each instruction with the number of its line: lines that go on are one."""
    lines = iter(enumerate(text.split("\n"), 1))
    match = ESCAPE.match(text)
    escape = match[1] if match else "\\"
    for number, line in lines:
        whole = line.strip()
        if not whole or whole.startswith("#"):
            continue
        while whole.endswith(escape):
            _, more = next(lines, (0, ""))
            whole = whole if more.lstrip().startswith("#") else whole[:-1].rstrip() + " " + more.strip()
        instruction, _, rest = whole.partition(" ")
        for end in HEREDOC.findall(rest) if instruction.upper() in {"RUN", "COPY", "ADD"} else ():
            next((each for _, each in lines if each.strip() == end), None)
        yield number, instruction.upper(), rest.strip()


def _listed(said: str) -> list[str] | None:
    """Return the words of a program in JSON; None for a line that a shell reads."""
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) and all(isinstance(each, str) for each in found) else None


def _words(said: str, file: str, name: str, *, port: bool) -> list[str]:
    listed = _listed(said)
    if listed is not None:
        return [references.escaped(each) for each in listed]
    return app.words(name, said, port=port) if said else []


def _port(stage: Stage, found: App) -> int | None:
    """Return the first TCP port."""
    ports = []
    for each in stage.ports:
        match = PORT.fullmatch(_replaced(each, stage.env))
        if match is None:
            found.left_out.append(f"EXPOSE {lenient.shown(each, 100)}: not a port that the file says")
        elif match[2] != "udp":
            ports.append(int(match[1]))
    first, *others = dict.fromkeys(ports) or [None]
    if others:
        found.left_out.append(f"EXPOSE {', '.join(map(str, others))}: a type has one port")
    return first


def _replaced(said: str, env: dict[str, str]) -> str:
    """Return a text with the variables whose value the file says."""
    return VARIABLE.sub(lambda match: env.get(match[1] or match[2], match[0])[:1000], said)
