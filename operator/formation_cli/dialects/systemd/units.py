"""A Formation as units of systemd: a target for all, and for each type a target and a template.

An instance of a template is named by its port where the type has one, so that one more is there by its name
alone: ``systemctl start shop-web@5002``.
Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html
"""

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from formation_cli.dialects import dotenv, references
from formation_cli.dialects.manifest import IMAGES_OWN, Known
from formation_cli.dialects.systemd.quoting import argument, literal, quoted
from formation_cli.failures import Mistyped
from formation_cli.words import values
from formation_operator.api.formation import ProcessType
from formation_operator.kube.objects import lenient
from formation_operator.render.pod_template import GRACE_SECONDS

MARK = "# Written by kubectl formation export systemd."
PORTS = 100
"""How many a type has, as with Foreman."""
MOST = 100
"""Instances of a type: as many as it has ports."""
SEARCH = "/usr/bin/env"
"""Finds a program along the PATH of the unit's environment; systemd itself knows only its own."""
UNSET = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""systemd calls a variable with one of these invalid, and starts the process without it."""
RESTRICTED = ("NoNewPrivileges=yes", "CapabilityBoundingSet=")
SHARED = {"image", "env", "envFrom", "securityDefaults", "revisionHistoryLimit"}
OWN_FIELDS = {
    *("command", "args", "replicas", "port", "terminationGracePeriodSeconds", "singleton", "resources"),
    *SHARED,
}
"""What the units say, or what a single machine has no use for."""
ALL = """\
[Unit]
Description=Formation {name}
Wants={wants}

[Install]
WantedBy=multi-user.target
"""
TYPE = """\
[Unit]
Description=Process type {type} of Formation {name}
PartOf={name}.target
{wants}"""
PROCESS = """\
[Unit]
Description=Process %i of {unit}
PartOf={unit}.target
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
User={user}
WorkingDirectory={root}
{environment}
ExecStart={command}
Restart=always
RestartSec=5
KillMode=mixed
TimeoutStopSec={stop_seconds}
SyslogIdentifier={unit}-%i
{restrictions}"""


@dataclasses.dataclass(frozen=True)
class Exported:
    """The text of each unit by its name, and sentences about what isn't in them."""

    units: dict[str, str]
    left_out: list[str]


def exported(known: Known, root: str, user: str, port: int) -> Exported:
    """Return the units of a Formation; raises `Mistyped` for what no unit can say.

    ``root`` is the folder that has the app.
    """
    unknown = known.images_own()
    if len(unknown) == len(known.spec.processes):
        raise Mistyped(f"{unknown[0]} {IMAGES_OWN}.", hint="Set its command.")
    left_out = [*known.unsaid(SHARED, OWN_FIELDS), *(f"{name} {IMAGES_OWN}" for name in unknown)]
    wants = " ".join(f"{known.name}-{name}.target" for name in known.spec.processes if name not in unknown)
    units = {f"{known.name}.target": ALL.format(name=known.name, wants=wants)}
    for index, name in enumerate(known.spec.processes):
        if name not in unknown:
            writer = _Writer(known, root, user, name, port + PORTS * index)
            units |= {f"{writer.unit}.target": writer.target(), f"{writer.unit}@.service": writer.template()}
            left_out += writer.left_out()
    return Exported({name: f"{MARK}\n{text}" for name, text in units.items()}, left_out)


@dataclasses.dataclass(frozen=True)
class _Writer:
    """Writes the units of one type."""

    known: Known
    root: str
    user: str
    name: str
    port: int

    @property
    def process(self) -> ProcessType:
        return self.known.spec.processes[self.name]

    @property
    def unit(self) -> str:
        return f"{self.known.name}-{self.name}"

    @property
    def secrets(self) -> str:
        """The file that has what the cluster alone knows."""
        return f"/etc/{self.known.name}/{self.name}.env"

    @property
    def limits(self) -> dict[str, Any]:
        return lenient.mapping(self.process.resources, "limits")

    def target(self) -> str:
        """Return the target that has the instances; raises `Mistyped` for too many."""
        count = self.known.count(self.name)
        if count > MOST:
            raise Mistyped(f"{count} processes of {self.name} are too many for one machine: at most {MOST}.")
        first = 1 if self.process.port is None else self.port
        instances = " ".join(f"{self.unit}@{first + number}.service" for number in range(count))
        wants = f"Wants={instances}\n" if instances else ""
        return TYPE.format(type=self.name, name=self.known.name, wants=wants)

    def template(self) -> str:
        """Return the template of a process."""
        grace = self.process.termination_grace_period_seconds
        try:
            return PROCESS.format(
                unit=self.unit,
                user=quoted(literal(self.user)),
                root=literal(self.root),
                environment="\n".join(self._environment()),
                command=self._command(),
                stop_seconds=GRACE_SECONDS if grace is None else max(1, grace),  # 0 would be for ever
                restrictions="".join(f"{each}\n" for each in self._restrictions()),
            )
        except ValueError as error:
            raise Mistyped(f"{self.name} can't be a systemd unit: it has {error}.") from error

    def _variables(self) -> dict[str, str]:
        """Return the variables with values in which specifiers are already what they mean."""
        found = {"FORMATION": self.known.name, "PROCESS_TYPE": self.name, "PROCESS_NAME": f"{self.unit}-%i"}
        if self.process.port is not None:
            found["PORT"] = "%i"
        for name, value in self.known.literals(self.name).items():
            if name == "PORT" and name in found:
                continue  # whatever is declared: two processes can't listen on one port
            if dotenv.NAME.fullmatch(name):
                found[name] = references.expanded(value, found.get, literal)
        return found

    def _environment(self) -> Iterator[str]:
        for name, value in self._variables().items():
            if UNSET.search(value):
                raise ValueError(f"a control character in the variable {name}")
            yield f"Environment={quoted(f'{name}={value}')}"
        if self.known.elsewhere(self.name):
            yield f"EnvironmentFile={self.secrets}"

    def _command(self) -> str:
        """Return the command line: what is known is in it, what the environment file has is a variable."""
        known = {name: value.replace("$", "$$") for name, value in self._variables().items()}
        known |= {
            each: f"${{{each}}}" for each in self.known.elsewhere(self.name) if dotenv.NAME.fullmatch(each)
        }
        words = [*(self.process.command or []), *(self.process.args or [])]
        program, *rest = (quoted(references.expanded(word, known.get, argument)) for word in words)
        if program.startswith("/") and "$" not in program and "%" not in program:
            return " ".join([program, *rest])
        if "=" in program:
            raise ValueError("an equals sign in the name of its program")
        return " ".join([SEARCH, "--", program, *rest])

    def _restrictions(self) -> Iterator[str]:
        if "memory" in self.limits:
            yield f"MemoryMax={max(1, round(values.number(self.limits['memory'])))}"
        if "cpu" in self.limits:
            yield f"CPUQuota={max(1, round(values.number(self.limits['cpu']) * 100))}%"
        if (self.process.security_defaults or self.known.spec.security_defaults) != "none":
            yield from RESTRICTED

    def left_out(self) -> list[str]:
        """Return sentences about what the units don't say."""
        path = f"spec.processes.{self.name}.resources.limits"
        limits = [f"{path}.{each}" for each in self.limits if each not in {"cpu", "memory"}]
        names = [
            f"{self.name}: {lenient.shown(each)} isn't a valid variable name in systemd"
            for each in self.known.literals(self.name)
            if not dotenv.NAME.fullmatch(each)
        ]
        elsewhere = [
            f"{self.name}: {each}; write it to {self.secrets}" for each in self.known.elsewhere(self.name)
        ]
        return limits + names + elsewhere
